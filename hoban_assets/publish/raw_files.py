"""How a raw file gets into a published tree: linked where that is possible, and never changed."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass

import xxhash

from hoban_assets.errors import HobanError

END_OF_JPEG = b"\xff\xd9"


def copy_with_end(source: str, target: str) -> None:
    """Copy a JPEG that does not end in FFD9, and end it so; the time stays that of `source`.

    Ultralytics rewrites such a file, or drops it where Pillow finds it cut; decoders take the
    same picture from it with the marker as without (the image facts have seen to that).
    """
    shutil.copy2(source, target)
    with open(target, "ab") as file:  # noqa: PTH123
        look = os.fstat(file.fileno())
        file.write(END_OF_JPEG)
    os.utime(target, ns=(look.st_atime_ns, look.st_mtime_ns))


@dataclass(frozen=True)
class Read:
    """A raw file as it was when its facts were read; 0 and None: not known, not compared."""

    bytes: int = 0
    mtime_ns: int = 0
    content_hash: str | None = None
    """xxh3-128 of its bytes."""


def must_be_unchanged(source: str, read: Read, *, added: int = 0, at: str = "") -> os.stat_result:
    """Compare a raw file with what was read; return how it lies there.

    Size first, then the time, which costs nothing more. Where the time is another one the content
    decides: a file that was only touched, or copied here, is the same.

    Args:
        source: the raw file, for the message.
        read: what it was.
        added: bytes that `at` has more.
        at: where its content is looked at: the published file, once it is in place.

    Raises:
        HobanError: it is not what was read.
        FileNotFoundError: it is gone.
    """
    path = at or source
    look = os.stat(path)  # noqa: PTH116 - a Path an image costs as much as its link
    size = look.st_size - added
    if read.bytes and size != read.bytes:
        raise changed(f"{source} has {size:,} bytes, but had {read.bytes:,} when it was read")
    if read.content_hash and read.mtime_ns not in (0, look.st_mtime_ns):
        with open(path, "rb") as file:  # noqa: PTH123
            content = file.read(size)
        if xxhash.xxh3_128_hexdigest(content) != read.content_hash:
            raise changed(f"{source} has other content than when it was read")
    return look


def changed(problem: str) -> HobanError:
    """Error of a raw file that is not what was read."""
    way_out = "materialise the stages of this dataset again, then the dataset"
    return HobanError(problem, way_out)
