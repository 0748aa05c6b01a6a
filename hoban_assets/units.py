"""Quantities for the eye: the only place that turns numbers into text."""

from __future__ import annotations

import math

from hoban_assets.saying import Say
from hoban_assets.visible import visible


class Share(float):
    """0.123, told as '12.3 %'; JSON has the number."""

    def __str__(self) -> str:
        """As text."""
        return percent(self)


class Bytes(int):
    """1_240_000, told as '1.24 MB'; JSON has the number."""

    def __str__(self) -> str:
        """As text."""
        return size_text(self)


class Hours(float):
    """0.0351, told as '0.035 h'; JSON has the number."""

    def __str__(self) -> str:
        """As text."""
        return f"{float(self):,.0f} h" if self >= 100 else f"{float(self):.2g} h"


class Difference(float):
    """A difference, told with its sign: '+1,234', '-0.067'; JSON has the number."""

    def __str__(self) -> str:
        """As text."""
        return f"{int(self):+,}" if self.is_integer() else f"{float(self):+.3f}"


def text_of(value: object) -> str:
    """A value as text: '-' for none, thousands separated, floats with 3 decimals, units kept."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if type(value) is int:
        return f"{value:,}"
    return f"{value:,.3f}" if type(value) is float else visible(str(value))


def percent(share: float | None, digits: int = 1) -> str:
    """0.123 as '12.3 %'."""
    return "-" if share is None else f"{share * 100:.{digits}f} %"


def share_text(share: float) -> str:
    """A share that was counted, where a tenth does not matter: '37 %', '0.4 %', '<0.1 %'."""
    if 0 < share < 0.001:
        return "<0.1 %"
    value = share * 100
    return f"{value:.1f} %" if value < 10 and value != round(value) else f"{value:.0f} %"


def similarity_text(value: float | None) -> str:
    """Four decimals at most: 0.9047, 0.9; '-' for none."""
    return "-" if value is None else f"{value:.4f}".rstrip("0").rstrip(".")


def limit_text(share: float) -> str:
    """A share that somebody chose: 0.005 as '0.5 %', 0.02 as '2 %'."""
    return f"{share * 100:g} %"


def size_text(size: float | None) -> str:
    """Bytes for the eye, in units of 1,000: '0 B', '12.3 MB', '1.24 GB'."""
    if size is None:
        return "-"
    size = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}" if unit != "B" else f"{size:.0f} B"
        size /= 1000
    return f"{size:,.2f} TB"


def megabytes(size: int) -> float:
    """Bytes as a number of 1,000,000 for a table or plot, to the kilobyte."""
    return round(size / 1e6, 3)


def area_text(area: float) -> str:
    """A share of the image: '1.54 %', '0.043 %', '0.0049 %'."""
    return f"{100 * area:.2f} %" if area >= 0.001 else f"{100 * area:.2g} %"


def _plain(text: str, /, **values: object) -> str:
    return text.format(**values)


def duration(seconds: float, say: Say = _plain) -> str:
    """Seconds as '2.1 s', '1 min 50 s', '3 h 5 min'; `say` translates the units."""
    if seconds < 59.5:
        shown = f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}"
        return say("{s} s", s=shown)
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return say("{min} min {s} s", min=minutes, s=rest)
    hours, minutes = divmod(minutes, 60)
    return say("{h} h {min} min", h=f"{hours:,}", min=minutes)
