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
