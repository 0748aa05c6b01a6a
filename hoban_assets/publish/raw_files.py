"""How a raw file gets into a published tree: linked where that is possible, and never changed."""

from __future__ import annotations

import errno
import os
import shutil

from hoban_assets.errors import HobanError

END_OF_JPEG = b"\xff\xd9"
NO_LINK = {
    errno.EXDEV: "raw files lie on another file system",
    errno.EPERM: "the file system allows no hard links",
    errno.ENOTSUP: "the file system allows no hard links",
    errno.ENOSYS: "the file system allows no hard links",
    errno.EACCES: "hard links to these files are not allowed",
    errno.EMLINK: "a raw file has too many links",
}


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


def copy_with_end(source: str, target: str) -> None:
    """Copy a JPEG that does not end in FFD9, and end it so.

    Ultralytics rewrites such a file, or drops it where Pillow finds it cut; decoders take the
    same picture from it with the marker as without (the image facts have seen to that).
    """
    shutil.copy2(source, target)
    with open(target, "ab") as file:  # noqa: PTH123
        file.write(END_OF_JPEG)


def must_be_unchanged(source: str, size: int) -> None:
    """Compare the size of a raw file with `size` in bytes; 0: not known, nothing is compared.

    Raises:
        HobanError: it has another size than when it was read.
        FileNotFoundError: it is gone.
    """
    if not size:  # not known: the file was never read
        return
    found = os.stat(source).st_size  # noqa: PTH116 - a Path an image costs as much as its link
    if found != size:
        raise changed(f"{source} has {found:,} bytes, but had {size:,} when it was read")


def changed(problem: str) -> HobanError:
    """Error of a raw file that is not what was read."""
    way_out = "materialise the stages of this dataset again, then the dataset"
    return HobanError(problem, way_out)
