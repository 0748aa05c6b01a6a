"""Image facts of a source: every file read once, in parallel, and remembered.

`read_facts` keeps one Parquet file a source. A fact is valid as long as size and modification
time of its file are, so a second build reads no image. `apply_facts` brings the facts to the
rows: images that do not decode leave, boxes follow the picture as it is displayed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hoban_assets.formats.facts_cache import load, merge_into, stat_files, typed
from hoban_assets.formats.image_probe import MISSING, UNREADABLE, ImageFact, probe_file
from hoban_assets.samples import Samples
from hoban_assets.tables import DECISIONS_SCHEMA, frame_of

STAGE = "facts"
ASPECT_TOLERANCE = 0.01
"""Aspect ratios this near (relative) are the same: rounding of a scaled size stays below it."""

_BATCH = 32  # files a task: below it the hand-over to a thread costs more than it brings
_SAVE_EVERY = 8192  # files after which a killed run has to start again


def read_facts(
    files: Sequence[str],
    raw_root: Path,
    cache_file: Path,
    workers: int,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Return the facts of `files` (paths below `raw_root`), one row each, in the order given.

    Columns are those of FACTS_SCHEMA; see `image_probe.ImageFact` for their meaning. A bad file
    is a row with `ok` False and the reason in `error`. Only files whose size or modification time
    are new are read, by `workers` threads (OpenCV decodes outside the interpreter lock).
    `progress` gets (files done, files to read) after every few files.

    `cache_file` is replaced as a whole, under a lock beside it: readers see the old or the new
    one, two writers keep what both found, a damaged one is made anew.

    Raises:
        ValueError: a file is named twice.
        HobanError: a folder cannot be listed.
    """
    wanted = stat_files(files, raw_root)
    cached = load(cache_file)
    at = pd.Index(cached.file).get_indexer(pd.Index(wanted.file))
    is_known = at >= 0
    for column in ("bytes", "mtime_ns"):
        is_known[is_known] = (
            cached[column].to_numpy()[at[is_known]] == wanted[column].to_numpy()[is_known]
        )
    known = cached.take(at[is_known]).reset_index(drop=True)
    if is_known.all():
        return known
    todo = wanted[~is_known].reset_index(drop=True)
    fresh = _read_new(todo, raw_root, cache_file, workers, progress)
    return pd.concat([known, fresh]).set_index("file").loc[wanted.file].reset_index()


