"""What `hoban prune` tells; its rows are its JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from hoban_assets.catalog.asked import Row
from hoban_assets.units import Bytes, size_text

if TYPE_CHECKING:
    from hoban_assets.language import Say
    from hoban_assets.reporting.blocks import Block
    from hoban_assets.upkeep.data_root import Item
    from hoban_assets.upkeep.survey import Survey
    from hoban_assets.upkeep.trash_lists import Batch, Moved

TOTAL = (
    "{count} in all, {size}; deleting that frees {frees}, the rest are other names of files that "
    "stay. Needed, and not touched: {needed}."
)

MOVED = (
    "moved to {trash}: {count}. 'hoban prune --restore' puts it back, 'hoban prune --empty-trash' "
    "deletes it and frees {frees}"
)
RETIRED = (
    "Of versions without a recipe any more: {assets}. They stay; 'hoban prune --retired' takes "
    "them too."
)
NOTHING = "Nothing to prune. Needed, and not touched: {needed}."
IN_TRASH = ("batch", "path", "what", "size", "moved", "why")


def document(found: Survey, dry_run: bool, say: Say) -> Iterator[Block]:
    """Tell what may go, and what is left alone."""
    from hoban_assets.reporting.blocks import Heading, Paragraph, listing, table

    if found.unknown:
        yield Heading(2, say("Left alone, because they are not hoban's or it is not certain:"))
        yield table(kept(found.unknown), None, say)
    if not found.unused:
        yield Paragraph(say(NOTHING, needed=len(found.live)))
        return
    yield Heading(2, say("Nothing needs these:"))
    yield listing(
        found.unused,
        {
            "path": "relative",
            "what": "what",
            "size": lambda item: Bytes(item.content.bytes),
            "frees": lambda item: Bytes(item.frees),
            "last use": lambda item: (
                item.last_use and f"{item.last_use.astimezone():%Y-%m-%d %H:%M}"
            ),
            "why": "why",
        },
        say,
    )
    sizes = {"size": size_text(found.bytes), "frees": size_text(found.frees)}
    yield Paragraph(say(TOTAL, count=len(found.unused), needed=len(found.live), **sizes))
    if dry_run:
        yield Paragraph(say("Nothing was changed. 'hoban prune' moves this to the trash."))


def survey_json(found: Survey, dry_run: bool, moved: Sequence[Item]) -> dict[str, Any]:
    """Everything that was found, sizes in bytes; `frees` of all together."""
    gone = {item.relative for item in moved}
    return {
        "unused": [{**row(item), "moved": item.relative in gone} for item in found.unused],
        "live": kept(found.live),
        "left_alone": kept(found.unknown),
        "bytes": found.bytes,
        "frees": found.frees,
        "dry_run": dry_run,
    }


def row(item: Item) -> Row:
    """One thing that may go."""
    return {
        "path": item.relative,
        "what": item.what,
        "size": Bytes(item.content.bytes),
        "frees": Bytes(item.frees),
        "last_use": item.last_use,
        "why": item.why,
    }


def line(batch: Batch, item: Moved) -> Row:
    """One thing in the trash."""
    known = {
        "batch": batch.name,
        "path": item.relative,
        "what": item.what,
        "size": Bytes(item.bytes),
    }
    return {**known, "moved": item.when, "why": item.why}


def kept(items: Sequence[Item]) -> list[Row]:
    """Things that stay."""
    return [{"path": item.relative, "what": item.what, "why": item.why} for item in items]
