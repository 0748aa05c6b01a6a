"""Boxes that a model proposes on photographs without labels: no rows until a person says so.

One file a source, ``boxes.jsonl`` below `Settings.proposals`: a line a picture that was looked at,
also where nothing was found, with boxes as (class, x, y, w, h as shares, score, track); and
``about.json``: what looked, and the clips. The boxes can be made again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.corrections.rows import Box, Correction
from hoban_assets.errors import HobanError
from hoban_assets.files import save

FILE, ABOUT = "boxes.jsonl", "about.json"
ORIGIN = "proposed"
"""Of a box on the screen that is no label yet."""


class Proposal(NamedTuple):
    """One box."""

    box: Box
    score: float
    track: int | None
    """Which boxes of a clip show one object: the same number within a source."""


@dataclass(frozen=True)
class Looked:
    """A picture that a model looked at."""

    image_id: str
    content_hash: str
    proposals: tuple[Proposal, ...] = ()


@dataclass(frozen=True)
class Clip:
    """A video whose frames are pictures of a source."""

    name: str
    """What its frames are called before their number."""
    file: str
    """The video as it was given."""
    seconds: float
    """How long it runs."""
    frames: int
    """How many of its frames were taken."""
    camera: str = ""
    day: str = ""


@dataclass(frozen=True)
class Proposed:
    """What a model proposes for a source."""

    source: str
    model: str
    looked: Mapping[str, Looked] = field(default_factory=dict)
    """By image id."""
    clips: tuple[Clip, ...] = ()

    def pending(self, image_id: str, content_hash: str, row: Correction | None) -> list[Proposal]:
        """Proposals for a picture that nobody has decided on.

        Args:
            image_id: of the picture.
            content_hash: of its file; proposals for other bytes are none.
            row: the correction that stands for it.
        """
        looked = self.looked.get(image_id)
        if looked is None or looked.content_hash != content_hash:
            return []
        if row is not None and (row.complete is not None or row.kind == "reject"):
            return []
        known = (*row.judged, *row.after) if row else ()
        return [p for p in looked.proposals if not any(p.box.is_at(box) for box in known)]

    def of_track(self, track: int) -> list[tuple[Looked, Proposal]]:
        """Every box of a track with its picture, in the order of the pictures."""
        return [
            (looked, proposal)
            for _, looked in sorted(self.looked.items())
            for proposal in looked.proposals
            if proposal.track == track
        ]


def write_proposed(folder: Path, proposed: Proposed) -> None:
    """Write what a model proposes for a source below `folder`; what was there is replaced."""
    lines = (
        json.dumps(
            {
                "image_id": looked.image_id,
                "content_hash": looked.content_hash,
                "boxes": [[*p.box[:5], round(p.score, 4), p.track] for p in looked.proposals],
            },
            ensure_ascii=False,
        )
        for _, looked in sorted(proposed.looked.items())
    )
    mine = folder / proposed.source
    save(mine / FILE, "".join(f"{line}\n" for line in lines))
    about = {"model": proposed.model, "clips": [vars(clip) for clip in proposed.clips]}
    save(mine / ABOUT, json.dumps(about, ensure_ascii=False, indent=1))


def read_proposed(folder: Path, source: str) -> Proposed | None:
    """Return what was proposed for a source; None where no model has looked yet.

    Raises:
        HobanError: a file is there and cannot be read.
    """
    file = folder / source / FILE
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        about = json.loads((folder / source / ABOUT).read_text(encoding="utf-8"))
        looked = [_looked(json.loads(line)) for line in lines]
        clips = tuple(Clip(**clip) for clip in about["clips"])
        return Proposed(source, str(about["model"]), {x.image_id: x for x in looked}, clips)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HobanError(
            f"the proposals {file} cannot be read: {error}",
            f"write them again: hoban propose {source}",
        ) from error


def all_proposed(folder: Path, sources: Iterable[str] | None = None) -> dict[str, Proposed]:
    """Return what was proposed for these sources (None: for any), by their names."""
    there = sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []
    wanted = there if sources is None else sorted(set(sources) & set(there))
    found = {name: read_proposed(folder, name) for name in wanted}
    return {name: each for name, each in found.items() if each is not None}


def _looked(line: Mapping[str, Any]) -> Looked:
    return Looked(
        str(line["image_id"]), str(line["content_hash"]), tuple(map(_proposal, line["boxes"]))
    )


def _proposal(row: Any) -> Proposal:
    name, x, y, w, h, score, track = row
    if name not in CLASS_NAMES:
        raise ValueError(f"no class {name!r}")
    return Proposal(Box(name, x, y, w, h), float(score), None if track is None else int(track))
