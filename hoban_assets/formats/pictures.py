"""Photographs that nobody has labelled yet: a team's own, until people have looked at them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from hoban_assets.formats.listed import Listed
from hoban_assets.formats.source import RawSource, Read


class PicturesReader(Listed):
    """Reads every image below a folder, without a label. Width and height are 0 (not known).

    What is on them is not known either: the source labels no class, until a correction says of a
    picture which classes are labelled completely on it.
    """

    reads = "images"

    def __init__(self, source: RawSource, raw_root: Path) -> None:
        """List the images.

        Raises:
            HobanError: the source is missing, empty or not readable.
        """
        super().__init__(source, raw_root)
        self.paths = sorted(self.tree.images())
        self.label_files = []
        self._refuse_empty("images")

    def read(self, image_ids: Collection[str] | None = None) -> Read:
        """Read these images, or all, without boxes."""
        found = self._collector()
        for path in self._chosen(image_ids):
            if path in self.tree.outside_files:
                found.drop_image(path, "path_outside", path, "link out of the source")
            else:
                found.keep(path, None, (0, 0))
        return found.finish("centre", is_relative=True)
