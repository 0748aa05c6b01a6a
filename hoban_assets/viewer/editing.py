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
            'reject' or 'accept'), ``correction`` (id of the one that the page showed, '' of none).
        author: who.
        shown_at: when the page read the catalog, for pages that do not tell ``correction``.
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
    if "correction" not in sent:
        return row, overruled_by(row, log, shown_at)
    other = log.of(*key)
    is_news = other is not None and other.id != sent["correction"] and other.author != author
    return row, other if is_news else None


def take_back(
    settings: Settings, picture: Mapping[str, Any], sent: Mapping[str, Any], author: str
) -> Correction:
    """Append the taking back of the correction that stands for a picture; return that row.

    Args:
        settings: which data root.
        picture: as `Store.picture` has it.
        sent: ``correction``, the id of the one that the page showed.
        author: who.

    Raises:
        Refused: none stands, or another one does than was shown.
        HobanError: the log cannot be read or written.
    """
    active = standing_in(settings.corrections).active
    mine = [row for row in active if row.image_id == picture["image_id"]]
    row = next((row for row in mine if row.id == sent.get("correction")), None)
    if row is None:
        raise Refused(
            "its correction is another one now, or was taken back already: look at it again"
            if mine
            else "nobody has corrected it, or that was taken back already"
        )
    now = datetime.now(UTC)
    undone = Correction(uuid.uuid4().hex, "undo", now, author, TOOL, undoes=row.id)
    append(settings.corrections, [undone])
    return undone


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
