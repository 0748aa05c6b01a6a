"""Benchmarks: photographs that no training may see. Does a dataset hold one of them?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hoban_assets.curation.checks import Check
from hoban_assets.curation.similarity import SimilarityGraph
from hoban_assets.language import Say, plain
from hoban_assets.samples import Samples

CHECK = "no_benchmark_inside"
SHOWN = 3


@dataclass(frozen=True)
class Overlap:
    """A picture of a dataset that a benchmark holds too."""

    image_id: str
    witness: str
    """The picture of the benchmark."""
    how: str
    """'content', 'clip' or 'similar'."""


def overlaps(
    dataset: Samples, benchmark: Samples, similar: SimilarityGraph | None, threshold: float
) -> list[Overlap]:
    """Find the pictures of a dataset that are also in a benchmark: one line a picture.

    By content (the same bytes), by clip (a clip of the same name in both, of which one has several
    frames), and by similarity.

    Args:
        dataset: published rows.
        benchmark: rows of the benchmark.
        similar: graph of the images of the dataset followed by those of the benchmark; None: only
            content and clips are compared.
        threshold: similarity from which two pictures are near-copies.
    """
    found: dict[str, Overlap] = {}

    def note(image_id: str, witness: str, how: str) -> None:
        found.setdefault(image_id, Overlap(image_id, witness, how))

    ours, theirs = dataset.images, benchmark.images
    contents = dict(zip(theirs.content_hash.dropna(), theirs.image_id, strict=False))
    for image_id, content in zip(ours.image_id, ours.content_hash, strict=True):
        if content in contents:
            note(image_id, contents[content], "content")
    clips = _clips(theirs) | _clips(ours)
    by_clip = dict(zip(_clip_names(theirs), theirs.image_id, strict=True))
    for image_id, clip in zip(ours.image_id, _clip_names(ours), strict=True):
        if clip in clips and clip in by_clip:
            note(image_id, by_clip[clip], "clip")
    if similar is not None:
        rows, columns = np.arange(len(ours)), len(ours) + np.arange(len(theirs))
        for pairs in similar.between(rows, columns, threshold):
            for i, j in zip(pairs.i.tolist(), pairs.j.tolist(), strict=True):
                note(ours.image_id.iloc[i], theirs.image_id.iloc[j - len(ours)], "similar")
    return list(found.values())


def _clip_names(images: pd.DataFrame) -> list[str]:
    """Names of groups without the source: the same video may lie in two folders."""
    return [
        str(group).removeprefix(f"{source}/")
        for group, source in zip(images.group_id, images.source, strict=True)
    ]


def _clips(images: pd.DataFrame) -> set[str]:
    counts = pd.Series(_clip_names(images), dtype=object).value_counts()
    return set(counts.index[counts > 1])


def no_benchmark_inside(
    found: Mapping[str, Sequence[Overlap]], engine: str, say: Say = plain
) -> Check:
    """Check that no benchmark shares a picture with a dataset.

    `found`: benchmark (or dataset, seen from the benchmark) -> overlaps with it.
    """
    if not found:
        return Check(
            CHECK, True, say("nothing to compare with yet: no benchmark, or no dataset, is built")
        )
    texts = [
        say(
            "{count} pictures are also in {name}: {examples}",
            count=f"{len(each):,}",
            name=name,
            examples=", ".join(f"{o.image_id} = {o.witness} ({say(o.how)})" for o in each[:SHOWN]),
        )
        for name, each in found.items()
        if each
    ]
    if not texts:
        fine = say(
            "no picture in common with {names}, by content, clip and similarity ({engine})",
            names=", ".join(found),
            engine=engine,
        )
        return Check(CHECK, True, fine)
    way_out = say(
        "take these pictures out of the benchmark, or their source out of the recipe, and build "
        "again: who trains on a benchmark is judged on what it knows by heart"
    )
    return Check(CHECK, False, "; ".join([*texts, way_out]), {k: len(v) for k, v in found.items()})
