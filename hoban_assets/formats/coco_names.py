"""Where the images lie that a COCO JSON names: a look-up among what was listed, never an open.

Tools write `file_name` in many ways: with the folders of another machine (Windows or not), as a
URL, with %20 for a space, as a query of Label Studio (``/data/local-files/?d=images/a.jpg``), with
its upload prefix (``3f2a91bc-a.jpg``), with a suffix in other letters. What is certain is the
name's last part: where exactly one listed image has it, that image is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from hoban_assets.formats.folders import join, path_below
from hoban_assets.formats.naming import nfc

_UPLOAD = re.compile(r"[0-9a-f]{8}-(?=.)")
_PARTS = re.compile(r"(train|val|test)(?:ing|id|idation)?[_-]?\d*", re.IGNORECASE)


class Found(NamedTuple):
    """The path below the source, or None and the rule by which nothing is read."""

    path: str | None
    rule: str | None = None
    is_guess: bool = False
    """The folders of the name are not those of the image: only its last part is the same."""


class ImageFinder:
    """Looks names of a JSON up among the images that were listed; nothing is opened."""

    def __init__(self, paths: Sequence[str]) -> None:
        """Index the listed images by path and by name."""
        self._paths = frozenset(paths)
        self._by_name: dict[str, list[str]] = {}
        self._by_lower: dict[str, list[str]] = {}
        for path in paths:
            name = path.rpartition("/")[2]
            self._by_name.setdefault(name, []).append(path)
            self._by_lower.setdefault(name.lower(), []).append(path)
        by_composed: dict[str, list[str]] = {}
        for path in paths:
            if not path.isascii():
                by_composed.setdefault(nfc(path), []).append(path)
        self._listed = {name: found[0] for name, found in by_composed.items() if len(found) == 1}
        self._composed = self
        if any(name != path for name, path in self._listed.items()):
            plain = (path for path in paths if path.isascii())
            self._composed = ImageFinder([*plain, *self._listed])

    def find(self, name: object, hint: str, folder: str) -> Found:
        """Find the image that a JSON calls `name`.

        Args:
            name: `file_name` as it stands in the JSON.
            hint: folder name that the JSON's own name points to (train2017).
            folder: folder of the JSON.

        Returns:
            The image. Where several folders hold the name and none is pointed to, it is not read:
            the labels might belong to the other one.
        """
        found = self.find_as_spelled(name, hint, folder)
        if found.path is None and isinstance(name, str) and not name.isascii():
            # The same letters put together otherwise, where just one file has them.
            other = self._composed.find_as_spelled(nfc(name), nfc(hint), nfc(folder))
            if other.path is not None:
                return other._replace(path=self._listed.get(other.path, other.path))
        return found

    def find_as_spelled(self, name: object, hint: str, folder: str) -> Found:
        """As `find`, where composed and decomposed letters are different ones."""
        if type(name) is str and len(listed := self._by_name.get(name, [])) == 1:
            return Found(listed[0])  # the name of exactly one listed file, as nearly always
        if not isinstance(name, str) or not name.strip() or "\0" in name:
            return Found(None, "image_missing")
        below = path_below(name)
        if below is not None and (path := self._below(below, hint, folder)) is not None:
            return Found(path)
        for spelled in _spellings(name):
            if (path := self._ending(spelled)) is not None:
                return Found(path, is_guess=True)
        return Found(None, "path_outside" if below is None else "image_missing")

    def _below(self, below: str, hint: str, folder: str) -> str | None:
        """The image at this path, or the only one that ends in it, or the one that is hinted at."""
        for path in (below, join(folder, below)):
            if path in self._paths:
                return path
        same_name = self._by_name.get(below.rpartition("/")[2], ())
        ending = [p for p in same_name if p.endswith(f"/{below}")]
        pointed = [p for p in ending if p.removesuffix(f"/{below}").rpartition("/")[2] == hint]
        for choice in (pointed, ending):
            if len(choice) == 1:
                return choice[0]
        return None

    def _ending(self, parts: Sequence[str]) -> str | None:
        """The one image whose path ends in as many of these `parts` as there can be."""
        same_name = self._by_name.get(parts[-1]) or self._by_lower.get(parts[-1].lower(), [])
        if not same_name and _UPLOAD.match(parts[-1]):
            same_name = self._by_name.get(_UPLOAD.sub("", parts[-1], count=1), [])
        if len(same_name) > 1:
            folders = list(parts[:-1])
            while folders and len(same_name) > 1:
                tail = "/".join(folders)
                hits = [p for p in same_name if f"/{p.rpartition('/')[0]}".endswith(f"/{tail}")]
                if hits:
                    same_name = hits
                    break
                folders = folders[1:]
        if len(same_name) != 1 or _other_part(parts, same_name[0]):
            return None
        return same_name[0]


def _spellings(name: str) -> Iterator[list[str]]:
    """The parts of a path that `name` may mean, most literal first."""
    text = name.strip()
    candidates = [text]
    if "?" in text or "#" in text or "://" in text:
        url = urlsplit(text)
        values = [value for values in parse_qs(url.query).values() for value in values]
        candidates = [text, *values, url.path]
    for candidate in candidates:
        for spelled in dict.fromkeys((candidate, unquote(candidate))):
            parts = [p for p in spelled.replace("\\", "/").split("/") if p not in {"", ".", ".."}]
            if parts:
                yield parts


def _other_part(parts: Sequence[str], path: str) -> bool:
    """Whether the name says another part of the source (val) than the image lies in (train)."""
    said, lies = _part_of(parts[:-1]), _part_of(path.split("/")[:-1])
    return bool(said and lies and said != lies)


def _part_of(folders: Sequence[str]) -> set[str]:
    matches = (_PARTS.fullmatch(folder) for folder in folders)
    return {match[1].lower() for match in matches if match}
