"""Corrections in one line, for tests."""

from datetime import UTC, datetime, timedelta
from itertools import count

from hoban_assets.corrections.rows import Box, Correction

_numbers = count()
START = datetime(2026, 3, 1, 9, tzinfo=UTC)


def box(x=0.5, y=0.5, w=0.2, h=0.2, name="person", ignore=False):
    return Box(name, x, y, w, h, ignore)


def correction(image_id="s/a.jpg", before=(), after=(), kind="boxes", **more):
    number = next(_numbers)
    given = {
        "id": f"{number:032x}",
        "time": START + timedelta(minutes=number),
        "author": "kim",
        "tool": "test",
        "content_hash": f"hash of {image_id}",
    }
    return Correction(
        kind=kind, image_id=image_id, before=tuple(before), after=tuple(after), **{**given, **more}
    )


def undo(row, **more):
    number = next(_numbers)
    given = {"id": f"{number:032x}", "time": START, "author": "lee", "tool": "test"}
    return Correction(kind="undo", undoes=row.id, **{**given, **more})
