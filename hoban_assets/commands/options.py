"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

from hoban_assets.commands.app import nearest
from hoban_assets.settings import PARTITIONS


def _known_partition(value: str) -> str:
    return nearest(value, PARTITIONS, "partition")


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Partition = Annotated[
    str,
    typer.Option(
        "--partition",
        help="sub (laptop, fewer labels) or full (GPU server).",
        callback=_known_partition,
    ),
]
OfClass = Annotated[
    str | None, typer.Option("--class", help="Only pictures with a box of this class.")
]
OfSource = Annotated[str | None, typer.Option("--source", help="Only pictures of this source.")]
OfRule = Annotated[
    str | None, typer.Option("--rule", help="Only pictures about which this rule decided.")
]
