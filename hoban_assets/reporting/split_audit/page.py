"""The page of `hoban audit-split`: shares, pictures of the most similar pairs, the clean split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from hoban_assets.catalog.asked import Row
from hoban_assets.curation.engines import blindness
from hoban_assets.language import Say, speaker
from hoban_assets.reporting.blocks import (
    Block,
    Details,
    Heading,
    Paragraph,
    Picture,
    Pictures,
    Table,
    table,
)
from hoban_assets.reporting.gallery.drawing import open_upright
from hoban_assets.reporting.gallery.pictures import UNREADABLE
from hoban_assets.reporting.page import page, picture_uri
from hoban_assets.reporting.report import save
from hoban_assets.reporting.split_audit.audit import SplitAudit
from hoban_assets.units import Share

SHOWN = 24
"""Pairs with pictures: a page of a few MB, which a phone opens."""
_SIDE = 480


def write_page(made: SplitAudit, raw_root: Path, folder: Path, language: str) -> Path:
    """Write ``index.html`` into `folder`; a picture that cannot be read any more is left out."""
    told = list(document(made, raw_root, speaker(language)))
    return save(folder / "index.html", page(told, language))


def document(made: SplitAudit, raw_root: Path, say: Say) -> Iterator[Block]:
    """Shares first, then the worst pairs side by side, and what a clean split would be."""
    yield Heading(1, say("Split of {name}", name=made.folder))
    text = "Near-copies: similar by {limit} or more, compared by {engine}."
    yield Paragraph(say(text, limit=made.similarity, engine=made.engine))
    if blind := blindness(made.engine):
        yield Paragraph(say(blind), "warn")
    yield with_shares(made.parts, say)
    pairs = [
        picture
        for leak in made.worst[:SHOWN]
        for picture in (
            Picture(_uri(raw_root / leak.file), f"{leak.part} · {leak.file} · {leak.similarity}"),
            Picture(_uri(raw_root / leak.train_file), f"train · {leak.train_file}"),
        )
    ]
    counted = f"{min(SHOWN, len(made.worst))} / {len(made.worst)}"
    title = f"{say('The most similar pairs')} ({counted})"
    yield Details(title, [Pictures(pairs, "max(18rem, 40%)")], is_open=bool(pairs))
    clean = [with_shares(made.clean, say)] if made.clean else []
    title = say("The clean split that would come out")
    yield Details(title, [*clean, Paragraph("clean_split.csv", "soft")])


def with_shares(rows: Sequence[Row], say: Say) -> Table:
    """Counts with their shares in per cent."""
    told = [
        {
            key: Share(value) if key.startswith("share") and value is not None else value
            for key, value in row.items()
        }
        for row in rows
    ]
    return table(told, None, say)


def _uri(file: Path) -> str:
    """The picture; '' where it cannot be read."""
    try:
        return picture_uri(open_upright(file, _SIDE), longest=_SIDE)
    except UNREADABLE:
        return ""
