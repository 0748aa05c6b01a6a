"""Options that several commands have."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from hoban_assets.classes import BACKGROUND, CLASS_NAMES, TYPED_NAMES, class_meant
from hoban_assets.commands.app import nearest, one_of
from hoban_assets.settings import PARTITIONS, language_of


def class_named(value: str, *more: str) -> str:
    """Return the class that is meant by a name, a Korean name, an id or a code, or one of `more`.

    Raises:
        HobanError: there is none; names the nearest one, or all, to a Korean reader in Korean too.
    """
    titles = TYPED_NAMES if language_of(os.environ) == "ko" else {}
    return nearest(class_meant(value), (*CLASS_NAMES, *more), "class", titles)


def _known_class(value: str | None) -> str | None:
    return None if value is None else class_named(value, BACKGROUND)


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Partition = Annotated[
    str,
    typer.Option(
        "--partition",
        help="sub (laptop, fewer labels) or full (GPU server).",
        callback=one_of(PARTITIONS, "partition"),
    ),
]
OfClass = Annotated[
    str | None,
    typer.Option("--class", help="Only pictures with a box of this class.", callback=_known_class),
]
Author = Annotated[
    str | None, typer.Option(help="Who decides; default HOBAN_AUTHOR, or the account.")
]
Epochs = Annotated[
    int | None, typer.Option(min=1, help="Epochs of each; those of the model by default.")
]
OfSource = Annotated[str | None, typer.Option("--source", help="Only pictures of this source.")]
OfRule = Annotated[
    str | None, typer.Option("--rule", help="Only pictures about which this rule decided.")
]
