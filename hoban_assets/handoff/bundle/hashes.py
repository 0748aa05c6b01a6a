"""SHA-256 of files that were read once, so that a bundle with --since does not read all again.

The catalog's content_hash (xxh3) would not do: a server has only Python's own hashes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hoban_assets.archives.members import Member
from hoban_assets.files import written

Key = tuple[int, int, int]
"""Inode, size, time of modification (ns): a published image is a hard link of the raw file, so
it keeps its key from one dataset version to the next."""
_COLUMNS = ("inode", "bytes", "mtime_ns")


class HashMemory:
    """Hashes below a cache folder, a file for each dataset and partition that was packed."""

    def __init__(self, folder: Path) -> None:
        """Read what is known; a damaged file is as none, for it can be computed again."""
        self.folder = folder
        self.known: dict[Key, str] = {}
        for file in sorted(folder.glob("*.parquet")):
            try:
                table = pq.read_table(file, columns=[*_COLUMNS, "sha256"])
            except (OSError, pa.ArrowException):
                continue
            keys = zip(*(table[c].to_pylist() for c in _COLUMNS), strict=True)
            self.known |= dict(zip(keys, table["sha256"].to_pylist(), strict=True))

    def get(self, entry: Member) -> str | None:
        """Hash of the file that `entry` is of, None where it was not read as it is now."""
        return self.known.get(_key(entry)) if isinstance(entry.source, Path) else None

    def remember(
        self, name: str, entries: Sequence[Member], files: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Write the hashes of bundle `name` in place of what was remembered for it.

        `files` has the ``sha256`` of each entry by its name; only files of this machine are kept.
        """
        of = [entry for entry in entries if isinstance(entry.source, Path)]
        hashes = {_key(entry): str(files[entry.name]["sha256"]) for entry in of}
        self.known |= hashes
        keys = list(zip(*hashes, strict=True)) or [(), (), ()]
        columns = {c: pa.array(k, pa.uint64()) for c, k in zip(_COLUMNS, keys, strict=True)}
        table = pa.table({**columns, "sha256": pa.array(list(hashes.values()), pa.string())})
        with written(self.folder / f"{name}.parquet") as new:
            pq.write_table(table, new)


def _key(entry: Member) -> Key:
    return entry.state.inode, entry.size, entry.mtime_ns
