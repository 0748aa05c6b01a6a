"""What `hoban bundle` prints: what is in the archive, and what to do with it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from hoban_assets.commands.printing import show, tell
from hoban_assets.windows import unfit

if TYPE_CHECKING:
    from hoban_assets.handoff.bundle.making import Packed
    from hoban_assets.handoff.bundle.text import ClassCounts
    from hoban_assets.language import Say


def say_contents(packed: Packed, classes: list[ClassCounts], say: Say) -> None:
    """Print the counts of each class, and a table of the parts with their sizes."""
    from hoban_assets.handoff.bundle.making import parts
    from hoban_assets.units import size_text

    facts = packed.bundle.facts
    typer.echo(
        f"{facts['dataset']} [{facts['partition']}] {facts['dataset_version'][:16]} -> "
        f"{facts['model']}, {say('run')} {facts['run_key']}"
    )
    typer.echo("")
    show(
        [
            {
                say("class"): say(c.class_name),
                say("images, train"): c.train_images,
                say("boxes, train"): c.train_boxes,
                say("images, val"): c.val_images,
                say("boxes, val"): c.val_boxes,
            }
            for c in classes
        ]
    )
    typer.echo("")
    rows = [{**row, "bytes": size_text(row["bytes"])} for row in parts(packed)]
    show(
        [
            {say("part"): say(r["part"]), say("files"): r["files"], say("size"): r["bytes"]}
            for r in rows
        ]
    )
    typer.echo("")
    for line in unfit(f"{packed.name}/{entry.name}" for entry in packed.bundle.entries).said(say):
        typer.echo(line)
    total = size_text(packed.bytes)
    if packed.since is None:
        tell("In all {size}.", size=total)
    else:
        tell(
            "In all {size}; the other {whole} the server has in {since}.",
            size=total,
            whole=size_text(packed.bundle.bytes - sum(e.size for e in packed.entries)),
            since=packed.since,
        )


def say_what_next(packed: Packed, target: Path, seconds: float, say: Say) -> None:
    """Print where the archive lies, and the commands that come next."""
    from hoban_assets.units import size_text

    size = size_text(target.stat().st_size)
    tell("Written: {file} ({size}, {seconds:.0f} s)", file=target, size=size, seconds=seconds)
    typer.echo("")
    tell("Copy it to the server. There:")
    typer.echo(f"  tar xf {target.name}")
    if packed.since is None:
        typer.echo(f"  cd {packed.name} && ./train.sh")
    else:
        typer.echo(f"  {packed.name}/apply.sh {packed.since}")
        typer.echo(f"  cd {packed.bundle.name} && ./train.sh")
    tell("The results come back as one file:")
    facts = packed.bundle.facts
    results = f"results_{facts['model']}_{facts['partition']}_{facts['run_key']}.tar"
    typer.echo(f"  hoban import-results {results}")
    tell(
        "Next time only what changed: hoban bundle DATASET --since {name} (the archive itself "
        "may be deleted)",
        name=packed.bundle.name,
    )


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
