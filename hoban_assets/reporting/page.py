"""HTML pages that need nothing but themselves: styles and pictures inside, readable on a phone."""

from __future__ import annotations

import base64
import functools
import io
from typing import TYPE_CHECKING, Any

from hoban_assets.reporting.language import speaker

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


def picture_uri(picture: Image.Image, longest: int = 900, quality: int = 82) -> str:
    """Return a picture as a JPEG data URI, scaled down to `longest` pixels on its long side."""
    small = picture.convert("RGB")
    small.thumbnail((longest, longest))
    buffer = io.BytesIO()
    small.save(buffer, format="JPEG", quality=quality)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def number(value: object) -> str:
    """A value as text: '-' for none, thousands separated, floats with 3 decimals."""
    if value is None or value != value:
        return "-"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3f}"


def percent(value: float | None) -> str:
    """0.123 as '12.3 %'."""
    return "-" if value is None else f"{value * 100:.1f} %"


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
    made.filters |= {"number": number, "percent": percent}
    return made
