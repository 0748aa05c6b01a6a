"""Objects of a clip, followed from frame to frame: ByteTrack (Zhang et al., ECCV 2022). Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

SURE = 0.5
"""Score from which a detection is one of ByteTrack's first round."""
KEPT = 3.0
"""Seconds that an object may be hidden and is the same one afterwards."""
SIDE = 1000.0
"""The tracker counts in pixels; a frame is taken to have so many on either side."""


LEAST_OVERLAP = 0.1
"""IoU from which a detection continues a track (the tracker's own default)."""
Corners = tuple[float, float, float, float]


class Detection(NamedTuple):
    """What a model found on a frame; corners are shares of it."""

    class_name: str
    score: float
    corners: Corners


def tracks(
    frames: Sequence[Sequence[Detection]], rate: float, first: int = 0
) -> tuple[list[list[int]], int]:
    """Say which detections of a clip are one object.

    Classes are followed apart. A detection that belongs to no other is a track of its own, so that
    every box has one. Only ByteTrack's association is taken: boxes stay as they were found.

    Args:
        frames: detections of each frame, in the order of the clip.
        rate: frames a second.
        first: number of the first track.

    Returns:
        The number of each detection's track, frame by frame, and the next number that is free.
    """
    numbers = itertools.count(first)
    found = [[-1] * len(frame) for frame in frames]
    for name in sorted({d.class_name for frame in frames for d in frame}):
        known: dict[int, int] = {}
        for at, (positions, ids) in enumerate(_followed(frames, name, rate)):
            for position, track in zip(positions, ids, strict=True):
                if track < 0:
                    continue
                if track not in known:
                    known[track] = next(numbers)
                    if begun := _beginning(frames, found, at, frames[at][position], rate):
                        found[begun[0]][begun[1]] = known[track]
                found[at][position] = known[track]
    alone = [[t if t >= 0 else next(numbers) for t in frame] for frame in found]
    return alone, next(numbers)


def _beginning(
    frames: Sequence[Sequence[Detection]],
    found: Sequence[Sequence[int]],
    at: int,
    seen: Detection,
    rate: float,
) -> tuple[int, int] | None:
    """Frame and position of the detection that began a track.

    The tracker numbers a track when it is found again, and never tells which detection was its
    first: the one that it was found again by, at `LEAST_OVERLAP` as the tracker itself asks.
    """
    for earlier in range(at - 1, max(-1, at - 1 - round(KEPT * rate)), -1):
        alike = [
            (share, position)
            for position, each in enumerate(frames[earlier])
            if each.class_name == seen.class_name
            and found[earlier][position] < 0
            and (share := _overlap(each.corners, seen.corners)) >= LEAST_OVERLAP
        ]
        if alike:
            return earlier, max(alike)[1]
    return None


def _overlap(one: Corners, other: Corners) -> float:
    """Intersection over union."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return width * height / (areas - width * height)


def _followed(
    frames: Sequence[Sequence[Detection]], name: str, rate: float
) -> Iterator[tuple[list[int], list[int]]]:
    """Of each frame the positions of the detections of a class, and their tracks (-1: none)."""
    import supervision
    from trackers import ByteTrackTracker

    tracker = ByteTrackTracker(
        lost_track_buffer=max(1, round(KEPT * 30)),  # counted at 30 frames a second
        frame_rate=rate,
        track_activation_threshold=0.0,
        high_conf_det_threshold=SURE,
        minimum_iou_threshold=LEAST_OVERLAP,
        minimum_consecutive_frames=1,
    )
    for frame in frames:
        mine = [at for at, each in enumerate(frame) if each.class_name == name]
        detections = supervision.Detections(
            xyxy=np.array([frame[at].corners for at in mine], float).reshape(-1, 4) * SIDE,
            confidence=np.array([frame[at].score for at in mine], float),
            class_id=np.zeros(len(mine), int),
            data={"at": np.array(mine, int)},
        )
        followed = tracker.update(detections)
        ids = np.array([] if followed.tracker_id is None else followed.tracker_id, int).tolist()
        at = np.array(followed.data.get("at", []), int).tolist()
        told = dict(zip(at, ids, strict=True))
        yield mine, [told.get(position, -1) for position in mine]
