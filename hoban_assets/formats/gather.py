"""Everything that is to be known of a raw folder: labels with its own classes, image facts."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from hoban_assets.formats.image_facts import apply_facts, read_facts
from hoban_assets.formats.own_classes import Note, OwnClass, Progress, open_own, own_splits
from hoban_assets.formats.source import RawSource
from hoban_assets.formats.source_patterns import judge_sources
from hoban_assets.samples import Samples

Bars = Callable[[str], AbstractContextManager[Progress]]
"""Opens a progress bar of that title."""


@dataclass(frozen=True)
class Gathered:
    """A raw folder as the readers see it, with its own classes."""

    source: RawSource
    recipe_classes: Mapping[str, str]
    """Own class to what recipes make of it; empty where no declared source reads this folder."""
    declared_as: str | None
    classes: tuple[OwnClass, ...]
    notes: tuple[Note, ...]
    samples: Samples
    """Kept rows; after the image facts where images were opened."""
    images_in: int
    boxes_in: int
    label_files: int
    siblings: tuple[str, ...]
    """Names of the folders beside it, itself among them, sorted."""
    files: pd.DataFrame
    """Every image file: columns image_id, file (below the raw root), split (a tuple)."""
    facts: pd.DataFrame | None
    """Of `files` in their order (see `read_facts`); None where no image was opened."""


def gather(
    source: RawSource,
    raw_root: Path,
    *,
    declared: RawSource | None,
    bars: Bars,
    open_images: bool = True,
    cache_file: Path | None = None,
    workers: int = 1,
) -> Gathered:
    """Read a source with its own classes, and every image file of it.

    Args:
        source: what to read; its `classes` are not looked at.
        raw_root: folder that it is below.
        declared: the declared source that reads this folder, if one does.
        bars: one progress bar a step.
        open_images: False: no duplicates, no image sizes beyond what labels state.
        cache_file: image facts (see `read_facts`), or None to forget them.
        workers: threads that read images.

    Raises:
        HobanError: the source is missing, empty or not readable.
    """
    with bars("classes") as bar:
        own = open_own(source, raw_root, bar)
    with bars("labels") as bar:
        own.listed.progress = bar
        read = own.reader.read()
    samples = read.samples
    files = pd.DataFrame(
        {
            "image_id": own.reader.image_ids(),
            "file": [f"{source.folder}/{path}" for path in own.listed.paths],
            "split": own_splits(own.listed, own.listed.paths),
        }
    )
    is_outside = pd.Series(own.listed.paths, dtype=object).isin(own.listed.tree.outside_files)
    files = files[~is_outside.to_numpy(bool)].reset_index(drop=True)
    facts = None
    if open_images:
        with bars("images") as bar:
            facts = _facts(files.file.tolist(), raw_root, cache_file, workers, bar)
        samples = apply_facts(samples, facts)
    else:
        samples = judge_sources(samples)
    return Gathered(
        source=source,
        recipe_classes=declared.classes if declared else {},
        declared_as=declared.name if declared else None,
        classes=own.classes,
        notes=own.notes,
        samples=samples,
        images_in=read.images_in,
        boxes_in=read.boxes_in,
        label_files=len(own.listed.label_files),
        siblings=_siblings(raw_root / source.folder),
        files=files,
        facts=facts,
    )


def _siblings(folder: Path) -> tuple[str, ...]:
    try:
        return tuple(sorted(each.name for each in folder.parent.iterdir() if each.is_dir()))
    except OSError:
        return (folder.name,)


def _facts(
    files: list[str],
    raw_root: Path,
    cache_file: Path | None,
    workers: int,
    progress: Progress,
) -> pd.DataFrame:
    if cache_file is not None:
        return read_facts(files, raw_root, cache_file, workers, progress)
    with tempfile.TemporaryDirectory() as folder:
        return read_facts(files, raw_root, Path(folder) / "facts.parquet", workers, progress)
