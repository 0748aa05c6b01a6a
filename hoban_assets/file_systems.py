"""What kind of file system a folder is on, and whether two folders can share files by links."""

from __future__ import annotations

import errno
import os
import re
import tempfile
from pathlib import Path

from hoban_assets.errors import HobanError

MOUNTS = Path("/proc/self/mounts")
WINDOWS_DRIVES = frozenset({"9p", "drvfs", "vfat", "exfat", "ntfs", "ntfs3", "fuseblk", "cifs"})
"""Kinds of file systems on which Windows' rules for names hold."""

NO_LINK = {
    errno.EXDEV: "raw files lie on another file system",
    errno.EPERM: "the file system allows no hard links",
    errno.ENOTSUP: "the file system allows no hard links",
    errno.ENOSYS: "the file system allows no hard links",
    errno.EACCES: "hard links to these files are not allowed",
    errno.EMLINK: "a raw file has too many links",
}


def mounted(mounts: str | None = None) -> list[tuple[Path, str]]:
    """Mount points and the kinds of file systems there; none where that is not known.

    `mounts` is in the format of ``/proc/self/mounts``.
    """
    if mounts is None:
        try:
            mounts = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
        except FileNotFoundError:  # not Linux
            return []
    found = []
    for line in mounts.splitlines():
        _, point, kind, *_ = line.split()  # fstab(5): spaces of a name in octal
        name = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), point)
        found.append((Path(name), kind))
    return found


def kind_of(folder: Path, mounts: str | None = None) -> str:
    """Kind of the file system that `folder` is on ('ext4', '9p' for a drive of Windows in WSL).

    '' where that is not known. `mounts`: see `mounted`.
    """
    real = folder.resolve()
    above = [found for found in mounted(mounts) if real.is_relative_to(found[0])]
    return max(reversed(above), key=lambda found: len(found[0].parts), default=("", ""))[1]


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def refuse_no_data_root(folder: Path) -> None:
    """See to it that the data root is there or can be made; nothing is left of the trial.

    Raises:
        HobanError: it can not; the message says why, and what to set.
    """
    if folder.is_dir():
        return
    try:
        above = next(place for place in folder.parents if place.exists())
        with tempfile.TemporaryDirectory(dir=folder if folder.exists() else above):
            pass
    except OSError as error:
        raise HobanError(
            f"data root {folder} does not exist and cannot be made: {error.strerror}",
            "set HOBAN_DATA_ROOT to a folder in which this account may write",
        ) from error


def cannot_link(file: Path, folder: Path) -> str:
    """Why `file` cannot be hard-linked into `folder` (or the nearest above it); '' if it can.

    It is tried, in a hidden folder that is removed again.

    Raises:
        OSError: nothing can be written there.
    """
    with tempfile.TemporaryDirectory(prefix=".link-", dir=existing(folder)) as trial:
        return link(str(file), os.path.join(trial, "link"))  # noqa: PTH118


def link(source: str, target: str) -> str:
    """Hard-link; return '' or why that is not possible.

    Raises:
        OSError: `source` is gone, or the disk is full.
    """
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in NO_LINK:
            raise
        return NO_LINK[error.errno]
    return ""
