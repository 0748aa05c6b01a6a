"""The photograph of an image beside the one that was kept instead, with boxes and the rule."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from PIL import Image, ImageDraw

from hoban_assets.catalog.asked import Row
from hoban_assets.classes import BACKGROUND, COLOURS
from hoban_assets.errors import HobanError
from hoban_assets.language import Say
from hoban_assets.naming import image_tag
from hoban_assets.reporting.gallery.drawing import (
    LONGEST,
    Mark,
    Style,
    draw_marks,
    fitted,
    open_upright,
)
from hoban_assets.reporting.gallery.fonts import korean_font
from hoban_assets.reporting.gallery.pictures import UNREADABLE, raw_file
from hoban_assets.reporting.gallery.writing import refuse_below_raw
from hoban_assets.reporting.report import save
from hoban_assets.reporting.why.findings import Event, Story
from hoban_assets.reporting.why.places import Place, place_of
from hoban_assets.reporting.why.sentence import (
    seen_and_limit,
    sentence,
)
from hoban_assets.settings import Settings

HEIGHT = 720
"""Of a photograph beside another, in pixels, at most."""
GAP, TEXT = 16, 22
NAMED = 8
"""Up to so many boxes have their names beside them; more would hide the picture."""
PAPER, INK, SOFT = "#ffffff", "#1f2937", "#6b7280"


def file_of(reports: Path, image_id: str) -> Path:
    """Where the picture of an image lies: Korean names stay, and no two images share one."""
    stem = image_id.rpartition("/")[2].rpartition(".")[0] or image_id
    safe = re.sub(r"[^\w.-]+", "_", stem).strip("._")[:60] or "image"
    return reports / "why" / f"{safe}-{image_tag(image_id)}.jpg"


def write(told: Story, settings: Settings, say: Say) -> Path:
    """Draw and save below ``reports/why``; a second picture of an image replaces the first.

    Raises:
        HobanError: see `draw`; or the reports would lie below the raw root.
    """
    file = file_of(settings.reports, told.life.image_id)
    refuse_below_raw(file.parent, settings.raw_root)
    buffer = io.BytesIO()
    draw(told, settings.raw_root, say).save(buffer, format="JPEG", quality=88)
    return save(file, buffer.getvalue())


def draw(told: Story, raw_root: Path, say: Say) -> Image.Image:
    """Draw the photograph, and the witness of the verdict where there is one.

    Labels are thick, ignore regions dashed, boxes that were left out crossed out.

    Raises:
        HobanError: the photograph is not there, or cannot be read.
    """
    event = told.verdict
    name = told.life.file
    if name is None:
        raise HobanError(
            f"{told.life.image_id}: no build that is left says where its photograph lies",
            "build its stage again",
        )
    own = marks_of_image(told, say)
    drawn = list(own)
    panels = [_panel(raw_root, name, own, say("this image"), told.life.image_id)]
    witness = told.life.witnesses.get(event.witness) if event and event.witness else None
    if witness is not None and witness.image is not None:
        marks = _marks(witness.boxes, say)
        drawn += marks
        title = say("kept instead") if event and event.is_end else say("compared with")
        file, image_id = str(witness.image["file"]), str(witness.image["image_id"])
        with suppress(HobanError):  # the sentence names it; this image still tells something
            panels.append(_panel(raw_root, file, marks, title, image_id))
    lines = [sentence(told, say)]
    if event is not None:
        told_rule = f"{event.rule} ({event.build.name}, {event.stage})"
        lines.append(" · ".join(filter(None, [told_rule, seen_and_limit(event, say)])))
    return _sheet(panels, lines, _legend(say, drawn))


def marks_of_image(told: Story, say: Say) -> list[Mark]:
    """Boxes as the last version has them, and those that were left out on the way.

    Labels are strong, ignore regions dashed, what was left out crossed.
    """
    passages = [p for p in told.life.passages if p.boxes]
    end = told.end.build if told.end else None
    ways = [p for p in passages if end is None or p.build.partition == end.partition]
    last = next((p for p in ways if p.build == end), ways[-1] if ways else None)
    upstream = [p for p in ways if last is None or p is not last]
    events = [e for e in told.events if e.row is not None and not e.is_stored]
    mine = [e for e in events if end is None or e.build.partition == end.partition]
    reach = {end.asset, *end.inputs} if end else set()
    mine = [e for e in mine if not reach or e.build.asset in reach]
    boxes = list(last.boxes if last else told.in_file)
    known = {box["row"] for box in boxes}
    boxes += [b for p in upstream[:1] for b in p.boxes if b["row"] not in known]
    gone = {e.row: e for e in mine if e.action in {"drop", "merge"}}
    ignored = {e.row for e in mine if e.action == "ignore"}
    marks = _marks(boxes, say, gone.keys(), ignored)
    drawn = {box["row"] for box in boxes}
    return marks + [_lost(e) for row, e in gone.items() if row not in drawn and e.before]


def _marks(
    boxes: Sequence[Row],
    say: Say,
    gone: Sequence[int] | object = (),
    ignored: Sequence[int] | object = (),
) -> list[Mark]:
    has_room = len(boxes) <= NAMED
    marks = []
    for box in boxes:
        style: Style = "strong"
        if box["row"] in gone:  # type: ignore[operator]
            style = "crossed"
        elif box["ignore"] or box["row"] in ignored:  # type: ignore[operator]
            style = "dashed"
        name = say(box["class_name"]) if has_room else ""
        marks.append(_mark(place_of(box), box["class_name"], name, style))
    return marks


def _lost(event: Event) -> Mark:
    """A row that no build has: where the label file had it, inside of the picture."""
    place = event.before or (0.0, 0.0, 0.0, 0.0)
    left, top, right, bottom = (min(max(v, 0.0), 1.0) for v in place)
    return _mark((left, top, right, bottom), BACKGROUND, event.rule, "crossed")


def _mark(place: Place, class_name: str, text: str, style: Style) -> Mark:
    return Mark(*place, colour=COLOURS.get(class_name, COLOURS[BACKGROUND]), text=text, style=style)


def _panel(
    raw_root: Path, file: str, marks: Sequence[Mark], title: str, image_id: str
) -> Image.Image:
    """One photograph with its boxes, and its name below."""
    try:
        picture = open_upright(raw_file(raw_root, file))
    except UNREADABLE as error:
        raise HobanError(
            f"{raw_root / file} cannot be drawn: {error}",
            "does HOBAN_RAW_ROOT name the folder that it was built from?",
        ) from None
    width, height = fitted(picture.size, LONGEST, HEIGHT)
    scene = picture.resize((width, height), Image.Resampling.LANCZOS)
    draw_marks(scene, marks)
    lines = [title, *_wrapped(image_id, width, TEXT - 4), f"{picture.width}×{picture.height} px"]
    foot = round(TEXT * 1.4) * len(lines) + GAP // 2
    panel = Image.new("RGB", (width, height + foot), PAPER)
    panel.paste(scene, (0, 0))
    inked = [(line, SOFT if number else INK) for number, line in enumerate(lines)]
    _write(panel, inked, (0, height + GAP // 2), TEXT - 4)
    return panel


def _sheet(
    panels: Sequence[Image.Image], lines: Sequence[str], legend: Sequence[tuple[Mark, str]]
) -> Image.Image:
    """Panels side by side, below the sentence and above the legend."""
    width = max(sum(p.width for p in panels) + GAP * (len(panels) + 1), 900)
    inks = [INK, *[SOFT] * len(lines)]
    wrapped = [_wrapped(line, width - 2 * GAP, TEXT) for line in lines]
    text = [(part, ink) for parts, ink in zip(wrapped, inks, strict=False) for part in parts]
    head = round(TEXT * 1.4) * len(text) + 2 * GAP
    body = max(p.height for p in panels)
    sheet = Image.new("RGB", (width, head + body + GAP + 2 * TEXT + GAP), PAPER)
    _write(sheet, text, (GAP, GAP), TEXT)
    left = GAP
    for panel in panels:
        sheet.paste(panel, (left, head))
        left += panel.width + GAP
    _draw_legend(sheet, legend, head + body + GAP)
    return sheet


def _legend(say: Say, marks: Sequence[Mark]) -> list[tuple[Mark, str]]:
    names: dict[Style, str] = {
        "strong": say("label"),
        "dashed": say("ignore region"),
        "crossed": say("left out"),
    }
    seen = {mark.style for mark in marks}
    return [
        (Mark(0, 0, 1, 1, INK, style=style), name) for style, name in names.items() if style in seen
    ]


def _draw_legend(sheet: Image.Image, legend: Sequence[tuple[Mark, str]], top: int) -> None:
    left = GAP
    for mark, name in legend:
        sample = Image.new("RGB", (3 * TEXT, 2 * TEXT), PAPER)
        inner = Mark(0.12, 0.2, 0.88, 0.8, mark.colour, style=mark.style)
        draw_marks(sample, [inner])
        sheet.paste(sample, (left, top))
        left += sample.width + GAP // 2
        _write(sheet, [(name, SOFT)], (left, top + TEXT // 2), TEXT - 4)
        left += round(korean_font(TEXT - 4).getlength(name)) + 2 * GAP


def _wrapped(text: str, width: int, size: int) -> list[str]:
    """Lines that fit into `width` pixels; long names are broken anywhere."""
    font = korean_font(size)
    letter = font.getlength(text) / max(1, len(text))
    return textwrap.wrap(text, max(10, int(width / max(letter * 1.08, 1)))) or [""]


def _write(
    sheet: Image.Image, lines: Sequence[tuple[str, str]], corner: tuple[int, int], size: int
) -> None:
    """Write lines, each with its colour, below each other."""
    draw = ImageDraw.Draw(sheet)
    for number, (line, ink) in enumerate(lines):
        place = (corner[0], corner[1] + number * round(size * 1.4))
        draw.text(place, line, font=korean_font(size), fill=ink)
