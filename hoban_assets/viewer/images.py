"""Pictures as the browser shows them: as displayed, and small ones for the grid."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageOps

from hoban_assets.files import save

THUMBNAIL = 320
"""Pixels of the long side in the grid."""
NOT_SHOWN = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
"""What Pillow raises of a file that is no sound picture, or is far too large for one."""


def small(file: Path, kept: Path) -> Path | bytes:
    """Return the small picture: the file `kept`, which is made once, or its bytes.

    Bytes where nothing can be written (a full disk, a read-only one): it is drawn anew each time.

    Raises:
        NOT_SHOWN: see there.
    """
    if kept.is_file():
        return kept
    drawn_once = drawn(file, THUMBNAIL)
    try:
        return save(kept, drawn_once)
    except OSError:
        return drawn_once


def drawn(file: Path, side: int | None) -> bytes:
    """Decode as displayed (EXIF applied) and encode as JPEG, at most `side` pixels large.

    Raises:
        NOT_SHOWN: see there.
    """
    with Image.open(file) as opened:
        if side:
            opened.draft("RGB", (side, side))
        shown = ImageOps.exif_transpose(opened).convert("RGB")
        if side:
            shown.thumbnail((side, side))
        out = io.BytesIO()
        shown.save(out, "JPEG", quality=80 if side else 92)
    return out.getvalue()
