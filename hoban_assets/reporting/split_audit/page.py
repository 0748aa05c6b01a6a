"""The page of `hoban audit-split`: shares, pictures of the most similar pairs, the clean split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hoban_assets.curation.engines import blindness
from hoban_assets.reporting.gallery.drawing import open_upright
from hoban_assets.reporting.gallery.pictures import UNREADABLE
from hoban_assets.reporting.page import picture_uri, render
from hoban_assets.reporting.report import save
from hoban_assets.reporting.split_audit.audit import SplitAudit

SHOWN = 24
"""Pairs with pictures: a page of a few MB, which a phone opens."""
_SIDE = 480


def write_page(made: SplitAudit, raw_root: Path, folder: Path, language: str) -> Path:
    """Write ``index.html`` into `folder`; a picture that cannot be read any more is left out."""
    pairs = [
        {
            **vars(leak),
            "uri": _uri(raw_root / leak.file),
            "train_uri": _uri(raw_root / leak.train_file),
        }
        for leak in made.worst[:SHOWN]
    ]
    values: dict[str, Any] = {"audit": made, "pairs": pairs, "blind": blindness(made.engine)}
    path = folder / "index.html"
    save(path, render("split_audit.html.j2", language, **values))
    return path


def _uri(file: Path) -> str | None:
    try:
        return picture_uri(open_upright(file, _SIDE), longest=_SIDE)
    except UNREADABLE:
        return None
