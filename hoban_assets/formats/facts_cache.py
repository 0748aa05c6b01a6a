"""The cache of image facts: one Parquet file a source, valid by size and modification time."""

from __future__ import annotations

import errno
import logging
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from hoban_assets.errors import HobanError
from hoban_assets.files import written
from hoban_assets.formats.image_probe import MISSING, UNREADABLE

FACTS_VERSION = b"2"
"""Raise it whenever `image_probe` measures differently: older caches are then ignored."""

FACTS_SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("bytes", pa.int64()),
        ("mtime_ns", pa.int64()),
        ("ok", pa.bool_()),
        ("error", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("stored_width", pa.int32()),
        ("stored_height", pa.int32()),
        ("orientation", pa.int8()),
        ("format", pa.string()),
        ("mode", pa.string()),
        ("content_hash", pa.string()),
        ("sharpness", pa.float32()),
        ("brightness", pa.float32()),
        ("complete", pa.bool_()),
    ],
    metadata={b"hoban_facts": FACTS_VERSION},
)

_log = logging.getLogger(__name__)


def stat_files(files: Sequence[str], raw_root: Path) -> pd.DataFrame:
    """Size and modification time of each file, size -1 where there is none."""
    table = pd.DataFrame({"file": pd.Series(list(files), dtype="str")})
    if table.file.duplicated().any():
        raise ValueError(f"named twice: {table.file[table.file.duplicated()].iloc[0]}")
    wanted: dict[str, set[str]] = {}
    for file in files:
        folder, _, name = file.rpartition("/")
        wanted.setdefault(folder, set()).add(name)
    found: dict[str, tuple[int, int]] = {}
    for folder, names in wanted.items():
        found.update(_stat_folder(raw_root, folder, names))
    stats = [found.get(file, (-1, 0)) for file in files]
    table["bytes"] = pd.Series([size for size, _ in stats], dtype="int64")
    table["mtime_ns"] = pd.Series([mtime for _, mtime in stats], dtype="int64")
    return table


_LEADS_NOWHERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})


def _stat_folder(
    raw_root: Path, folder: str, names: set[str]
) -> Iterator[tuple[str, tuple[int, int]]]:
    prefix = f"{folder}/" if folder else ""
    try:
        with os.scandir(raw_root / folder) as entries:
            for entry in entries:
                info = _status(entry) if entry.name in names else None
                if info is not None and stat.S_ISREG(info.st_mode):
                    yield prefix + entry.name, (info.st_size, info.st_mtime_ns)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise HobanError(
            f"folder {raw_root / folder} cannot be read: {error.strerror}",
            "make it readable for the user that runs the platform",
        ) from error


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    """Status of what an entry leads to; None: nowhere, as a ring of links does."""
    try:
        return entry.stat()
    except OSError as error:
        if error.errno in _LEADS_NOWHERE:
            return None
        raise  # a drive that does not answer is no photograph that is missing


def typed(rows: pd.DataFrame) -> pd.DataFrame:
    """Return `rows` with exactly the columns and types of FACTS_SCHEMA."""
    return _table(rows).to_pandas()


def _table(rows: pd.DataFrame) -> pa.Table:
    arrays = [pa.array(rows[f.name], type=f.type, from_pandas=True) for f in FACTS_SCHEMA]
    return pa.Table.from_arrays(arrays, schema=FACTS_SCHEMA)


def load(cache_file: Path) -> pd.DataFrame:
    """Return what is remembered: nothing where the cache is absent, damaged or outdated."""
    try:
        table = pq.ParquetFile(cache_file).read()  # read_table() would import pyarrow.dataset
    except FileNotFoundError:
        return _empty()
    except (OSError, pa.ArrowException) as error:
        _log.warning("image facts %s are damaged and are read anew: %s", cache_file, error)
        return _empty()
    if not table.schema.equals(FACTS_SCHEMA, check_metadata=False) or (
        (table.schema.metadata or {}).get(b"hoban_facts") != FACTS_VERSION
    ):
        _log.warning("image facts %s are of another version and are read anew", cache_file)
        return _empty()
    return table.to_pandas()


def _empty() -> pd.DataFrame:
    return FACTS_SCHEMA.empty_table().to_pandas()


def merge_into(cache_file: Path, rows: pd.DataFrame) -> None:
    """Add `rows` to the cache, the newest fact of a file winning.

    A file that is missing or unreadable is not remembered: it may be there again tomorrow with
    the same size and time.
    """
    passing = rows.error.fillna("").str.startswith((MISSING, UNREADABLE))
    cache_file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{cache_file}.lock"):
        old = load(cache_file)
        merged = pd.concat([old[~old.file.isin(rows.file)], rows[~passing]])
        with written(cache_file) as new:
            pq.write_table(_table(merged), new, compression="zstd")
