"""The pictures of a gallery: which they are, and where their raw files lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from PIL import Image

from hoban_assets.reporting.gallery.choice import Shown, Wanted

UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
"""What Pillow raises over a file that is gone, broken or no picture."""


@dataclass(frozen=True)
class Picture:
    """One drawn photograph."""

    shown: Shown
    file: Path
    kept_file: Path | None = None
    """The image that was kept instead, where a rule removed this one for it."""


@dataclass(frozen=True)
class Gallery:
    """A gallery that was written."""

    wanted: Wanted
    folder: Path
    pictures: tuple[Picture, ...]
    left_out: tuple[str, ...]
    """A sentence for each image that could not be drawn."""

    @property
    def page(self) -> Path:
        """The page to open."""
        return self.folder / "index.html"


def raw_file(raw_root: Path, name: str) -> Path:
    """Return the file below the raw root; a name that leads out of it is a ValueError."""
    if ".." in PurePosixPath(name).parts or PurePosixPath(name).is_absolute():
        raise ValueError(f"{name} leads out of the raw root")
    return raw_root / name
