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


class Detection(NamedTuple):
    """What a model found on a frame; corners are shares of it."""

    class_name: str
    score: float
    corners: tuple[float, float, float, float]


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
                if track >= 0:
                    known[track] = known[track] if track in known else next(numbers)
                found[at][position] = known[track] if track >= 0 else next(numbers)
    return found, next(numbers)


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
        ids = followed.tracker_id if followed.tracker_id is not None else []
        told = {int(at): int(t) for at, t in zip(followed.data.get("at", []), ids, strict=False)}
        yield mine, [told.get(at, -1) for at in mine]
