"""HTML pages that need nothing but themselves: styles and pictures inside, readable on a phone."""

from __future__ import annotations

import base64
import functools
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hoban_assets.language import speaker
from hoban_assets.reporting.blocks import Bars, Block, Cell, Heading, numeric
from hoban_assets.units import percent as percent
from hoban_assets.units import text_of

if TYPE_CHECKING:
    from jinja2 import Environment
    from PIL import Image


def render(template: str, language: str, **values: Any) -> str:
    """Fill a template of ``reporting/templates`` (it extends ``base.html.j2``).

    Templates know ``say`` (see `language.speaker`), ``lang``, and the filters ``number``
    (thousands separated, '-' for none) and ``percent`` (0.123 -> '12.3 %').
    """
    page = _environment().get_template(template)
    return page.render(lang=language, say=speaker(language), **values)


def page(blocks: Sequence[Block], language: str) -> str:
    """The document as a page; its first heading is its title, those of level 2 its contents."""
    headings = [b for b in blocks if isinstance(b, Heading)]
    return render(
        "document.html.j2",
        language,
        title=headings[0].text if headings else "",
        contents=[b for b in headings if b.level == 2 or b.anchor],
        blocks=blocks,
        anchor=lambda h: h.anchor or f"p{[b is h for b in blocks].index(True)}",
    )


def picture_uri(picture: Image.Image, longest: int = 900, quality: int = 82) -> str:
    """Return a picture as a JPEG data URI, scaled down to `longest` pixels on its long side."""
    small = picture.convert("RGB")
    small.thumbnail((longest, longest))
    buffer = io.BytesIO()
    small.save(buffer, format="JPEG", quality=quality)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


@functools.cache
def _environment() -> Environment:
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
    return made


def _most(bars: Bars) -> float:
    """The value of the longest bar; shares are drawn against 1."""
    values = [v for group in bars.groups.values() for v in group.values() if v is not None]
    return max([*values, 1.0])
