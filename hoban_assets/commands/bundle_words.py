"""What `hoban bundle` tells: what is in the archive, and what to do with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hoban_assets.windows import unfit

if TYPE_CHECKING:
    from hoban_assets.handoff.bundle.making import Packed
    from hoban_assets.handoff.bundle.readme import ClassCounts
    from hoban_assets.language import Say
    from hoban_assets.reporting.blocks import Block

COLUMNS = {
    "class_name": "class",
    "train_images": "images, train",
    "train_boxes": "boxes, train",
    "val_images": "images, val",
    "val_boxes": "boxes, val",
}


def contents(packed: Packed, classes: list[ClassCounts], say: Say) -> Iterator[Block]:
    """Tell the counts of each class, and the parts with their sizes."""
    from hoban_assets.handoff.bundle.making import parts
    from hoban_assets.reporting.blocks import Heading, Paragraph, table
    from hoban_assets.units import Bytes, size_text

    facts = packed.bundle.facts
    yield Heading(
        1,
        f"{facts['dataset']} [{facts['partition']}] {facts['dataset_version'][:16]} -> "
        f"{facts['model']}, {say('run')} {facts['run_key']}",
    )
    yield table([asdict(c) for c in classes], COLUMNS, say, said=("class_name",))
    rows = [{**row, "bytes": Bytes(row["bytes"])} for row in parts(packed)]
    yield table(rows, {"part": "part", "files": "files", "bytes": "size"}, say, said=("part",))
    for line in unfit(f"{packed.name}/{entry.name}" for entry in packed.bundle.entries).said(say):
        yield Paragraph(line)
    total = size_text(packed.bytes)
    if packed.since is None:
        yield Paragraph(say("In all {size}.", size=total))
    else:
        rest = size_text(packed.bundle.bytes - sum(e.size for e in packed.entries))
        text = "In all {size}; the other {whole} the server has in {since}."
        yield Paragraph(say(text, size=total, whole=rest, since=packed.since))


def what_next(packed: Packed, target: Path, seconds: float, say: Say) -> Iterator[Block]:
    """Tell where the archive lies, and the commands that come next."""
    from hoban_assets.reporting.blocks import Heading, Paragraph, code
    from hoban_assets.units import size_text

    size = size_text(target.stat().st_size)
    text = "Written: {file} ({size}, {seconds:.0f} s)"
    yield Paragraph(say(text, file=target, size=size, seconds=seconds))
    yield Heading(2, say("Copy it to the server. There:"))
    first = f"cd {packed.name} && ./train.sh"
    then = (f"{packed.name}/apply.sh {packed.since}", f"cd {packed.bundle.name} && ./train.sh")
    yield code(f"tar xf {target.name}", *(then if packed.since else (first,)))
    yield Paragraph(say("The results come back as one file:"))
    facts = packed.bundle.facts
    results = f"results_{facts['model']}_{facts['partition']}_{facts['run_key']}.tar"
    yield code(f"hoban import-results {results}")
    text = (
        "Next time only what changed: hoban bundle DATASET --since {name} (the archive itself "
        "may be deleted)"
    )
    yield Paragraph(say(text, name=packed.bundle.name))


def as_json_of(
    packed: Packed, target: Path, classes: list[ClassCounts], written: bool
) -> dict[str, Any]:
    """Everything that is printed, sizes in bytes."""
    from hoban_assets.handoff.bundle.making import parts

    facts = {k: v for k, v in packed.bundle.facts.items() if k not in ("batches", "since")}
    return {
        **facts,
        "since": packed.since,
        "archive": target,
        "written": written,
        "bytes": target.stat().st_size if written else packed.bytes,
        "parts": parts(packed),
        "classes": [asdict(c) for c in classes],
    }
