"""Opening what a server handed in: a plain tar, or the folder unpacked from it. Trusts nothing.

Nothing is written here, and no name of the archive ever becomes a path: a file is asked for by
its plain name and read as a stream.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tarfile import TarInfo
from typing import IO

from hoban_assets.archives import reading
from hoban_assets.errors import HobanError
from hoban_assets.saying import Say

RESULTS = "results.json"
"""What lies in the archive: see `manifest.Manifest`."""
ARCHIVES = "results_*.tar"
"""How train.sh names its archives."""
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_MOST_FILES = 1000

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

    def said(self, say: Say) -> tuple[str, str]:
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
    with ExitStack() as closing:
        try:
            tar = closing.enter_context(reading.opened(path))
            files = _plain_files(path, tar)
        except reading.NoTar:
            raise Refused(
                "{file} is no results archive (a plain .tar)", NO_ARCHIVE, file=path
            ) from None
        except reading.Torn:
            raise Refused(
                "{file} is torn: only a part of it was copied ({size} bytes are here)",
                AGAIN,
                file=path,
                size=f"{path.stat().st_size:,}",
            ) from None
        except reading.Strange as strange:
            raise _strange(path, strange.name) from None
        sizes = {name: member.size for name, member in files.items()}
        yield Archive(path, sizes, lambda name: tar.open(files[name]))


def _plain_files(path: Path, tar: reading.Tar) -> dict[str, TarInfo]:
    """Files of the one top folder; anything else is refused."""
    tops, files = set[str](), dict[str, TarInfo]()
    for member in tar:
        top, _, name = member.name.removeprefix("./").partition("/")
        tops.add(top)
        if member.isdir() and not name and _PLAIN.fullmatch(top):
            continue
        is_plain = member.isreg() and _PLAIN.fullmatch(top) and _PLAIN.fullmatch(name)
        if not is_plain or name in files or len(tops) > 1 or len(files) >= _MOST_FILES:
            raise _strange(path, member.name)
        files[name] = member
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


def _strange(path: Path, name: str) -> Refused:
    return Refused(
        "{file} holds {name}, which no results archive holds",
        "it was changed, or not made by train.sh: have train.sh write it again on the server",
        file=path,
        name=repr(name),
    )
