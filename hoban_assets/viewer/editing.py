"""An edit that the page sends, as a row of the log."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hoban_assets.catalog.answers import asking
from hoban_assets.corrections.log import append, read_log
from hoban_assets.corrections.pictures import in_stages
from hoban_assets.corrections.rows import Box, Boxes, Correction
from hoban_assets.corrections.standing import standing
from hoban_assets.corrections.taking import Edited, Maker, Refused, overruled_by, taken
from hoban_assets.settings import Settings

TOOL = "hoban view"


def take(
    settings: Settings,
    picture: Mapping[str, Any],
    sent: Mapping[str, Any],
    author: str,
    shown_at: datetime,
) -> tuple[Correction | None, Correction | None]:
    """Append what a person did to a picture; return the row, and whose word it overrules.

    Args:
        settings: which data root.
        picture: as `Store.picture` has it.
        sent: ``shown`` and ``after`` (lists of class, x, y, w, h, ignore), ``verdict`` ('boxes',
            'reject' or 'accept').
        author: who.
        shown_at: when the page read the catalog.

    Raises:
        Refused: the edit cannot be taken (see `taken`), or is none.
        HobanError: catalog or log cannot be read or written.
    """
    verdict = sent.get("verdict")
    if verdict not in {"boxes", "reject", "accept"}:
        raise Refused(f"no edit is called {verdict!r}")
    if not picture["content_hash"]:
        raise Refused("no stage in the catalog has this picture")
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
    log = standing(read_log(settings.corrections))
    with asking(settings.catalog_path, settings.catalog_wait) as ask:
        now = in_stages(ask, [edited.image_id])
    by = Maker(author, TOOL, datetime.now(UTC))
    key = (edited.content_hash, edited.image_id)
    row = taken(edited, now.get(key), log, by, uuid.uuid4().hex)
    if row is None:
        return None, None
    append(settings.corrections, [row])
    return row, overruled_by(row, log, shown_at)


def _boxes(rows: Any) -> Boxes:
    try:
        return tuple(
            Box(str(name), float(x), float(y), float(w), float(h), bool(ignore))
            for name, x, y, w, h, ignore in rows or ()
        )
    except (TypeError, ValueError) as error:
        raise Refused(f"a box is class, x, y, w, h and ignore ({error})") from error
