"""Opening what a server handed in: a plain tar, or the folder unpacked from it. Trusts nothing.

Nothing is written here, and no name of the archive ever becomes a path: a file is asked for by
its plain name and read as a stream. (tarfile's data filter guards `extract`, which is not used:
it lets through what lies deeper or under another name than ours ever does.)
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from hoban_assets.errors import HobanError

RESULTS = "results.json"
"""What lies in the archive: see `manifest.Manifest`."""
ARCHIVES = "results_*.tar"
"""How train.sh names its archives."""
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_MOST_FILES = 1000
_BLOCK = 512
_PADDING = 20 * _BLOCK
"""A tar ends in two blocks of zeros and is filled up to records of this size."""

NO_ARCHIVE = "give a results_*.tar as train.sh left it, or the folder unpacked from it"
AGAIN = "copy it again from the server, and compare its size with the one there"


class Refused(HobanError):
    """A result that is not taken, for a reason that another import would find again.

    The texts are English with {fields}, keys of their translations.
    """

    def __init__(self, problem: str, way_out: str, **values: object) -> None:
        """Fill the fields of `problem` and `way_out` from `values`."""
        self.texts, self.values = (problem, way_out), values
        super().__init__(problem.format(**values), way_out.format(**values))

    def said(self, say: Callable[..., str]) -> tuple[str, str]:
        """What is wrong, and the way out, in the language of `say`."""
        problem, way_out = self.texts
        return say(problem, **self.values), say(way_out, **self.values)


@dataclass(frozen=True)
class Archive:
    """Files that were handed in, by plain name; not verified yet."""

    path: Path
    sizes: Mapping[str, int]
    """Bytes of each file."""
    open: Callable[[str], IO[bytes]]
    """Opens one of `sizes` to read."""


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Open a results archive, or a folder with its files.

    Raises:
        Refused: it is torn, no such archive, or holds what may not be in one.
        HobanError: there is nothing at `path`, or it cannot be read.
    """
    try:
        if path.is_dir():
            yield _folder(path)
        elif path.exists():
            with _tar(path) as archive:
                yield archive
        else:
            raise HobanError(f"{path} is not there", NO_ARCHIVE)
    except PermissionError as error:
        raise HobanError(
            f"{error.filename or path} may not be read or written", "ask for the rights to it"
        ) from error


@contextmanager
def _tar(path: Path) -> Iterator[Archive]:
    try:
        tar = tarfile.open(path, "r:")  # noqa: SIM115 - closed below
    except tarfile.ReadError:
        raise _no_tar(path) from None
    with tar:
        try:
            members = tar.getmembers()
        except tarfile.TarError:
            raise _torn(path) from None
        end = max((m.offset_data + -(-m.size // _BLOCK) * _BLOCK for m in members), default=0)
        with path.open("rb") as file:
            file.seek(end)
            rest = file.read(2 * _PADDING)
        if len(rest) < 2 * _BLOCK or len(rest) > _PADDING + 2 * _BLOCK or rest.strip(b"\0"):
            raise _torn(path)
        files = _plain_members(path, members)

        def read(name: str) -> IO[bytes]:
            stream = tar.extractfile(files[name])
            assert stream is not None  # noqa: S101 - for mypy: they are regular files
            return stream

        yield Archive(path, {name: member.size for name, member in files.items()}, read)


def _plain_members(path: Path, members: list[tarfile.TarInfo]) -> dict[str, tarfile.TarInfo]:
    """Files of the one top folder; anything else is refused."""
    tops, files = set[str](), dict[str, tarfile.TarInfo]()
    for member in members[: _MOST_FILES + 1]:
        top, _, name = member.name.removeprefix("./").partition("/")
        tops.add(top)
        if member.isdir() and not name and _PLAIN.fullmatch(top):
            continue
        is_plain = member.isreg() and not member.issparse() and _PLAIN.fullmatch(top)
        if not is_plain or not _PLAIN.fullmatch(name) or name in files:
            raise _strange(path, member.name)
        files[name] = member
    if len(tops) > 1 or len(files) > _MOST_FILES:
        raise _strange(path, sorted(tops)[-1])
    return files


def _folder(path: Path) -> Archive:
    """Files of a folder; of its only subfolder where the archive was unpacked into it."""
    if not (path / RESULTS).is_file():
        inside = sorted(path.glob(f"*/{RESULTS}"))
        if len(inside) == 1:
            path = inside[0].parent
    sizes = {}
    for entry in sorted(path.iterdir()):
        if entry.is_symlink() or not entry.is_file() or not _PLAIN.fullmatch(entry.name):
            if (path / RESULTS).is_file():
                raise _strange(path, entry.name)
            continue
        sizes[entry.name] = entry.stat().st_size
    return Archive(path, sizes, lambda name: (path / name).open("rb"))


def _torn(path: Path) -> Refused:
    return Refused(
        "{file} is torn: only a part of it was copied ({size} bytes are here)",
        AGAIN,
        file=path,
        size=f"{path.stat().st_size:,}",
    )


def _no_tar(path: Path) -> Refused:
    if path.stat().st_size < _BLOCK:
        return _torn(path)
    return Refused("{file} is no results archive (a plain .tar)", NO_ARCHIVE, file=path)


def _strange(path: Path, name: str) -> Refused:
    return Refused(
        "{file} holds {name}, which no results archive holds",
        "it was changed, or not made by train.sh: have train.sh write it again on the server",
        file=path,
        name=repr(name),
    )