def _read_new(
    todo: pd.DataFrame,
    raw_root: Path,
    cache_file: Path,
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> pd.DataFrame:
    """Probe every file of `todo` and remember what was found, some thousand files at a time."""
    fresh, done = [], 0
    with ThreadPoolExecutor(max(1, workers), thread_name_prefix="image-facts") as pool:
        for start in range(0, len(todo), _SAVE_EVERY):
            part = todo.iloc[start : start + _SAVE_EVERY].reset_index(drop=True)
            facts: list[ImageFact] = []
            for batch in _probe_all(pool, part, raw_root):
                facts += batch
                if progress:
                    progress(done + len(facts), len(todo))
            done += len(facts)
            columns = pd.DataFrame(facts, columns=list(ImageFact._fields))
            fresh.append(typed(pd.concat([part, columns], axis=1)))
            merge_into(cache_file, fresh[-1])
    return pd.concat(fresh)


def _probe_all(
    pool: ThreadPoolExecutor, part: pd.DataFrame, raw_root: Path
) -> Iterator[list[ImageFact]]:
    """Facts of `part`'s files in its order, a batch at a time."""
    jobs = zip(part.file, part.bytes, strict=True)
    batches = iter(lambda: list(itertools.islice(jobs, _BATCH)), [])

    def probe(batch: list[tuple[str, int]]) -> list[ImageFact]:
        return [_probe(raw_root / file, size) for file, size in batch]

    yield from pool.map(probe, batches)


def _probe(path: Path, size: int) -> ImageFact:
    if size < 0:  # nothing there, or no regular file: a pipe would block the reader for ever
        return ImageFact(error=f"{UNREADABLE}: no file" if path.exists() else MISSING)
    return probe_file(path)


def apply_facts(samples: Samples, facts: pd.DataFrame) -> Samples:
    """Bring the facts of `read_facts` to the rows of `samples` (stage ``facts``). Pure.

    Images that are missing or do not decode are dropped (rules ``image_missing``,
    ``undecodable``; the value is the reason). The others get bytes, content hash, sharpness,
    brightness, ``needs_copy``, and the size of the file as displayed. Where the label states
    another size:

    - it is the stored size of a picture that EXIF turns by 90 degrees: the boxes are turned with
      it (repair, ``exif_rotated``, one decision a box);
    - it has the file's aspect ratio within 1 %: boxes are relative and stay (repair,
      ``size_scaled``, one decision an image);
    - else what the boxes refer to is not known: they are dropped (``size_mismatch``), one by
      one; the image stays, and the decisions say that it is not an empty one.

    Raises:
        ValueError: `facts` lacks an image of `samples`.
    """
    known = facts.set_index("file").reindex(samples.images.file)
    if known.ok.isna().any():
        raise ValueError(f"no facts of {known.index[known.ok.isna()][0]}")
    is_ok = known.ok.to_numpy(dtype=bool)
    is_missing = (known.error == MISSING).to_numpy(dtype=bool)
    kept = samples.drop_images(
        is_missing, stage=STAGE, rule="image_missing", value=known.error[is_missing]
    ).drop_images(
        ~is_ok[~is_missing],
        stage=STAGE,
        rule="undecodable",
        value=known.error[~is_ok & ~is_missing],
    )
    return _in_displayed_frame(kept, known[is_ok].reset_index(drop=True))


def _in_displayed_frame(samples: Samples, facts: pd.DataFrame) -> Samples:
    """Fill the facts in; `facts` is aligned with the images, all of them decodable."""
    images = samples.images
    label_size = images[["width", "height"]].to_numpy()
    size = facts[["width", "height"]].to_numpy()
    stored = facts[["stored_width", "stored_height"]].to_numpy()
    differs = (label_size > 0).all(axis=1) & (label_size != size).any(axis=1)
    is_turned = differs & (facts.orientation >= 5).to_numpy() & (label_size == stored).all(axis=1)
    is_scaled = differs & ~is_turned & _same_aspect(label_size, size)
    is_unclear = differs & ~is_turned & ~is_scaled
    seen = pd.Series(
        [
            f"{lw}x{lh} in label, {w}x{h} in file" if d else None
            for d, (lw, lh), (w, h) in zip(differs, label_size, size, strict=True)
        ],
        index=images.image_id,
        dtype=object,
    )
    filled = replace(
        samples,
        images=images.assign(
            width=size[:, 0],
            height=size[:, 1],
            content_hash=facts.content_hash.to_numpy(),
            bytes=facts.bytes.to_numpy(),
            mtime_ns=facts.mtime_ns.to_numpy(),
            sharpness=facts.sharpness.to_numpy(),
            brightness=facts.brightness.to_numpy(),
            needs_copy=~facts.complete.to_numpy(dtype=bool),
        ),
    )
    turns = pd.Series(facts.orientation.to_numpy(), index=images.image_id)[is_turned]
    turned = _turn_boxes(filled, turns).with_decisions(_scaled(images[is_scaled], seen))
    is_lost = turned.boxes.image_id.isin(images.image_id[is_unclear])
    return turned.drop_boxes(
        is_lost,
        stage=STAGE,
        rule="size_mismatch",
        value=seen.reindex(turned.boxes.image_id[is_lost]),
    )


def _same_aspect(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Where sizes [n, 2] have the same aspect ratio; False where one of `first` is 0."""
    crossed = first[:, ::-1].astype(np.float64) * second
    return np.abs(crossed[:, 0] - crossed[:, 1]) <= ASPECT_TOLERANCE * crossed.min(axis=1)


def _turn_boxes(samples: Samples, turns: pd.Series) -> Samples:
    """Turn boxes from the stored into the displayed frame.

    `turns` maps image ids to EXIF orientations 5-8 (Exif 2.32, tag 0x0112): 5 transposes, 6 turns
    clockwise, 7 mirrors at the other diagonal, 8 turns counter-clockwise. All of them swap the
    axes; then x is mirrored for 6 and 7, y for 7 and 8.
    """
    boxes = samples.boxes
    hit = boxes.image_id.isin(turns.index).to_numpy(dtype=bool)
    if not hit.any():
        return samples
    old = boxes[hit]
    orientation = turns.reindex(old.image_id).to_numpy()
    x, y = old.y_center.to_numpy(), old.x_center.to_numpy()
    new = boxes.copy()
    new.loc[hit, "x_center"] = np.where(np.isin(orientation, (6, 7)), 1 - x, x)
    new.loc[hit, "y_center"] = np.where(np.isin(orientation, (7, 8)), 1 - y, y)
    new.loc[hit, "width"] = old.height.to_numpy()
    new.loc[hit, "height"] = old.width.to_numpy()
    new.loc[hit, "origin"] = "repaired"
    label_files = samples.images.set_index("image_id").label_file.reindex(old.image_id)
    decisions = _repairs(
        "exif_rotated",
        image_id=old.image_id,
        file=label_files.to_numpy(),
        row=old.row.where(old.row >= 0).astype("Int32"),
        value=[f"orientation {o}" for o in orientation],
    )
    return replace(samples, boxes=new).with_decisions(decisions)


def _scaled(images: pd.DataFrame, seen: pd.Series) -> pd.DataFrame:
    return _repairs(
        "size_scaled",
        image_id=images.image_id,
        file=images.label_file.fillna(images.file),
        value=seen.reindex(images.image_id),
    )


def _repairs(rule: str, **columns: Any) -> pd.DataFrame:
    rows = len(columns["image_id"])
    constant = {"stage": [STAGE] * rows, "rule": [rule] * rows, "action": ["repair"] * rows}
    return frame_of({**constant, **columns}, DECISIONS_SCHEMA)
