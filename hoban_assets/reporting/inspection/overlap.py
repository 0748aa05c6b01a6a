"""The same picture twice: duplicates within a source, and leaks between its own splits."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pandas as pd

from hoban_assets.formats.gather import Gathered

KINDS = {
    "content": "the same file",
    "near": "near-copies by their pictures (thumbnails)",
    "augmentation": "augmentations or copies of one photograph, by name",
    "clip": "frames of one clip",
}
"""Kinds of leakage, the surest first."""
_SPLITS = ("train", "valid", "test")


def duplicates(found: Gathered, examples: int) -> dict[str, Any]:
    """Files with the same bytes.

    Returns:
        ``groups``, ``images`` in them, ``extra`` (images that could go), ``largest`` (groups with
        their files), ``differing`` (groups whose labels differ in the number of boxes of a class)
        and an example of one. Empty where no image was opened.
    """
    if found.facts is None:
        return {}
    files = found.files.assign(content=found.facts.content_hash.to_numpy())
    files = files[files.content.notna() & (found.facts.bytes.to_numpy() > 0)]
    twice = files[files.content.duplicated(keep=False)]
    sizes = twice.content.value_counts(sort=True)
    differing = _differing(found, twice)
    return {
        "groups": len(sizes),
        "images": len(twice),
        "extra": len(twice) - len(sizes),
        "largest": [_group(twice, content) for content in sizes.index[:examples]],
        "differing": len(differing),
        "differing_example": _group(twice, differing[0]) if differing else None,
    }


def _group(twice: pd.DataFrame, content: object) -> dict[str, Any]:
    files = twice.file[twice.content == content].tolist()
    return {"images": len(files), "files": files[:5]}


def _differing(found: Gathered, twice: pd.DataFrame) -> list[Any]:
    """Contents whose images have different labels; images that were dropped have none to differ."""
    kept = twice[twice.image_id.isin(found.samples.images.image_id)]
    counts = (
        found.samples.boxes.groupby(["image_id", "class_name"])
        .size()
        .unstack(fill_value=0)
        .reindex(kept.image_id, fill_value=0)
    )
    if counts.empty:
        return []
    by_content = counts.groupby(kept.content.to_numpy(), sort=False)
    varies = (by_content.max() != by_content.min()).any(axis=1)
    return varies.index[varies].tolist()


def leakage(found: Gathered, examples: int) -> list[dict[str, Any]]:
    """Images of one split that have a counterpart in another.

    Returns:
        One row a kind and pair of splits: ``kind``, ``split``, ``other``, ``images`` of `split`
        that have a counterpart in `other`, ``share`` of the images of `split`, ``groups``, and
        ``examples`` of a file and its counterpart.
    """
    files = found.files[["image_id", "file", "split"]].explode("split")
    files = files[files.split.isin(_SPLITS)]
    if files.split.nunique() < 2:
        return []
    keys = _keys(found)
    rows = []
    for kind, key in keys.items():
        table = files.assign(key=key.reindex(files.index))
        table = table[table.key.notna()]
        for other, split in combinations(_SPLITS, 2):
            first, second = table[table.split == other], table[table.split == split]
            leaking = second[second.key.isin(first.key)]
            if len(leaking):
                rows.append(
                    {
                        "kind": kind,
                        "split": split,
                        "other": other,
                        "images": len(leaking),
                        "share": round(len(leaking) / int((files.split == split).sum()), 4),
                        "groups": int(leaking.key.nunique()),
                        "examples": _pairs(first, leaking, examples),
                    }
                )
    return rows


def _keys(found: Gathered) -> dict[str, pd.Series]:
    """Kind of leakage to a key of each file (aligned with `files`); null: nothing to compare."""
    files = found.files
    name = files.file.str.rpartition("/")[2]
    groups = found.samples.images.set_index("image_id").group_id.reindex(files.image_id)
    groups = groups.set_axis(files.index)
    is_family = groups.fillna("").str.contains("family:", regex=False)
    is_clip = (groups != files.image_id) & ~is_family
    roboflow = name.str.partition(".rf.")[0].where(name.str.contains(".rf.", regex=False))
    keys = {
        "augmentation": roboflow.fillna(groups.where(is_family)),
        "clip": groups.where(is_clip),
    }
    if found.facts is None:
        return keys
    content = found.facts.content_hash.set_axis(files.index)
    return {"content": content.where(found.facts.bytes.to_numpy() > 0), **keys}


def _pairs(first: pd.DataFrame, leaking: pd.DataFrame, examples: int) -> list[dict[str, str]]:
    shown = leaking.drop_duplicates("key").head(examples)
    counterpart = first.drop_duplicates("key").set_index("key").file
    return [
        {"file": file, "counterpart": str(counterpart[key])}
        for file, key in zip(shown.file, shown.key, strict=True)
    ]
