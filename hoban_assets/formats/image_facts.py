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

import pandas as pd

from hoban_assets.formats.displayed import STAGE, bring_into_frame
from hoban_assets.formats.facts_cache import load, merge_into, stat_files, typed
from hoban_assets.formats.image_probe import MISSING, UNREADABLE, ImageFact, probe_file
from hoban_assets.formats.source_patterns import judge_sources
from hoban_assets.samples import Samples

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
    - it has the file's aspect ratio within 1 %, and a row beyond the file, or the other images of
      the source, show that it is the frame: boxes are relative and stay (repair, ``size_scaled``,
      one decision an image);
    - width and height are swapped, as in the rest of the source (``size_transposed``);
    - else what the boxes refer to is not known: they are dropped (``size_mismatch``), one by
      one; the image stays, and the decisions say that it is not an empty one.

    A picture that EXIF mirrors, turns by half, or turns as a square has the same size either way:
    its boxes follow what the turned ones of its source show (``exif_rotated``); where they show
    nothing it is listed (review, ``exif_undecided``), and dropped where they show both.
    What the rows of a whole source show is judged first, see `source_patterns`.

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
    return _filled(judge_sources(kept), known[is_ok].reset_index(drop=True))


def _filled(samples: Samples, facts: pd.DataFrame) -> Samples:
    """Fill the facts in; `facts` is aligned with the images, all of them decodable."""
    images = samples.images.assign(
        content_hash=facts.content_hash.to_numpy(),
        bytes=facts.bytes.to_numpy(),
        mtime_ns=facts.mtime_ns.to_numpy(),
        sharpness=facts.sharpness.to_numpy(),
        brightness=facts.brightness.to_numpy(),
        needs_copy=~facts.complete.to_numpy(dtype=bool),
    )
    return bring_into_frame(replace(samples, images=images), facts)
