"""A source with one label file an image, found by its stem, that says itself what it is of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from functools import cached_property
from typing import Any

from hoban_assets.collector import paused_collector
from hoban_assets.formats.collect import Collector
from hoban_assets.formats.decoding import read_label
from hoban_assets.formats.listed import Listed
from hoban_assets.formats.naming import nfc
from hoban_assets.formats.outlines import compare_outlines
from hoban_assets.formats.shared_labels import named_again, shared_labels
from hoban_assets.formats.source import Read


class OneLabelAnImage(Listed, ABC):
    """Reads each label with the image of its stem, where the label names no other one."""

    expected: str
    """Where the label of an image is looked for, for the reason why it has none."""

    _parse: Callable[[bytes], Any]
    """Raises ValueError where that is no label."""
    _named_in: Callable[[Any], str | None]
    """File name of the image that a parsed label names; '' or None for none."""
    _class_said: Callable[[object], str | None] = staticmethod(str)
    """A class of the source as it is compared with those of labels."""

    @abstractmethod
    def _read_document(self, found: Collector, path: str, label: str, document: Any) -> None:
        """Take the rows of a label that was parsed."""

    def _take(self, pairs: dict[str, str | None], orphans: list[str], wanted: str) -> None:
        """Hold images with their labels, and the labels without an image.

        Raises:
            HobanError: there is no image; `wanted` says what a source of this format holds.
        """
        self._pairs, self._orphans = pairs, orphans
        self.paths = list(pairs)
        self._shared = shared_labels(self.tree, pairs)
        self._names = {nfc(path.rpartition("/")[2]) for path in self.paths}
        self._outlines: dict[int, list[float]] = {}
        self.label_files = [*filter(None, pairs.values()), *orphans]
        self._refuse_empty(wanted)

    @cached_property
    def _named_again(self) -> dict[str, str]:
        return named_again(self._pairs, self._orphans, self._named_by)

    def _named_by(self, label: str) -> str | None:
        if label in self.tree.outside_files:
            return None
        try:
            return self._named_in(self._parse(read_label(self.tree.absolute(label))))
        except (OSError, ValueError):
            return None

    @paused_collector()
    def read(self, image_ids: Collection[str] | None = None) -> Read:
        """Read the labels of these images, or of all."""
        found = self._collector()
        self._outlines = {}
        self._classes = {self._class_said(own): at for own, at in self.source.ids.items()}
        for path in self._chosen(image_ids):
            label = self._pairs[path]
            data = found.label_bytes(path, label, self.expected)
            if data is None or label is None:
                continue
            if path in self._named_again:
                found.drop_image(path, "identity_unclear", label, self._named_again[path])
                continue
            try:
                document = self._parse(data)
            except ValueError as error:
                found.drop_image(path, "label_unparseable", label, str(error))
                continue
            self._read_document(found, path, label, document)
        found.report_missing(self._orphans)
        compare_outlines(found.rows, self._outlines)
        return found.finish("corners")

    def _other_image(self, path: str, name: str, named: str) -> str | None:
        """Why a label is not, or not surely, that of the image with its stem; None where it is.

        What it names goes before its stem: of two images of one stem it is that of the named one,
        and where it names another image that is there, it may be that of the other one. Both are
        file names.
        """
        if path in self._shared and (named != name or "two labels" in self._shared[path]):
            return self._shared[path]
        if named != name and named in self._names:
            return f"names {named}, which is another image"
        return None


def last_name(path: str | None) -> str:
    """The name that a label gives its image; tools write whole paths of their own machine."""
    return nfc((path or "").replace("\\", "/").rpartition("/")[2])
