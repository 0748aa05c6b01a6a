"""Whether what is written fits there, and what is said where it turns out not to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hoban_assets.errors import FULL, HobanError
from hoban_assets.file_systems import existing, kind_of
from hoban_assets.processes.lifeline import own_folder
from hoban_assets.units import size_text

PACKING = "packing"
"""Purpose of the folders (see `own_folder`) in which archives are written."""
LARGEST = {"vfat": (1 << 32) - 1, "msdos": (1 << 32) - 1}
"""File system -> largest file."""
_FREE = "free space there ('hoban prune --dry-run' says what is not needed)"


def must_fit(
    folder: Path,
    what: Path,
    needed: int,
    elsewhere: str,
    *,
    largest: int = 0,
    mounts: str | None = None,
) -> None:
    """See to it that `needed` bytes can be written into `folder`, which may not be there yet.

    Leftovers of killed runs are removed first.

    Args:
        folder: where they are to go.
        what: named in the messages.
        needed: bytes in all.
        elsewhere: what to do instead, an imperative.
        largest: bytes of the largest file.
        mounts: text of /proc/self/mounts.

    Raises:
        HobanError: too little is free, the file system takes no such file, or no writing there.
    """
    place = existing(folder)
    with explained(what, elsewhere), own_folder(place, PACKING):  # whether it may be written to
        free = shutil.disk_usage(place).free
    if free < needed:
        raise HobanError(
            f"{what} takes {size_text(needed)}, and {place} has {size_text(free)} left",
            f"{_FREE}, or {elsewhere}",
        )
    kind = kind_of(place, mounts)
    if largest > LARGEST.get(kind, largest):
        raise HobanError(
            f"{place} is on a {kind} (FAT32) disk, where no file is larger than 4 GiB; {what} "
            f"takes {size_text(largest)}",
            f"format that disk as exFAT or NTFS, or {elsewhere}",
        )


@contextmanager
def explained(target: Path, elsewhere: str) -> Iterator[None]:
    """Turn an error of the disk into one message; the block must leave nothing half-written.

    Args:
        target: what is being written.
        elsewhere: what to do instead, an imperative.

    Raises:
        HobanError: in place of an OSError.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise HobanError(
                f"no space left while writing {target}; nothing of it stays",
                f"{_FREE}, or {elsewhere}",
            ) from error
        raise HobanError(
            f"{target} was not written, nothing of it stays: {error.filename or target}: "
            f"{error.strerror or error}",
            f"fix that path, or {elsewhere}",
        ) from error
