"""One decision on an object of a video: a label, or none, on every frame that shows it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from hoban_assets.corrections.proposed import Proposed
from hoban_assets.corrections.rows import Box, Correction, checked
from hoban_assets.corrections.standing import Standing
from hoban_assets.corrections.taking import Maker, Now, Refused, boxes_now

Verdict = Literal["label", "refuse"]


def decide_track(
    proposed: Proposed,
    track: int,
    verdict: Verdict,
    now: Mapping[tuple[str, str], Now],
    log: Standing,
    by: Maker,
    new_id: Callable[[], str],
    class_name: str | None = None,
) -> list[Correction]:
    """Return a row for each frame on which the track is not decided yet.

    A label says nothing of what else is on the frame: which classes are complete there, only
    accepting the picture says. So the other proposals of a frame stay open.

    Args:
        proposed: what was proposed for the source.
        track: number of the track.
        verdict: 'label' or 'refuse'.
        now: the frames in their stage, by content hash and id.
        log: the corrections of now.
        by: author, tool and time of the rows.
        new_id: gives the id of a new row.
        class_name: what it is, where the model was wrong about that.

    Raises:
        Refused: there is no such track, every frame of it is decided, no stage has a frame of
            it, or there is no such class.
    """
    frames = proposed.of_track(track)
    if not frames:
        raise Refused(f"{proposed.source} has no track {track}")
    rows, unknown = [], 0
    for looked, proposal in frames:
        standing = log.of(looked.content_hash, looked.image_id)
        open_ = proposed.pending(looked.image_id, looked.content_hash, standing)
        if proposal not in open_:
            continue
        base, current = boxes_now(now.get((looked.content_hash, looked.image_id)), standing)
        if base is None or current is None:
            unknown += 1
            continue
        added = (_label(proposal.box, class_name),) if verdict == "label" else ()
        judged = (*(standing.judged if standing else ()), proposal.box)
        row = Correction(
            id=new_id(),
            kind="boxes",
            time=by.time,
            author=by.author,
            tool=by.tool,
            image_id=looked.image_id,
            content_hash=looked.content_hash,
            before=base,
            after=(*current, *added),
            judged=judged,
        )
        rows.append(row)
    if unknown and not rows:
        raise Refused(f"no stage in the catalog has the pictures of track {track}")
    if not rows:
        raise Refused(f"track {track} is decided on every frame")
    return rows


def _label(box: Box, class_name: str | None) -> Box:
    try:
        return checked(box._replace(class_name=class_name or box.class_name))
    except ValueError as error:
        raise Refused(str(error)) from error
