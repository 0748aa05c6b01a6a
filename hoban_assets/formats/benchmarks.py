"""Benchmarks below the raw root: folders ``benchmark_<name>``, read with the classes they name.

The only sources that nobody declares: a team puts its own fully labelled photographs there, and
they judge every model. No recipe can take one (`curation.benchmarks` proves it of each dataset).
"""

from __future__ import annotations

from pathlib import Path

from hoban_assets.asset_names import BENCHMARK
from hoban_assets.classes import class_called
from hoban_assets.errors import HobanError
from hoban_assets.formats.detect import detect
from hoban_assets.formats.own_classes import open_own
from hoban_assets.formats.source import RawSource

PREFIX = f"{BENCHMARK}_"
"""How the folder of a benchmark, and with it its asset, begins."""


def is_benchmark(name: str) -> bool:
    """Whether an asset or a raw folder of this name is a benchmark."""
    return name.startswith(PREFIX)


def benchmark_sources(raw_root: Path) -> tuple[RawSource, ...]:
    """Return a source for each benchmark folder, in the order of names.

    Its classes that are called as ours are used (``person``; in AI Hub's format by its codes), and
    these count as labelled completely. One that cannot be read, or has none of our classes, is a
    source all the same: building it says why.
    """
    folders = sorted(raw_root.glob(f"{PREFIX}*")) if raw_root.is_dir() else []
    return tuple(_source(folder, raw_root) for folder in folders if folder.is_dir())


def _source(folder: Path, raw_root: Path) -> RawSource:
    found = None
    try:
        found = detect(folder).format
        bare = RawSource(folder.name, folder.name, found or "yolo")
        own = [each.name for each in open_own(bare, raw_root).classes]
    except HobanError:
        own = []
    ours = {name: class_called(name, code=found == "aihub") for name in own}
    classes = {name: called for name, called in ours.items() if called}
    return RawSource(folder.name, folder.name, found or "yolo", classes)
