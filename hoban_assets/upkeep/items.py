"""One thing below the data root and what is to become of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

from hoban_assets.upkeep.contents import Content, freed
from hoban_assets.upkeep.references import Key

State: TypeAlias = Literal["unused", "live", "unknown"]
Kind: TypeAlias = Literal["dataset", "training", "gallery", "killed work", "log", "other"]


@dataclass(frozen=True)
class Item:
    """A published dataset, a training, ...: whether it is needed, and why."""

    path: Path
    """Real path."""
    relative: str
    """Below the data root, with '/'."""
    kind: Kind
    state: State
    what: str
    why: str
    """Why it may go, or why it stays."""
    key: Key | None = None
    """Asset, partition and folder name of a dataset or training."""
    last_use: datetime | None = None
    """Newest of materialisation and modification, UTC; for what is unused only."""
    content: Content = field(default_factory=Content)
    """Measured for what is unused only."""

    @property
    def frees(self) -> int:
        """Bytes that the disk gains when this alone goes."""
        return freed([self.content])


@dataclass(frozen=True)
class Survey:
    """Everything below the data root: what nothing needs, what is needed, what is not hoban's."""

    unused: list[Item]
    live: list[Item]
    unknown: list[Item]

    @property
    def bytes(self) -> int:
        """Size of all that is unused."""
        return sum(item.content.bytes for item in self.unused)

    @property
    def frees(self) -> int:
        """Bytes that the disk gains when all that is unused goes."""
        return freed(item.content for item in self.unused)
