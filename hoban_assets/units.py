"""Quantities for the eye."""

from __future__ import annotations


def size_text(size: float | None) -> str:
    """Bytes for the eye, in units of 1,000: '0 B', '12.3 MB', '1.24 GB'."""
    if size is None:
        return "-"
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}" if unit != "B" else f"{size:.0f} B"
        size /= 1000
    return f"{size:,.2f} TB"


def area_text(area: float) -> str:
    """A share of the image: '1.54 %', '0.043 %'."""
    return f"{100 * area:.{2 if area >= 0.001 else 3}f} %"
