"""The page of a gallery, and the page that leads to all galleries of an asset."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from hoban_assets.classes import COLOURS
from hoban_assets.language import speaker
from hoban_assets.reporting.gallery.choice import ALL, Shown, Wanted
from hoban_assets.reporting.page import picture_uri, render
from hoban_assets.units import area_text

if TYPE_CHECKING:
    from hoban_assets.reporting.gallery.pictures import Gallery, Picture

_ORDERS = {
    "area": "spread evenly from small to large",
    "random": "chosen at random",
    "largest": "the largest first",
    "smallest": "the smallest first",
}


def gallery_page(gallery: Gallery, folder: Path, language: str) -> str:
    """Return the page; `folder` is where the pictures lie now."""
    wanted = gallery.wanted
    return render(
        "gallery.html.j2",
        language,
        wanted=wanted,
        title=title(wanted, language),
        how_many=how_many(len(gallery.pictures), language),
        order=order_text(wanted, language),
        colours=_legend(gallery),
        command=command(wanted),
        pictures=[_entry(p, folder, language) for p in gallery.pictures],
        left_out=gallery.left_out,
        by_rule=wanted.rule is not None,
    )


def title(wanted: Wanted, language: str) -> str:
    """What is shown: a class, and what a rule decided about it."""
    say = speaker(language)
    name = say("all classes") if wanted.class_name == ALL else say(wanted.class_name)
    return name if wanted.rule is None else f"{name}: {wanted.rule}"


def how_many(pictures: int, language: str) -> str:
    """'1 picture', '10 pictures'."""
    say = speaker(language)
    return say("1 picture") if pictures == 1 else say("{n} pictures", n=pictures)


def order_text(wanted: Wanted, language: str) -> str:
    """How the pictures were chosen."""
    return speaker(language)(_ORDERS[wanted.picked_by])


def command(wanted: Wanted) -> str:
    """The command that draws this gallery again."""
    words = ["hoban", "gallery", wanted.asset, "--class", wanted.class_name]
    words += ["--count", str(wanted.count), "--order", wanted.picked_by]
    words += ["--partition", wanted.partition]
    words += ["--seed", str(wanted.seed)] if wanted.seed else []
    words += ["--rule", wanted.rule] if wanted.rule else []
    return shlex.join(words)


def overview_page(folder: Path, asset: str, partition: str, language: str) -> str:
    """Return the page that leads to every gallery of an asset that lies in `folder`."""
    say = speaker(language)
    order = [*COLOURS, ALL]
    galleries: list[dict[str, Any]] = []
    for page in folder.glob("[!.]*/index.html"):
        name, *rule, order_name = page.parent.name.split("-")
        kind = " · ".join([*rule, say(_ORDERS.get(order_name, order_name))])
        pictures = sorted(page.parent.glob("*.jpg"))
        if pictures:
            galleries.append(
                {
                    "rank": (order.index(name) if name in order else len(order), kind),
                    "link": f"{page.parent.name}/index.html",
                    "name": say("all classes") if name == ALL else say(name),
                    "kind": kind,
                    "uri": _uri(pictures[0], longest=480),
                }
            )
    galleries.sort(key=lambda g: g["rank"])
    return render(
        "galleries.html.j2", language, asset=asset, partition=partition, galleries=galleries
    )


def _legend(gallery: Gallery) -> dict[str, str]:
    images = [s for p in gallery.pictures for s in (p.shown, p.shown.witness) if s is not None]
    seen = {box["class_name"] for image in images for box in image.boxes}
    return {name: colour for name, colour in COLOURS.items() if name in seen}


def _entry(picture: Picture, folder: Path, language: str) -> dict[str, Any]:
    shown = picture.shown
    kept = picture.kept_file
    return {
        "file": picture.file.name,
        "uri": _uri(folder / picture.file.name),
        "kept_file": kept.name if kept else None,
        "kept_uri": _uri(folder / kept.name) if kept else None,
        "kept_id": shown.witness.image_id if kept and shown.witness else None,
        "image_id": shown.image_id,
        "facts": _facts(shown, language),
        "decisions": [_decision(d, language) for d in shown.decisions],
    }


def _facts(shown: Shown, language: str) -> str:
    say = speaker(language)
    areas = [area_text(b["area"]) for b in shown.boxes if b["strong"]]
    more = f" +{len(areas) - 6}" if len(areas) > 6 else ""
    facts = [
        ", ".join(areas[:6]) + more,
        f"{shown.width}×{shown.height} px" if shown.width else "",
        shown.split or "",
        shown.source or "",
    ]
    ignored = sum(b["ignore"] and not b["strong"] for b in shown.boxes)
    facts.append(say("{n} ignore regions", n=ignored) if ignored else "")
    return " · ".join(filter(None, facts))


def _decision(decision: dict[str, Any], language: str) -> str:
    say = speaker(language)
    text = f"{decision['stage']}: {decision['action']}"
    if decision["value"] is not None:
        text += f", {say('seen')} {decision['value']}"
    if decision["threshold"] is not None:
        text += f", {say('limit')} {decision['threshold']:g}"
    if decision["row"] is not None and decision["row"] >= 0:
        text += f", {say('row {row} of the label file', row=decision['row'])}"
    return text


def _uri(file: Path, longest: int = 1000) -> str:
    with Image.open(file) as picture:
        return picture_uri(picture, longest=longest, quality=80)
