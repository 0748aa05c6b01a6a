"""Lets a model look at the pictures of a source, or takes what one has found elsewhere."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd
import xxhash

from hoban_assets.adding.tracking import Detection, tracks
from hoban_assets.classes import CLASS_NAMES, class_meant
from hoban_assets.corrections.proposed import Clip, Looked, Proposal, Proposed
from hoban_assets.corrections.rows import Box
from hoban_assets.evaluation.predicting import predict
from hoban_assets.evaluation.subjects import Subject
from hoban_assets.formats import open_source
from hoban_assets.formats.predictions import read_predictions
from hoban_assets.formats.source import RawSource
from hoban_assets.settings import Settings

LEAST = 0.25
"""Score from which a box is proposed."""
Found = Mapping[str, Sequence[Detection]]
"""Path below the source -> what is on it."""


def paths_of(source: RawSource, raw_root: Path) -> list[str]:
    """Every picture of a source, by its path below it, sorted.

    Raises:
        HobanError: the source is missing, empty or not readable.
    """
    prefix = len(source.name) + 1
    return [image_id[prefix:] for image_id in open_source(source, raw_root).image_ids()]


def found_by_model(
    subject: Subject,
    source: RawSource,
    paths: Sequence[str],
    settings: Settings,
    confidences: Mapping[str, float],
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Found:
    """Look at every picture with weights.

    Args:
        subject: weights.
        source: whose pictures.
        paths: which pictures.
        settings: raw root and device.
        confidences: class -> score from which it is proposed; of others `LEAST`.
        progress: gets (pictures done, of).

    Raises:
        HobanError: the weights or a picture cannot be read.
    """
    root = source.root(settings.raw_root)
    files = [(f"{source.folder}/{path}", root / path) for path in paths]
    with tempfile.TemporaryDirectory() as folder:
        lines = predict(
            subject, files, Path(folder), confidences, settings, otherwise=LEAST, progress=progress
        ).file
        return found_in_file(lines, source, paths, may_be_empty=True)


def found_in_file(
    file: Path, source: RawSource, paths: Sequence[str], *, may_be_empty: bool = False
) -> Found:
    """Read predictions (JSON lines, see `formats.predictions`) of the pictures of a source.

    Classes that are called as ours are taken, others are left out.

    Raises:
        HobanError: the file is none, or it is of other pictures.
    """
    below = {f"{source.folder}/{path}": path for path in paths}
    size = [0] * len(below)
    images = pd.DataFrame({"file": list(below), "width": size, "height": size}, dtype=object)
    classes = {name: name for name in CLASS_NAMES} | _called(file)
    rows = read_predictions(file, classes, images, may_be_empty=may_be_empty)
    found: dict[str, list[Detection]] = {path: [] for path in paths}
    for row in rows[rows.score >= LEAST].to_dict("records"):
        left, top, right, bottom = (float(row[n]) for n in ("left", "top", "right", "bottom"))
        detection = Detection(row["class_name"], float(row["score"]), (left, top, right, bottom))
        found[below[row["file"]]].append(detection)
    return found


def _called(file: Path) -> dict[str, str]:
    """Classes of a file of predictions that mean one of ours: 'helmet', a Korean name."""
    names = set()
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            names.add(str(json.loads(line)["class_name"]))
        except (ValueError, KeyError, TypeError):
            continue  # `read_predictions` names the row
    return {name: class_meant(name) for name in names if class_meant(name) in CLASS_NAMES}


def proposed_from(
    found: Found,
    source: RawSource,
    raw_root: Path,
    model: str,
    clips: Iterable[Clip] = (),
) -> Proposed:
    """Make proposals of what was found; objects of a clip are followed through it.

    Args:
        found: every picture that was looked at.
        source: whose pictures.
        raw_root: where they lie.
        model: what looked.
        clips: the videos that frames come from.
    """
    root, looked, free = source.root(raw_root), {}, 0
    clips = tuple(clips)
    track_of: dict[str, list[int]] = {}
    for clip in clips:
        paths = [path for path in sorted(found) if path.startswith(f"{clip.name}/")]
        rate = max(0.1, len(paths) / max(clip.seconds, 1e-3))
        numbers, free = tracks([found[path] for path in paths], rate, free)
        track_of |= dict(zip(paths, numbers, strict=True))
    for path, detections in found.items():
        image_id = f"{source.name}/{path}"
        mine: Sequence[int | None] = track_of.get(path) or [None] * len(detections)
        looked[image_id] = Looked(
            image_id,
            xxhash.xxh3_128_hexdigest((root / path).read_bytes()),
            tuple(Proposal(_box(d), d.score, t) for d, t in zip(detections, mine, strict=True)),
        )
    return Proposed(source.name, model, looked, clips)


def _box(found: Detection) -> Box:
    left, top, right, bottom = found.corners
    return Box(found.class_name, (left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
