"""The lists of what lies in the trash, ``<data root>/trash/<UTC time>/moved.json``.

A list is written before each move: whatever is killed when, what lies in a batch is on its list,
and a line without its files was never moved. What is on no list is not hoban's.
"""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from filelock import FileLock, Timeout

from hoban_assets.errors import HobanError
from hoban_assets.upkeep.data_root import LOCK, TRASH

MANIFEST = "moved.json"
_UNFINISHED = f".{MANIFEST}.new"
_BATCH = re.compile(r"\d{4}-\d\d-\d\dT\d{6}Z(-\d+)?")


@dataclass(frozen=True)
class Moved:
    """One thing in the trash."""

    relative: str
    """Where it lay below the data root, and where it lies below its batch."""
    kind: str
    what: str
    why: str
    when: str
    """UTC, ISO 8601."""
    bytes: int
    deleting: bool = False
    """Its deletion has begun: it is not whole any more, and not to be put back."""


@dataclass(frozen=True)
class Batch:
    """What one call of prune moved."""

    folder: Path
    items: tuple[Moved, ...]

    @property
    def name(self) -> str:
        """UTC time of the move, the name of its folder."""
        return self.folder.name

    def place(self, item: Moved) -> Path:
        """Where the item lies in the trash."""
        return self.folder / item.relative


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Be the only one that moves or deletes below the data root.

    On a read-only disk nobody moves anything, and there is no lock.

    Raises:
        HobanError: another prune is at work, or the folder may not be written to.
    """
    lock = FileLock(root / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise HobanError(
            f"another 'hoban prune' is at work in {root}", "wait until it is done"
        ) from error
    except OSError as error:
        if error.errno != errno.EROFS:
            raise HobanError(
                f"{root} cannot be written: {error.strerror}",
                "give this account the right to write there",
            ) from error
    try:
        yield
    finally:
        lock.release()


def batches(root: Path) -> list[Batch]:
    """What lies in the trash, oldest first. Folders without a list are not hoban's, and left out.

    Raises:
        HobanError: the trash is a link, or a list in it is damaged.
    """
    trash = trash_of(root)
    if not trash.is_dir():
        return []
    folders = sorted(f for f in trash.iterdir() if _BATCH.fullmatch(f.name) and not f.is_symlink())
    return [_read(folder) for folder in folders if (folder / MANIFEST).is_file()]


def _only_begun(folder: Path) -> bool:
    """Whether a batch was killed before its first list was written, so before anything moved."""
    if not _BATCH.fullmatch(folder.name) or folder.is_symlink() or not folder.is_dir():
        return False
    return {entry.name for entry in folder.iterdir()} <= {_UNFINISHED}


def strangers(root: Path) -> list[Path]:
    """What lies in the trash and is on no list: somebody else put it there."""
    folder = trash_of(root)
    known = {batch.folder: batch for batch in batches(root)}
    found: list[Path] = []
    for entry in sorted(folder.iterdir()) if folder.is_dir() else []:
        if entry in known:
            listed = {known[entry].place(item) for item in known[entry].items}
            found += _unlisted(entry, listed)
        elif not _only_begun(entry):
            found.append(entry)
    return found


def _unlisted(folder: Path, listed: set[Path]) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry in listed or entry.name in (MANIFEST, _UNFINISHED):
            continue
        if entry.is_dir() and not entry.is_symlink() and any(entry in p.parents for p in listed):
            yield from _unlisted(entry, listed)
        else:
            yield entry


def trash_of(root: Path) -> Path:
    """Folder of the trash, which may not be there yet.

    Raises:
        HobanError: it is a link.
    """
    trash = root / TRASH
    if trash.is_symlink():
        raise HobanError(f"{trash} is a link", "make it a plain folder: nothing is moved elsewhere")
    return trash


def new_batch(root: Path) -> Batch:
    """Make the folder of a new batch, named after the time, after clearing begun ones."""
    trash = trash_of(root)
    for folder in trash.iterdir() if trash.is_dir() else ():
        if _only_begun(folder):
            (folder / _UNFINISHED).unlink(missing_ok=True)
            folder.rmdir()
    name = f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}"
    for number in range(1, 1000):
        folder = trash / (name if number == 1 else f"{name}-{number}")
        with suppress(FileExistsError):
            folder.mkdir(parents=True)
            return Batch(folder, ())
    raise HobanError(f"{trash} is full of batches of this second", "try again")


def without(batch: Batch, item: Moved) -> Batch:
    """Strike an item off the list, and write the list."""
    batch = replace(batch, items=tuple(other for other in batch.items if other != item))
    write(batch)
    return batch


def tidy(batch: Batch) -> None:
    """Remove folders that have become empty, and the list once it names nothing."""
    if not batch.folder.is_dir():
        return
    (batch.folder / _UNFINISHED).unlink(missing_ok=True)
    if not batch.items:
        (batch.folder / MANIFEST).unlink(missing_ok=True)
    _remove_empty(batch.folder, {batch.place(item) for item in batch.items})


def _remove_empty(folder: Path, listed: set[Path]) -> None:
    """Remove a folder that holds nothing but empty folders, none of them listed."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink() and entry not in listed:
            _remove_empty(entry, listed)
    with suppress(OSError):  # not empty
        folder.rmdir()


def _read(folder: Path) -> Batch:
    file = folder / MANIFEST
    try:
        lines = json.loads(file.read_text(encoding="utf-8"))["items"]
        items = tuple(Moved(**line) for line in lines)
        if any(_is_unsafe(item.relative) for item in items):
            raise ValueError("it names a path outside")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HobanError(
            f"{file} is damaged ({error})",
            f"move what lies in {folder} back below the data root by hand, or delete that folder",
        ) from error
    return Batch(folder, items)


def _is_unsafe(relative: str) -> bool:
    path = PurePosixPath(relative)
    return path.is_absolute() or ".." in path.parts or path.parts[:1] in ((), (TRASH,))


def write(batch: Batch) -> None:
    """Write the list whole, and on the disk before this returns."""
    new = batch.folder / _UNFINISHED
    text = json.dumps({"items": [asdict(i) for i in batch.items]}, ensure_ascii=False, indent=1)
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(batch.folder / MANIFEST)
    folder = os.open(batch.folder, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
