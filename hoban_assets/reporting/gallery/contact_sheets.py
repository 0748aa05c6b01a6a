"""Contact sheets: a few labels of each class in one small picture, for metadata in the Dagster UI.

Metadata lies in Dagster's event log, so a sheet is small; and no materialisation may fail over a
picture, so what cannot be drawn is named in the text instead.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageOps

from hoban_assets.classes import BACKGROUND, COLOURS
from hoban_assets.language import speaker
from hoban_assets.reporting.gallery.choice import Shown
from hoban_assets.reporting.gallery.drawing import Mark, close_up, open_upright
from hoban_assets.reporting.gallery.pictures import UNREADABLE, raw_file
from hoban_assets.settings import Settings
from hoban_assets.units import area_text

if TYPE_CHECKING:
    from hoban_assets.samples import Samples

SIDE = 240
"""Side of one picture in pixels."""
MOST_BYTES = 150_000
"""Of all sheets of an asset together, as text."""
CONTEXT = 3.0
"""How much of the photograph is shown around a label: times its long side."""


@dataclass(frozen=True)
class Tile:
    """One picture of a sheet: a label with its surroundings, or a whole photograph."""

    file: str | None
    """Below the raw root."""
    width: int
    height: int
    """Pixels as displayed; 0 where they are not known."""
    box: tuple[float, float, float, float] | None = None
    """x_center, y_center, width, height of the label, 0-1."""


def contact_sheets(samples: Samples, raw_root: Path, language: str = "ko") -> dict[str, str]:
    """Return a sheet as Markdown for each class that has labels, and for images without any.

    Labels are spread evenly from small to large, each from another image; the same rows always
    give the same sheet. All sheets together take at most about 150 kB. Never raises over a file
    that is gone or broken: the text says how many are missing.
    """
    boxes, images = samples.labels, samples.images.set_index("image_id")
    tiles: dict[str, list[Tile]] = {}
    for name in COLOURS:
        if name == BACKGROUND:
            bare = images[~images.index.isin(boxes.image_id)].sort_index()
            of = bare.iloc[_spread(len(bare))]
            where: list[Any] = [None] * len(of)
        else:
            mine = boxes[boxes.class_name == name].sort_values(["area", "image_id"])
            mine = mine.drop_duplicates("image_id")
            mine = mine.iloc[_spread(len(mine))]
            of = images.loc[mine.image_id]
            where = mine[["x_center", "y_center", "width", "height"]].to_numpy().tolist()
        sizes = of[["width", "height"]].to_numpy().tolist()
        found = [
            Tile(file, width, height, box)
            for file, (width, height), box in zip(of.file, sizes, where, strict=True)
        ]
        if found:
            tiles[name] = found
    return _sheets(tiles, raw_root, language)


def sheets_of(images: Mapping[str, Sequence[Shown]], settings: Settings) -> dict[str, str]:
    """Return the same sheets for photographs that a gallery has chosen, by class."""
    tiles = {}
    for name, shown in images.items():
        some = [shown[i] for i in _spread(len(shown))]
        tiles[name] = [_tile(s) for s in some]
    return _sheets(tiles, settings.raw_root, settings.language)


def _tile(shown: Shown) -> Tile:
    box = next((b for b in shown.boxes if b["strong"]), None)
    where = box and (box["x_center"], box["y_center"], box["width"], box["height"])
    return Tile(shown.file, shown.width, shown.height, where or None)


def _spread(length: int) -> list[int]:
    """Positions of at most four of `length` things, evenly spread: the middles of equal parts."""
    count = min(length, 4)
    return [(2 * k + 1) * length // (2 * count) for k in range(count)]


def _sheets(tiles: Mapping[str, Sequence[Tile]], raw_root: Path, language: str) -> dict[str, str]:
    most = MOST_BYTES // max(1, len(tiles))
    return {name: _sheet(name, some, raw_root, language, most) for name, some in tiles.items()}


def _sheet(name: str, tiles: Sequence[Tile], raw_root: Path, language: str, most_bytes: int) -> str:
    say = speaker(language)
    drawn, areas, missing = [], [], []
    for tile in tiles:
        try:
            drawn.append(_draw(tile, raw_root, COLOURS.get(name, COLOURS[BACKGROUND])))
        except UNREADABLE:
            missing.append(str(tile.file))
            continue
        if tile.box is not None:
            areas.append(area_text(tile.box[2] * tile.box[3]))
    lines = []
    if drawn:
        lines.append(" · ".join([f"**{say(name)}**", *areas]))
        strip = Image.new("RGB", (len(drawn) * (SIDE + 4) - 4, SIDE), "#ffffff")
        for place, picture in enumerate(drawn):
            strip.paste(picture, (place * (SIDE + 4), 0))
        lines.append(_markdown(strip, name, most_bytes - 600))
    if missing:
        lines.append(say("not to be opened: {files}", files=", ".join(missing)))
    return "\n\n".join(lines)


def _draw(tile: Tile, raw_root: Path, colour: str) -> Image.Image:
    if tile.file is None:
        raise FileNotFoundError("the catalog does not know its file")
    file = raw_file(raw_root, tile.file)
    if tile.box is None:
        return ImageOps.fit(open_upright(file, 2 * SIDE), (SIDE, SIDE))
    x, y, width, height = tile.box
    size = (tile.width, tile.height)
    # Decoded only as large as the part that is shown needs it.
    longest = max(size)
    shown = CONTEXT * max(width * size[0], height * size[1], 1)
    enough = round(longest * SIDE / shown) if longest else None
    picture = open_upright(file, min(enough, longest) if enough else None)
    mark = Mark(x - width / 2, y - height / 2, x + width / 2, y + height / 2, colour)
    return close_up(picture, mark, SIDE, CONTEXT, whole=True)


def _markdown(picture: Image.Image, title: str, most_bytes: int) -> str:
    """The picture as a JPEG data URI, as well as `most_bytes` of text allow."""
    text = ""
    for quality in (80, 65, 50, 35, 20):
        buffer = io.BytesIO()
        picture.save(buffer, format="JPEG", quality=quality)
        text = base64.b64encode(buffer.getvalue()).decode()
        if len(text) <= most_bytes:
            break
    return f"![{title}](data:image/jpeg;base64,{text})"
