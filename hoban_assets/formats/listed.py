"""A source whose folders are listed: what all readers are before they read a label."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from hoban_assets.errors import HobanError
from hoban_assets.formats.collect import Collector
from hoban_assets.formats.naming import alike, is_archive, join, spelled
from hoban_assets.formats.scanning import NO_UTF8, Tree, scan
from hoban_assets.formats.source import RawSource
from hoban_assets.formats.unread import Unread, unread_files

_TOLD_EVERY = 100


class Listed:
    """A source whose folders are listed. What each reader sets holds paths below the source."""

    paths: list[str]
    """Its images, sorted."""
    label_files: list[str]
    """Its label files, also those without an image."""
    reads: str = "its own files"
    """What a reader of this format takes, for the reason why a file is not read."""
    progress: Callable[[int, int], None] | None = None
    """Gets (images read, images to read) after every few images of `read`."""

    def __init__(self, source: RawSource, raw_root: Path) -> None:
        """List the source folder; no file is opened."""
        self.source = source
        self.tree: Tree = scan(source.root(raw_root))
        self.other_files: list[str] = []
        """Files of it that are no labels: class names, lists of images, labels of another task."""
        self.encodings: dict[str, str] = {}
        """Of those that are for the whole source: file to its encoding, where that is not UTF-8."""

    @cached_property
    def unread(self) -> tuple[Unread, ...]:
        """Images and labels below the source that this reader passes over."""
        used = {*self.paths, *self.label_files, *self.other_files}
        return tuple(unread_files(self.tree, used, self.reads, self.source.nested))

    def _collector(self) -> Collector:
        """A new collector that says already what holds for the source as a whole."""
        found = Collector(self.source, self.tree)
        for each in self.tree.passed_over:
            if each.reason == NO_UTF8:
                way_out = "rename it: convmv -f cp949 -t utf8 -r --notest FOLDER"
                found.decide(each.path, "name_no_utf8", "drop", each.path, value=way_out)
        for unread in self.unread:
            found.decide(unread.path, "not_read", "drop", unread.path, value=unread.text)
        for path, encoding in self.encodings.items():
            found.decide(path, "not_utf8", "repair", path, value=f"read as {encoding}")
        for folder, names in self.tree.folders.items():
            for group in alike(names):
                value = " / ".join(map(spelled, group))
                found.decide(join(folder, group[0]), "names_alike", "review", folder, value=value)
        return found

    def image_ids(self) -> list[str]:
        """Ids of every image file, sorted: ``<source>/<path below the source folder>``."""
        return [f"{self.source.name}/{path}" for path in self.paths]

    def use_own_classes(self, names: Iterable[str]) -> None:
        """From now on read each of these classes of the source as itself."""
        own = tuple(dict.fromkeys(names))
        self.source = replace(self.source, classes={name: name for name in own}, taxonomy=own)

    def _refuse_empty(self, expected: str) -> None:
        if self.paths:
            return
        links = self.tree.outside_folders
        hint = f" (not followed, they lead outside: {', '.join(links)})" if links else ""
        if first := next((each for each in self.tree.passed_over), None):
            hint += f" (passed over, {first.reason}: {first.path})"
        if packed := [n for names in self.tree.folders.values() for n in names if is_archive(n)]:
            hint += f" (not unpacked: {', '.join(packed[:3])})"
        raise HobanError(
            f"source {self.source.name} is empty: no image in {self.tree.root}{hint}",
            f"a source of format '{self.source.format}' holds {expected}",
        )

    def _chosen(self, image_ids: Collection[str] | None) -> Iterable[str]:
        """Paths as `_paths_of`, telling `progress` of them as they are taken."""
        paths = self._paths_of(image_ids)
        return paths if self.progress is None else _told(paths, self.progress)

    def _paths_of(self, image_ids: Collection[str] | None) -> list[str]:
        """Paths of the images asked for, in the order of the listing, each once.

        Raises:
            HobanError: one of them is not there (any more).
        """
        if image_ids is None:
            return self.paths
        wanted = set(image_ids)
        prefix = f"{self.source.name}/"
        chosen = [path for path in self.paths if prefix + path in wanted]
        if len(chosen) < len(wanted):
            absent = sorted(wanted - {prefix + path for path in chosen})
            raise HobanError(
                f"source {self.source.name}: {len(absent)} images asked for are not there, the "
                f"first is {absent[0]}",
                f"observe the source again: {self.tree.root} has changed since it was listed",
            )
        return chosen


def _told(paths: list[str], progress: Callable[[int, int], None]) -> Iterator[str]:
    for done, path in enumerate(paths):
        if done % _TOLD_EVERY == 0:
            progress(done, len(paths))
        yield path
    progress(len(paths), len(paths))
