"""Boxes on a photograph: drawn so that the object inside stays to be seen.

Pillow alone, although the library supervision draws boxes too: it takes 0.6 s to import (with
matplotlib and SciPy), puts a label at the upper edge of a picture on top of its object, and has
no dashed boxes and no enlargements.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from PIL import Image, ImageColor, ImageDraw, ImageOps

from hoban_assets.reporting.gallery.fonts import korean_font
from hoban_assets.reporting.gallery.placing import Rectangle, place

LONGEST, SHORTEST = 1280, 640
"""Long side of a drawn picture in pixels: at most, and at least (small ones are enlarged)."""
SMALL = 64
"""Boxes shorter than this (pixels of the drawn picture, long side) get an enlargement."""
TILE, LEAST_TILE = 200, 128
"""Side of an enlargement in pixels: where there are few of them, and at least."""
DASH = 5
"""Pixels of a dash, and of the gap after it."""

Style: TypeAlias = Literal["strong", "thin", "dashed", "crossed"]

_DRAWN: tuple[Style, ...] = ("dashed", "crossed", "thin", "strong")
"""The last ones lie on top."""


@dataclass(frozen=True)
class Mark:
    """One box to draw. Coordinates are 0-1 of the picture as it is displayed."""

    left: float
    top: float
    right: float
    bottom: float
    colour: str
    """As '#rrggbb'."""
    text: str = ""
    short: str = ""
    """Where there is no room for `text`."""
    style: Style = "strong"

    def on(self, width: int, height: int) -> Rectangle:
        """The box in pixels of a picture of this size: left, top, right, bottom."""
        return (
            round(self.left * width),
            round(self.top * height),
            round(self.right * width),
            round(self.bottom * height),
        )


def open_upright(file: Path, longest: int | None = None) -> Image.Image:
    """Read a picture as it is displayed (EXIF rotation applied), in RGB.

    With `longest` a JPEG is decoded at the smallest of its sizes whose long side has so many
    pixels, which takes a fraction of the time.

    Raises:
        OSError: it is not there, no picture, or broken.
    """
    with Image.open(file) as picture:
        if longest is not None:
            scale = longest / max(picture.size)
            picture.draft("RGB", (int(picture.width * scale), int(picture.height * scale)))
        return ImageOps.exif_transpose(picture).convert("RGB")


def annotated(picture: Image.Image, marks: Sequence[Mark], longest: int = LONGEST) -> Image.Image:
    """Return the picture with its marks, at most `longest` pixels long.

    Lines lie outside their box. Strong boxes too small to be seen well are repeated enlarged in
    a strip below the picture, in the order of `marks`, with the number that stands before their
    name. Marks of another style are drawn below, without enlargement.
    """
    width, height = fitted(picture.size, longest)
    small = [m for m in marks if m.style == "strong" and _long_side(m.on(width, height)) < SMALL]
    if small:
        width, height = fitted(picture.size, longest, longest - TILE)
    side = min(TILE, max(LEAST_TILE, width // max(1, len(small))))
    tiles = small[: width // side]
    numbers = {id(mark): number for number, mark in enumerate(tiles, 1)}
    scene = picture.resize((width, height), Image.Resampling.LANCZOS)
    draw_marks(scene, [_numbered(m, numbers.get(id(m))) for m in marks])
    if not tiles:
        return scene
    sheet = Image.new("RGB", (width, height + side), "#14181d")
    sheet.paste(scene, (0, 0))
    for number, mark in enumerate(tiles, 1):
        tile = close_up(picture, mark, side - 4)
        _tag(ImageDraw.Draw(tile), (0, 0), str(number), mark.colour, 18)
        sheet.paste(tile, ((number - 1) * side + 2, height + 2))
    return sheet


def fitted(
    size: tuple[int, int], longest: int = LONGEST, highest: int | None = None
) -> tuple[int, int]:
    """Return the size at which a picture of `size` is drawn: aspect kept, within the limits."""
    long_side = max(size)
    scale = min(longest / long_side, (highest or longest) / size[1], 4.0)
    scale = min(scale, max(1.0, SHORTEST / long_side))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def draw_marks(scene: Image.Image, marks: Sequence[Mark]) -> None:
    """Draw boxes and their names onto a picture, the strong ones last and so on top."""
    draw = ImageDraw.Draw(scene)
    at = {id(m): m.on(*scene.size) for m in marks}
    for mark in sorted(marks, key=lambda m: _DRAWN.index(m.style)):
        _box(draw, at[id(mark)], mark, max(scene.size) / 240)
    shown = [at[id(m)] for m in marks if m.style == "strong"]
    taken: list[Rectangle] = []
    for mark in sorted(marks, key=lambda m: m.style != "strong"):
        size = text_size(scene.size) if mark.style == "strong" else text_size(scene.size) - 4
        for text in filter(None, (mark.text, mark.short)):
            spot = place(at[id(mark)], _extent(text, size), scene.size, shown, taken)
            if spot is not None:
                taken.append(spot)
                _tag(draw, spot[:2], text, mark.colour, size)
                break


def close_up(
    picture: Image.Image,
    mark: Mark,
    side: int,
    context: float = 2.2,
    least: int = 24,
    whole: bool = False,
) -> Image.Image:
    """Return the mark's surroundings as a square of `side` pixels, the mark drawn in.

    Shows `context` times the long side of the box, at least `least` pixels of the picture;
    black where that reaches beyond it. `whole`: rather less context than black.
    """
    size = picture.size
    box = mark.on(*size)
    reach = max(round(context * _long_side(box)), least)
    if whole:
        reach = max(min(reach, *size), round(1.1 * _long_side(box)))
    left, top = (_start(box[i], box[i + 2], reach, size[i]) for i in (0, 1))
    crop = picture.crop((left, top, left + reach, top + reach))
    crop = crop.resize((side, side), Image.Resampling.BICUBIC)
    inside = replace(
        mark,
        left=(mark.left * size[0] - left) / reach,
        top=(mark.top * size[1] - top) / reach,
        right=(mark.right * size[0] - left) / reach,
        bottom=(mark.bottom * size[1] - top) / reach,
    )
    _box(ImageDraw.Draw(crop), inside.on(side, side), inside)
    return crop


def _start(low: int, high: int, reach: int, length: int) -> int:
    """Where a window of `reach` around low..high starts: inside of `length` where it fits."""
    room = length - reach
    return min(max((low + high - reach) // 2, 0), room) if room >= 0 else room // 2


def text_size(size: tuple[int, int]) -> int:
    """Height of names in pixels: readable where the picture is shown on a phone."""
    return max(15, round(max(size) / 42))


def _long_side(box: Rectangle) -> int:
    return max(box[2] - box[0], box[3] - box[1])


def _numbered(mark: Mark, number: int | None) -> Mark:
    if number is None:
        return mark
    return replace(mark, text=f"{number}  {mark.text}", short=str(number))


def _box(draw: ImageDraw.ImageDraw, box: Rectangle, mark: Mark, line: float = 2) -> None:
    """Lines around a box: the colour next to it, a white line outside for dark pictures."""
    if mark.style == "dashed":
        _dashes(draw, _grown(box, 1), mark.colour)
        return
    is_thin = mark.style in {"thin", "crossed"}
    thickness = round(line / 2) if is_thin else round(line)
    thickness = max(1 if is_thin else 2, thickness - (_long_side(box) < SMALL))
    draw.rectangle(_grown(box, thickness), outline=mark.colour, width=thickness)
    if mark.style == "crossed":
        left, top, right, bottom = box
        draw.line((left, top, right, bottom), fill=mark.colour, width=thickness)
        draw.line((left, bottom, right, top), fill=mark.colour, width=thickness)
    if mark.style == "strong":
        draw.rectangle(_grown(box, thickness + 1), outline="#ffffff")


def _grown(box: Rectangle, by: int) -> Rectangle:
    """The outline `by` pixels outside of a box whose last pixels are right - 1, bottom - 1."""
    left, top, right, bottom = box
    return left - by, top - by, max(right, left + 1) + by - 1, max(bottom, top + 1) + by - 1


def _dashes(draw: ImageDraw.ImageDraw, box: Rectangle, colour: str) -> None:
    draw.rectangle(box, outline="#ffffff")
    left, top, right, bottom = box
    for start, end in _pieces(left, right):
        draw.line((start, top, end, top), fill=colour)
        draw.line((start, bottom, end, bottom), fill=colour)
    for start, end in _pieces(top, bottom):
        draw.line((left, start, left, end), fill=colour)
        draw.line((right, start, right, end), fill=colour)


def _pieces(low: int, high: int) -> Iterator[tuple[int, int]]:
    for start in range(low, high + 1, 2 * DASH):
        yield start, min(start + DASH - 1, high)


def _extent(text: str, size: int) -> tuple[int, int]:
    """Width and height in pixels of a name with its ground."""
    return round(korean_font(size).getlength(text)) + 8, round(size * 1.35)


def _tag(
    draw: ImageDraw.ImageDraw, corner: tuple[int, int], text: str, colour: str, size: int
) -> None:
    width, height = _extent(text, size)
    x, y = corner
    draw.rectangle((x, y, x + width - 1, y + height - 1), fill=ImageColor.getrgb(colour))
    draw.text((x + 4, y + height / 2), text, font=korean_font(size), fill="#ffffff", anchor="lm")
