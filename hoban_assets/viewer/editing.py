"""An edit that the page sends, as a row of the log."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hoban_assets.catalog.answers import asking
from hoban_assets.corrections.log import append
from hoban_assets.corrections.pictures import in_stages
from hoban_assets.corrections.proposed import all_proposed
from hoban_assets.corrections.rows import Box, Boxes, Correction
from hoban_assets.corrections.standing import standing_in
from hoban_assets.corrections.taking import Edited, Maker, Now, Refused, overruled_by, taken
from hoban_assets.corrections.tracks import decide_track
from hoban_assets.settings import Settings

TOOL = "hoban view"


def take(
    settings: Settings,
    picture: Mapping[str, Any],
    sent: Mapping[str, Any],
    author: str,
    shown_at: datetime,
    left_out: Now | None = None,
) -> tuple[Correction | None, Correction | None]:
    """Append what a person did to a picture; return the row, and whose word it overrules.

    Args:
        settings: which data root.
        picture: as `Store.picture` has it.
        sent: ``shown`` and ``after`` (lists of class, x, y, w, h, ignore), ``verdict`` ('boxes',
            'reject' or 'accept').
        author: who.
        shown_at: when the page read the catalog.
        left_out: the picture as its stage read it, where that left it out (see `LeftOut`).

    Raises:
        Refused: the edit cannot be taken (see `taken`), or is none.
        HobanError: catalog or log cannot be read or written.
    """
    verdict = sent.get("verdict")
    if verdict not in ("boxes", "reject", "accept"):
        raise Refused(f"no edit is called {verdict!r}")
    edited = Edited(
        picture["image_id"],
        picture["content_hash"],
        picture["width"],
        picture["height"],
        _boxes(sent.get("shown")),
        _boxes(sent.get("after")),
        rejected=verdict == "reject",
        accepted=verdict == "accept",
    )
    log = standing_in(settings.corrections)
    proposed = all_proposed(settings.proposals, [edited.image_id.partition("/")[0]])
    with asking(settings.catalog_path, settings.catalog_wait) as ask:
        now = in_stages(ask, [edited.image_id], proposed, log)
    by = Maker(author, TOOL, datetime.now(UTC))
    key = (edited.content_hash, edited.image_id)
    row = taken(edited, now.get(key, left_out), log, by, uuid.uuid4().hex)
    if row is None:
        return None, None
    if left_out and row.kind != "reject" and row.after and all(b.ignore for b in row.after):
        raise Refused(
            "there are only ignore regions on it, so no label says what is there: draw one, or "
            "take the regions out where nothing is there"
        )
    append(settings.corrections, [row])
    return row, overruled_by(row, log, shown_at)


def take_track(
    settings: Settings, picture: Mapping[str, Any], sent: Mapping[str, Any], author: str
) -> list[Correction]:
    """Append one decision on a whole track; return its rows, one a frame.

    Args:
        settings: which data root.
        picture: a frame with it, as `Store.picture` has it.
        sent: ``track`` (its number), ``verdict`` ('label' or 'refuse'), ``class_name``.
        author: who.

    Raises:
        Refused: see `decide_track`.
        HobanError: catalog or log cannot be read or written.
    """
    verdict, track, name = sent.get("verdict"), sent.get("track"), sent.get("class_name")
    source = str(picture["image_id"]).partition("/")[0]
    proposed = all_proposed(settings.proposals, [source])
    if verdict not in ("label", "refuse") or not isinstance(track, int) or source not in proposed:
        raise Refused(f"no decision on a track: {verdict!r} {track!r}")
    log = standing_in(settings.corrections)
    ids = [looked.image_id for looked, _ in proposed[source].of_track(track)]
    with asking(settings.catalog_path, settings.catalog_wait) as ask:
        now = in_stages(ask, ids)
    by = Maker(author, TOOL, datetime.now(UTC))
    rows = decide_track(
        proposed[source], track, verdict, now, log, by, lambda: uuid.uuid4().hex, name
    )
    append(settings.corrections, rows)
    return rows


def _boxes(rows: Any) -> Boxes:
    try:
        return tuple(
            Box(str(name), float(x), float(y), float(w), float(h), bool(ignore))
            for name, x, y, w, h, ignore in rows or ()
        )
    except (TypeError, ValueError) as error:
        raise Refused(f"a box is class, x, y, w, h and ignore ({error})") from error
