"""Is everything below the data root what it was when it was made? What is not, and what to do.

`damages` is what `hoban verify` shows. It only reads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hoban_assets.archives.reading import read_all
from hoban_assets.asset_names import DATASET, MODEL, kind_of
from hoban_assets.catalog.answers import asking
from hoban_assets.errors import HobanError
from hoban_assets.howto import build_all
from hoban_assets.language import Say
from hoban_assets.settings import Settings
from hoban_assets.workers.yolo_support import damaged

_BUILT = "SELECT asset, partition, path FROM materializations WHERE is_current ORDER BY ALL"


@dataclass(frozen=True)
class Damage:
    """Something that is not as it was made."""

    path: Path
    problem: str
    way_out: str


def damages(settings: Settings, say: Say, tell: Callable[[str], object]) -> Iterator[Damage]:
    """Read the catalog and all that it refers to, caches and the lists of bundles.

    Every label, a sample of the photographs, weights and metrics of every model by hash. `tell`
    gets a line before each part.
    """
    if settings.catalog_path.exists():
        tell(str(settings.catalog_path))
        try:
            with asking(settings.catalog_path, settings.catalog_wait) as ask:
                built = ask(_BUILT, [])
        except HobanError as error:
            yield Damage(settings.catalog_path, error.problem, error.way_out)
            built = []
        for row in built:
            if row["path"]:
                tell(f"{row['asset']} [{row['partition']}] {row['path']}")
                yield from _of_build(row, say)
    yield from _caches(settings, say, tell)
    yield from _bundles(settings, say, tell)


def _of_build(row: dict[str, Any], say: Say) -> Iterator[Damage]:
    folder, asset = Path(row["path"]), row["asset"]
    if kind_of(asset) == DATASET:
        from hoban_assets.publish.reports import what_is_wrong

        wrong = what_is_wrong(folder, content=True)
    elif kind_of(asset) == MODEL:
        wrong = damaged(folder)
    else:
        return
    if wrong:
        again = build_all(asset, row["partition"])
        yield Damage(folder, wrong, say("it is made again by: {command}", command=again))


def _caches(settings: Settings, say: Say, tell: Callable[[str], object]) -> Iterator[Damage]:
    """Caches are read again where they are damaged, so they only cost time."""
    import numpy as np
    import pyarrow.parquet as pq

    def arrays(file: Path) -> None:
        with np.load(file, allow_pickle=False) as archive:
            for name in archive.files:
                archive[name]

    readers: dict[str, Callable[[Path], object]] = {
        ".parquet": pq.read_table,
        ".json": lambda file: json.loads(file.read_bytes()),
        ".npz": arrays,
    }
    for file in sorted(settings.cache.rglob("*")):
        if file.suffix in readers and file.is_file():
            tell(str(file))
            try:
                readers[file.suffix](file)
            except Exception as error:  # readers raise whatever broken bytes lead to
                way_out = say("remove it: the next build makes it again")
                yield Damage(file, f"{type(error).__name__}: {error}", way_out)


def _bundles(settings: Settings, say: Say, tell: Callable[[str], object]) -> Iterator[Damage]:
    """Archives beside the list of their files, each file by hash."""
    for listed in sorted((settings.data_root / "bundles").glob("*.json")):
        archive = listed.with_suffix(".tar")
        if archive.is_file():
            tell(str(archive))
            if wrong := _altered_in(archive, listed):
                yield Damage(archive, wrong, say("remove it and make it again: hoban bundle"))


def _altered_in(archive: Path, listed: Path) -> str | None:
    try:
        files = {n: f["sha256"] for n, f in json.loads(listed.read_bytes())["files"].items()}
        members = read_all(archive)[0].items()
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        return f"{type(error).__name__}: {error}"
    found = {name.partition("/")[2]: facts.get("sha256") for name, facts in members}
    wrong = [name for name in sorted(files) if found.get(name) != files[name]]
    return f"{wrong[0]}: {'SHA-256' if wrong[0] in found else '-'}" if wrong else None
