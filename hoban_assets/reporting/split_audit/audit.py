"""Near-copies over a foreign split, by content, and the clean split that would come out. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hoban_assets.curation.components import components, links
from hoban_assets.curation.similarity import SimilarityGraph
from hoban_assets.curation.splits import join_groups, largest_in_val, split_by_group
from hoban_assets.errors import HobanError
from hoban_assets.formats.gather import Gathered
from hoban_assets.samples import Samples

TRAIN = "train"


@dataclass(frozen=True)
class Leak:
    """An image of another part that has a near-copy in train."""

    part: str
    file: str
    train_file: str
    similarity: float


@dataclass(frozen=True)
class SplitAudit:
    """Everything that `hoban audit-split` says of one folder. Shares are 0-1."""

    folder: str
    engine: str
    similarity: float
    parts: list[dict[str, Any]]
    """part, images, leaking (near-copies of train), share, same_file."""
    worst: list[Leak]
    """The most similar pair of each leaking image, most similar first."""
    clean: list[dict[str, Any]]
    """class, train, val, share of val: labels of the split that keeps near-copies together."""
    images: dict[str, int]
    """Images of the clean split: train, val."""
    largest_in_val: float
    listing: list[dict[str, str]]
    """file, was, clean: where each image is and should be."""

    def as_json(self) -> dict[str, Any]:
        """Everything, as plain values."""
        return asdict(self)


def usable(found: Gathered) -> Gathered:
    """Leave the images whose part is known, and whose bytes could be read.

    Raises:
        HobanError: there is no split, or one part only.
    """
    known = _with_part(found)
    parts = sorted(set(known.part))
    if not has_split(found):
        seen = ", ".join(parts) or "none"
        raise HobanError(
            f"{found.source.folder} has no split to audit: parts found: {seen}",
            "it needs a folder train beside valid, val or test; to make a split, put the folder "
            "into a recipe (docs/add-a-source.md)",
        )
    keep = found.samples.images.image_id.isin(known.image_id).to_numpy(bool)
    samples = found.samples.drop_images(~keep, stage="audit", rule="no_part").without_decisions()
    return replace(found, samples=samples, files=known.reset_index(drop=True))


def has_split(found: Gathered) -> bool:
    """Whether images of train and of another part are there."""
    parts = set(_with_part(found).part)
    return TRAIN in parts and len(parts) > 1


def _with_part(found: Gathered) -> pd.DataFrame:
    files = found.files.assign(part=[s[0] if s else "" for s in found.files.split])
    return files[(files.part != "") & files.image_id.isin(found.samples.images.image_id)]


def parts_of(found: Gathered) -> np.ndarray:
    """Part of each image of a folder that `usable` returned: train, valid, test."""
    by_id = found.files.set_index("image_id").part
    return by_id.reindex(found.samples.images.image_id).to_numpy(str)


def audit(
    name: str,
    samples: Samples,
    part: np.ndarray,
    similar: SimilarityGraph,
    similarity: float,
    engine: str,
    examples: int = 200,
) -> SplitAudit:
    """Compare the parts of a folder, or of a dataset.

    Args:
        name: of the folder or dataset.
        samples: its images and boxes.
        part: of each image, by position (see `parts_of`).
        similar: the graph of ``samples.images``, by position.
        similarity: from which two images are near-copies.
        engine: name of what compares.
        examples: pairs that are named, at most.
    """
    images = samples.images
    train = np.flatnonzero(part == TRAIN).astype(np.int32)
    rows, leaks = [], []
    for other in sorted(set(part) - {TRAIN}):
        mine = np.flatnonzero(part == other).astype(np.int32)
        best = _closest(similar, mine, train, similarity)
        known = set(images.content_hash.iloc[train].dropna())
        rows.append(
            {
                "part": other,
                "images": len(mine),
                "leaking": len(best),
                "share": round(len(best) / max(1, len(mine)), 4),
                "same_file": int(images.content_hash.iloc[mine].isin(known).sum()),
            }
        )
        files = images.file.to_numpy(str)
        leaks += [Leak(other, files[i], files[j], round(s, 4)) for i, (j, s) in best.items()]
    everyone = np.arange(len(images), dtype=np.int32)
    joined = join_groups(samples, links(components(similar, everyone, similarity)))
    after = split_by_group(joined)
    sides = after.images.split.to_numpy(str)
    return SplitAudit(
        folder=name,
        engine=engine,
        similarity=similarity,
        parts=rows,
        worst=sorted(leaks, key=lambda k: (-k.similarity, k.file))[:examples],
        clean=_counts(after.labels.merge(after.images[["image_id", "split"]])),
        images={"train": int((sides == TRAIN).sum()), "val": int((sides == "val").sum())},
        largest_in_val=round(largest_in_val(after), 4),
        listing=[
            {"file": f, "was": was, "clean": now}
            for f, was, now in zip(images.file, part, sides, strict=True)
        ],
    )


def _closest(
    similar: SimilarityGraph, mine: np.ndarray, train: np.ndarray, similarity: float
) -> dict[int, tuple[int, float]]:
    """Position of each leaking image to its most similar image of train, and how similar."""
    best: dict[int, tuple[int, float]] = {}
    for pairs in similar.between(mine, train, similarity):
        found = pd.DataFrame({"i": pairs.i, "j": pairs.j, "s": pairs.similarity})
        found = found.sort_values(["s", "j"], ascending=[False, True]).drop_duplicates("i")
        for i, j, s in zip(found.i.tolist(), found.j.tolist(), found.s.tolist(), strict=True):
            if i not in best or (s, -j) > (best[i][1], -best[i][0]):
                best[i] = (j, s)
    return best


def _counts(labels: pd.DataFrame) -> list[dict[str, Any]]:
    table = pd.crosstab(labels.class_name, labels.split).reindex(
        columns=["train", "val"], fill_value=0
    )
    return [
        {
            "class": name,
            "train": int(row["train"]),
            "val": int(row["val"]),
            "share": round(float(row["val"] / max(1, row.sum())), 4),
        }
        for name, row in table.iterrows()
    ]


def write_listing(made: SplitAudit, folder: Path) -> Path:
    """Write ``clean_split.csv`` (file, was, clean) into `folder`, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "clean_split.csv"
    pd.DataFrame(made.listing).to_csv(path, index=False)
    return path
