"""The file that a backup is: a plain tar with a manifest at its end.

Any `tar` unpacks it, and `sha256sum -c SHA256SUMS` then compares every file. The last member,
``manifest.json``, holds the same hashes, so an archive without it was torn. Hard links among the
files stay hard links: images that several datasets share are stored once.
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO, Protocol

from hoban_assets.errors import HobanError
from hoban_assets.upkeep.backup.manifest import must_be_sound, read_manifest

FORMAT = 1
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
_CHUNK = 1 << 20
_ATTEMPTS = 5
_PAUSE = 0.2
"""Seconds until a file that changed while it was read is read again."""
_ENDS = b"\0" * (2 * tarfile.BLOCKSIZE)

Progress = Callable[[int], None]
"""Called with the number of bytes that were read since the last call."""


class Writer:
    """Writes an archive member by member to a seekable file; nothing is kept but the manifest."""

    def __init__(self, out: BinaryIO, progress: Progress = lambda _: None) -> None:
        self._out = out
        self._progress = progress
        self._names: dict[tuple[int, ...], str] = {}
        self.files: dict[str, dict[str, Any]] = {}
        """Name -> ``{"bytes", "sha256"}``, ``{"link": name}`` or ``{"folder": true}``."""
        self.left_out: dict[str, str] = {}
        """Name -> why it is not in the archive."""

    def add_folder(self, name: str, path: Path) -> None:
        """Note a folder, which may be empty."""
        info = tarfile.TarInfo(name)
        status = path.stat()
        info.type, info.mode, info.mtime = tarfile.DIRTYPE, 0o755, int(status.st_mtime)
        self._out.write(_header(info))
        self.files[name] = {"folder": True}

    def add(self, name: str, path: Path) -> None:
        """Add a file as of one moment; one that vanishes, or changes all the time, is left out.

        Raises:
            OSError: it cannot be read, or the archive cannot be written.
        """
        for attempt in range(_ATTEMPTS):
            start = self._out.tell()
            try:
                with path.open("rb") as file:
                    if self._add_open(name, file):
                        return
            except FileNotFoundError:
                self.left_out[name] = "it was removed meanwhile"
                return
            self._out.seek(start)
            self._out.truncate()
            if attempt + 1 < _ATTEMPTS:
                time.sleep(_PAUSE)
        self.left_out[name] = "it was being written all the time"

    def _add_open(self, name: str, file: IO[bytes]) -> bool:
        before = os.fstat(file.fileno())
        info = tarfile.TarInfo(name)
        info.mode, info.mtime = before.st_mode & 0o777, before.st_mtime_ns / 1e9
        # Size and time beside the inode: the number of a removed file is used again at once.
        same = (before.st_dev, before.st_ino, before.st_size, before.st_mtime_ns)
        if before.st_nlink > 1 and same in self._names:
            info.type, info.linkname = tarfile.LNKTYPE, self._names[same]
            self._out.write(_header(info))
            self.files[name] = {"link": self._names[same]}
            self._progress(before.st_size)
            return True
        info.size = before.st_size
        self._out.write(_header(info))
        digest, left = hashlib.sha256(), before.st_size
        while left and (data := file.read(min(_CHUNK, left))):
            self._out.write(data)
            digest.update(data)
            left -= len(data)
        after = os.fstat(file.fileno())
        if left or (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            return False
        self._out.write(b"\0" * (-before.st_size % tarfile.BLOCKSIZE))
        self._progress(before.st_size)
        if before.st_nlink > 1:
            self._names[same] = name
        self.files[name] = {"bytes": before.st_size, "sha256": digest.hexdigest()}
        return True

    def finish(self, about: dict[str, Any]) -> None:
        """Write the manifest, which makes the archive whole, and see it onto the disk."""
        sums = b"".join(
            _sum(name, self.files[facts.get("link", name)]["sha256"])
            for name, facts in self.files.items()
            if "folder" not in facts
        )
        self._write(SUMS, sums)
        self.files[SUMS] = {"bytes": len(sums), "sha256": hashlib.sha256(sums).hexdigest()}
        manifest = {"format": FORMAT, **about, "left_out": self.left_out, "files": self.files}
        self._write(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=0).encode())
        self._out.write(_ENDS)
        self._out.flush()
        os.fsync(self._out.fileno())

    def _write(self, name: str, data: bytes) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mtime = len(data), int(time.time())
        self._out.write(_header(info) + data + b"\0" * (-len(data) % tarfile.BLOCKSIZE))


def _sum(name: str, sha256: str) -> bytes:
    """A line of ``SHA256SUMS``; a name with a backslash or a new line as coreutils write it."""
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n")
    mark = "" if escaped == name else "\\"
    return f"{mark}{sha256}  {escaped}\n".encode(errors="surrogateescape")


def _header(info: tarfile.TarInfo) -> bytes:
    # Names as they lie on the disk, whatever their encoding; the owner is who restores.
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


class Sink(Protocol):
    """Takes what an archive holds."""

    def folder(self, name: str) -> None:
        """Make a folder."""

    def link(self, name: str, target: str) -> None:
        """Give a file that was taken before another name."""

    def file(self, name: str, info: tarfile.TarInfo) -> BinaryIO:
        """Open a file to write its content to."""

    def done(self, name: str, info: tarfile.TarInfo) -> None:
        """The content was written, and the file closed."""


def read_archive(archive: Path, sink: Sink | None, progress: Progress) -> dict[str, Any]:
    """Read an archive from end to end, compare every hash, and return its manifest.

    Files go to `sink` as they come: the caller must throw them away where this raises.

    Raises:
        HobanError: it is no backup, of newer code, torn, or damaged.
        OSError: `sink` could not write.
    """
    found: dict[str, dict[str, Any]] = {}
    manifest: dict[str, Any] | None = None
    try:
        with archive.open("rb") as file, tarfile.open(fileobj=file, mode="r|") as tar:
            for info in tar:
                tar.members = []  # type: ignore[attr-defined]  # else it keeps one object a file
                if info.name == MANIFEST:
                    manifest = read_manifest(_content(tar, info))
                    continue
                found[info.name] = _take(tar, info, sink, progress)
    except (tarfile.TarError, EOFError, ValueError, ArithmeticError) as error:
        raise _torn(archive, str(error), found) from error
    except FileNotFoundError as error:
        if error.filename != str(archive):
            raise
        raise HobanError(f"there is no {archive}", "name the file of a backup") from error
    except IsADirectoryError as error:
        raise HobanError(f"{archive} is a folder", "name the file of a backup") from error
    if manifest is None:
        raise _torn(archive, "its end is missing", found)
    if manifest["format"] != FORMAT:
        raise HobanError(
            f"{archive} is no backup that this code knows", "update the checkout, and try again"
        )
    try:
        must_be_sound(manifest)
    except ValueError as error:
        raise _torn(archive, str(error), found) from error
    if wrong := sorted(_differing(manifest["files"], found)):
        raise HobanError(
            f"{archive} is damaged: {len(wrong):,} of its files are not what was backed up, "
            f"among them {wrong[0]}",
            "take another copy of it, or an earlier backup",
        )
    return manifest


def _take(
    tar: tarfile.TarFile, info: tarfile.TarInfo, sink: Sink | None, progress: Progress
) -> dict[str, Any]:
    _must_be_below(info.name)
    if info.isdir():
        if sink:
            sink.folder(info.name)
        return {"folder": True}
    if info.islnk():
        _must_be_below(info.linkname)
        if sink:
            sink.link(info.name, info.linkname)
        return {"link": info.linkname}
    content, digest = _content(tar, info), hashlib.sha256()
    out = sink.file(info.name, info) if sink else None
    try:
        while data := content.read(_CHUNK):
            digest.update(data)
            progress(len(data))
            if out:
                out.write(data)
    finally:
        if out:
            out.close()
    if sink:
        sink.done(info.name, info)
    return {"bytes": info.size, "sha256": digest.hexdigest()}


def _content(tar: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    # What holes are filled with is not in the archive: a few bytes could fill any disk.
    content = tar.extractfile(info) if info.isfile() and not info.issparse() else None
    if content is None:
        raise ValueError(f"{info.name} is neither a file nor a folder")
    return content


def _must_be_below(name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError(f"it names {name!r}, a path outside")


def _differing(listed: dict[str, Any], found: dict[str, Any]) -> set[str]:
    names = listed.keys() ^ found.keys()
    return names | {name for name in listed.keys() & found.keys() if listed[name] != found[name]}


def _torn(archive: Path, why: str, found: dict[str, Any]) -> HobanError:
    size = 0
    with suppress(OSError):
        size = archive.stat().st_size
    if not found:
        return HobanError(
            f"{archive} is no backup of hoban ({size:,} bytes; {why})", "name the file of a backup"
        )
    return HobanError(
        f"{archive} is torn or damaged after {len(found):,} files ({size:,} bytes; {why})",
        "copy it again from where it was made, or take an earlier backup",
    )
