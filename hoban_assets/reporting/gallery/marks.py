"""How the boxes of a photograph become marks on it: which are strong, what their names say."""

from __future__ import annotations

from hoban_assets.catalog.asked import Row
from hoban_assets.classes import BACKGROUND, COLOURS
from hoban_assets.language import speaker
from hoban_assets.reporting.gallery.choice import Shown
from hoban_assets.reporting.gallery.drawing import Mark, Style
from hoban_assets.units import area_text

CROWD = 8
"""Above so many boxes of one class their names are left out: the colour says it."""


def marks_of(shown: Shown, language: str) -> list[Mark]:
    """What is to be drawn on an image: the class in question strongly, the rest thin or dashed."""
    say = speaker(language)
    alone = len({b["class_name"] for b in shown.boxes if b["strong"]}) == 1
    many = alone and sum(b["strong"] for b in shown.boxes) > CROWD
    return [_mark(box, say(box["class_name"]), many) for box in shown.boxes]


def _mark(box: Row, name: str, many: bool) -> Mark:
    half_width, half_height = box["width"] / 2, box["height"] / 2
    style: Style = "strong" if box["strong"] else "dashed" if box["ignore"] else "thin"
    area = area_text(box["area"])
    texts = {"strong": area if many else f"{name} {area}", "thin": name, "dashed": ""}
    return Mark(
        left=box["x_center"] - half_width,
        top=box["y_center"] - half_height,
        right=box["x_center"] + half_width,
        bottom=box["y_center"] + half_height,
        colour=COLOURS.get(box["class_name"], COLOURS[BACKGROUND]),
        text=texts[style],
        short=area if style == "strong" else "",
        style=style,
    )
