"""Read a plain tar of which nothing is believed that was not compared.

No member may lie elsewhere than below the folder it is unpacked into, be anything but a file, a
folder or another name of a file, or fill a disk with holes. An archive that ends too early is told
from a whole one, at the border of two files too.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path, PurePosixPath
from typing import IO, Any

from hoban_assets.file_systems import link

_BLOCK = tarfile.BLOCKSIZE
_PADDING = 20 * _BLOCK
"""A tar ends in two blocks of zeros, and most are filled up to records of this size."""
_LATEST = 1 << 33
"""Seconds since 1970 that no file is of."""
_BAD = (tarfile.TarError, EOFError, ValueError, ArithmeticError, LookupError)
"""What tarfile raises, led by whatever bytes."""


class BadArchive(ValueError):
    """It is not to be used; the text says why."""

    def __init__(self, why: str, after: int = 0, name: str = "") -> None:
        """`after`: how many members were read before; `name`: of the one that is at fault."""
        super().__init__(why)
        self.after, self.name = after, name


class NoTar(BadArchive):
    """Something else than a tar."""


class Torn(BadArchive):
    """A part of it is missing or damaged."""


class Strange(BadArchive):
    """It holds what no archive of ours holds."""


class Tar:
    """The members of an archive; no object a file is kept."""

    def __init__(self, path: Path, tar: tarfile.TarFile) -> None:
        """Over a tar that was opened; see `opened`."""
        self.path, self._tar = path, tar

    def __iter__(self) -> Iterator[tarfile.TarInfo]:
        """Yield every member.

        Raises:
            BadArchive: torn or strange; the members before were yielded.
        """
        count = 0
        while (info := self._next(count)) is not None:
            self._tar.members = []  # type: ignore[attr-defined]  # else it keeps one object a file
            yield _plain(info, count)
            count += 1
        with self.path.open("rb") as file:
            file.seek(self._tar.offset)
            rest = file.read(2 * _PADDING)
        if len(rest) < 2 * _BLOCK or len(rest) > _PADDING + 2 * _BLOCK or rest.strip(b"\0"):
            raise Torn("its end is missing", count)

    def open(self, info: tarfile.TarInfo) -> IO[bytes]:
        """Content of a file."""
        stream = self._tar.extractfile(info)
        if stream is None:
            raise Strange(f"{info.name} is neither a file nor a folder", 0, info.name)
        return stream

    def _next(self, count: int) -> tarfile.TarInfo | None:
        try:
            return self._tar.next()
        except _BAD as error:
            raise Torn(str(error), count) from error


@contextmanager
def opened(path: Path) -> Iterator[Tar]:
    """Open an archive.

    Raises:
        BadArchive: it is none.
        OSError: it cannot be read.
    """
    try:
        tar = tarfile.open(path, "r:")  # noqa: SIM115 - closed below
    except _BAD as error:
        kind = Torn if path.stat().st_size < _BLOCK else NoTar
        raise kind(str(error)) from error
    with tar:
        yield Tar(path, tar)


def read_all(
    path: Path,
    *,
    into: Path | None = None,
    closing: str = "",
    most: int = 0,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> tuple[dict[str, dict[str, Any]], bytes | None]:
    """Read an archive from end to end; return what every member is, and the content of `closing`.

    Args:
        path: the archive.
        into: folder that all but `closing` is unpacked into as it comes, with times and rights,
            hard links as such; the caller must throw it away where this raises.
        closing: name of a member that is returned, not listed.
        most: bytes of it that are read.
        progress: called with bytes done and of all.

    Returns:
        Name -> ``{"bytes", "sha256"}``, ``{"link": name}`` or ``{"folder": true}``.

    Raises:
        BadArchive: torn or strange.
        OSError: it cannot be read, or not written.
    """
    found: dict[str, dict[str, Any]] = {}
    last, done, of = None, 0, path.stat().st_size
    with opened(path) as tar:
        try:
            for info in tar:
                if info.name == closing:
                    last = tar.open(info).read(most)
                else:
                    found[info.name] = _taken(tar, info, into)
                    progress(done := done + info.size, of)
        except tarfile.TarError as error:
            raise Torn(str(error), len(found)) from error
    return found, last


def copied(source: IO[bytes], target: IO[bytes] | None = None, most: int | None = None) -> str:
    """Read to the end, `most` bytes at most, write them to `target`; return their SHA-256."""
    digest, left = hashlib.sha256(), sys.maxsize if most is None else most
    while left and (data := source.read(min(left, 1 << 20))):
        left -= len(data)
        digest.update(data)
        if target:
            target.write(data)
    return digest.hexdigest()


def _taken(tar: Tar, info: tarfile.TarInfo, into: Path | None) -> dict[str, Any]:
    place = into / info.name if into else None
    if info.isdir():
        if place:
            place.mkdir(parents=True, exist_ok=True)
        return {"folder": True}
    if place:
        place.parent.mkdir(parents=True, exist_ok=True)
    if info.islnk():
        if place and into and link(str(into / info.linkname), str(place)):
            shutil.copy2(into / info.linkname, place)
        return {"link": info.linkname}
    with place.open("xb") if place else nullcontext() as file:
        sha256 = copied(tar.open(info), file)
    if place:
        time = round(float(info.mtime) * 1e9)
        os.utime(place, ns=(time, time))
        place.chmod(info.mode & 0o777 | 0o600)
    return {"bytes": info.size, "sha256": sha256}


def _plain(info: tarfile.TarInfo, after: int) -> tarfile.TarInfo:
    """The member, unless no archive of ours holds one like it."""
    for name in (info.name, info.linkname) if info.islnk() else (info.name,):
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise Strange(f"it names {name!r}, a path outside", after, info.name)
    # What holes are filled with is not in the archive: a few bytes could fill any disk.
    if not (info.isdir() or info.islnk() or (info.isfile() and not info.issparse())):
        raise Strange(f"{info.name} is neither a file nor a folder", after, info.name)
    if not abs(info.mtime) < _LATEST:
        raise Strange(f"the time of {info.name} is none", after, info.name)
    return info
