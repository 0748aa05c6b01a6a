"""HTML pages that need nothing but themselves: styles and pictures inside, readable on a phone."""

from __future__ import annotations

import base64
import functools
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hoban_assets.reporting.blocks import Bars, Block, Cell, Heading, numeric
from hoban_assets.units import percent as percent
from hoban_assets.units import text_of

if TYPE_CHECKING:
    from jinja2 import Template
    from PIL import Image

LONG = 25
"""Blocks of a page that is no longer read by scrolling."""


@dataclass(frozen=True)
class Section:
    """A heading of level 2 and what follows it."""

    heading: Heading
    blocks: Sequence[Block]
    is_open: bool = True
    """Unfolded at first, on a screen that is no phone's."""


def page(blocks: Sequence[Block], language: str) -> str:
    """The document as a page; its first heading is its title, those of level 2 its contents.

    Of a long one (more than `LONG` blocks) a phone shows the sections closed.
    """
    headings = [b for b in blocks if isinstance(b, Heading)]
    return _template().render(
        lang=language,
        title=headings[0].text if headings else "",
        contents=[b for b in headings if b.level == 2 or b.anchor],
        blocks=sections(blocks) if len(blocks) > LONG else blocks,
        anchor=lambda h: h.anchor or f"p{[b is h for b in blocks].index(True)}",
    )


def sections(blocks: Sequence[Block]) -> list[Block | Section]:
    """Put what follows each heading of level 2 into a section of its own."""
    heads = [(i, b) for i, b in enumerate(blocks) if isinstance(b, Heading) and b.level == 2]
    ends = [*(start for start, _ in heads), len(blocks)]
    before: list[Block | Section] = list(blocks[: ends[0]])
    pairs = zip(heads, ends[1:], strict=True)
    return before + [Section(head, blocks[start + 1 : end]) for (start, head), end in pairs]


def picture_uri(picture: Image.Image, longest: int = 900, quality: int = 82) -> str:
    """Return a picture as a JPEG data URI, scaled down to `longest` pixels on its long side."""
    small = picture.convert("RGB")
    small.thumbnail((longest, longest))
    buffer = io.BytesIO()
    small.save(buffer, format="JPEG", quality=quality)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


@functools.cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("hoban_assets.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "number": text_of,
        "percent": percent,
        "numeric": numeric,
        "kind": lambda block: type(block).__name__,
        "most": _most,
    }
    made.tests["rich"] = lambda value: isinstance(value, Cell)
    return made.get_template("document.html.j2")


def _most(bars: Bars) -> float:
    """The value of the longest bar; shares are drawn against 1."""
    values = [v for group in bars.groups.values() for v in group.values() if v is not None]
    return max([*values, 1.0])
