"""Pictures as the browser shows them: as displayed, and small ones for the grid."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from PIL import Image, ImageOps

from hoban_assets.files import save

THUMBNAIL = 320
"""Pixels of the long side in the grid."""
END = b"\xff\xd9"
"""Of a JPEG that is whole."""
NOT_SHOWN = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
"""What Pillow raises of a file that is no sound picture, or is far too large for one."""


def small(file: Path, kept: Path) -> bytes:
    """Return the small picture, which is drawn once and kept in the file `kept`.

    It is drawn anew where that file is not whole, and each time where nothing can be written (a
    full disk, a read-only one).

    Raises:
        NOT_SHOWN: see there.
    """
    with contextlib.suppress(OSError):
        found = kept.read_bytes()
        if found.endswith(END):
            return found
    made = drawn(file, THUMBNAIL)
    with contextlib.suppress(OSError):
        save(kept, made)
    return made


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
