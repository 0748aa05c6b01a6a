"""The page of a gallery, and the page that leads to all galleries of an asset."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from hoban_assets.classes import COLOURS
from hoban_assets.language import Say, speaker
from hoban_assets.reporting.blocks import Block, Heading, Paragraph, Picture, Pictures
from hoban_assets.reporting.gallery.choice import ALL, Shown, Wanted
from hoban_assets.reporting.gallery.pictures import Gallery
from hoban_assets.reporting.gallery.pictures import Picture as Drawn
from hoban_assets.reporting.page import page, picture_uri
from hoban_assets.units import area_text

_ORDERS = {
    "area": "spread evenly from small to large",
    "random": "chosen at random",
    "largest": "the largest first",
    "smallest": "the smallest first",
}


def gallery_page(gallery: Gallery, folder: Path, language: str) -> str:
    """Return the page; `folder` is where the pictures lie now."""
    return page(list(_gallery(gallery, folder, speaker(language))), language)


def _gallery(gallery: Gallery, folder: Path, say: Say) -> Iterator[Block]:
    wanted, colours = gallery.wanted, _legend(gallery)
    yield Heading(1, title(wanted, say))
    shown = f"{how_many(len(gallery.pictures), say)}, {say(_ORDERS[wanted.picked_by])}"
    yield Paragraph(f"{wanted.asset} [{wanted.partition}] · {shown}", "soft")
    if colours:
        yield Paragraph(
            say(
                "Thin: not in question; dashed: ignore region (an object, but no label). "
                "Per cent: share of the image. Small boxes are shown enlarged below their picture, "
                "with the same number."
            ),
            "soft",
        )
    key = {say(name): colour for name, colour in colours.items()}
    told = list(enumerate(gallery.pictures, 1))
    alone = [_picture(p.file, folder, f"{n}. {_about(p, say)}") for n, p in told if not p.kept_file]
    yield Pictures(alone, "30rem", key)
    for n, p in told:
        if p.kept_file and p.shown.witness:
            kept = f"{say('kept instead')}: {p.shown.witness.image_id}"
            pair = [
                _picture(p.file, folder, f"{n}. {say('removed')}: {_about(p, say)}"),
                _picture(p.kept_file, folder, kept),
            ]
            yield Pictures(pair, "max(20rem, 40%)")
    for line in gallery.left_out:
        yield Paragraph(line, "warn")
    yield Paragraph(f"{say('Made by')} `{command(wanted)}`", "soft")


def title(wanted: Wanted, say: Say) -> str:
    """What is shown: a class, and what a rule decided about it."""
    name = say("all classes") if wanted.class_name == ALL else say(wanted.class_name)
    return name if wanted.rule is None else f"{name}: {wanted.rule}"


def how_many(pictures: int, say: Say) -> str:
    """'1 picture', '10 pictures'."""
    return say("1 picture") if pictures == 1 else say("{n} pictures", n=pictures)


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
    say, order = speaker(language), [*COLOURS, ALL]
    galleries: list[tuple[int, str, Picture]] = []
    for index in folder.glob("[!.]*/index.html"):
        name, *rule, order_name = index.parent.name.split("-")
        kind = " · ".join([*rule, say(_ORDERS.get(order_name, order_name))])
        if pictures := sorted(index.parent.glob("*.jpg")):
            told = say("all classes") if name == ALL else say(name)
            link = f"{index.parent.name}/index.html"
            first = Picture(_uri(pictures[0], longest=480), f"{told}\n{kind}", told, link)
            galleries.append((order.index(name) if name in order else len(order), kind, first))
    command = f"hoban gallery {asset} --partition {partition} --class ... --order largest"
    blocks: list[Block] = [
        Heading(1, f"{say('Pictures of {asset}', asset=asset)} [{partition}]"),
        Pictures([picture for *_, picture in sorted(galleries, key=lambda g: g[:2])], "16rem"),
        Paragraph(f"{say('More of them')}: `{command}`", "soft"),
    ]
    return page(blocks, language)


def _legend(gallery: Gallery) -> dict[str, str]:
    images = [s for p in gallery.pictures for s in (p.shown, p.shown.witness) if s is not None]
    seen = {box["class_name"] for image in images for box in image.boxes}
    return {name: colour for name, colour in COLOURS.items() if name in seen}


def _picture(file: Path, folder: Path, caption: str) -> Picture:
    return Picture(_uri(folder / file.name), caption, caption.partition("\n")[0], file.name)


def _about(picture: Drawn, say: Say) -> str:
    """Its id, what is shown of it, and what was decided, a line each."""
    shown = picture.shown
    decisions = [_decision(d, say) for d in shown.decisions]
    return "\n".join([shown.image_id, _facts(shown, say), *decisions])


def _facts(shown: Shown, say: Say) -> str:
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


def _decision(decision: dict[str, Any], say: Say) -> str:
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
