"""A source whose folders are listed: what all readers are before they read a label."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from hoban_assets.errors import HobanError
from hoban_assets.formats.folders import Tree, scan
from hoban_assets.formats.source import RawSource

_TOLD_EVERY = 100


class Listed:
    """A source whose folders are listed. What each reader sets holds paths below the source."""

    paths: list[str]
    """Its images, sorted."""
    label_files: list[str]
    """Its label files, also those without an image."""
    progress: Callable[[int, int], None] | None = None
    """Gets (images read, images to read) after every few images of `read`."""

    def __init__(self, source: RawSource, raw_root: Path) -> None:
        """List the source folder; no file is opened."""
        self.source = source
        self.tree: Tree = scan(source.root(raw_root))

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
