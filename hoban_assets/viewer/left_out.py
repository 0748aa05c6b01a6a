"""Pictures that their stage left out, with the labels that it had read of them."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from hoban_assets.corrections.apply import boxes_of
from hoban_assets.corrections.taking import Now, Refused
from hoban_assets.curation.contradictions import ignore_contradicting_labels
from hoban_assets.formats import open_source
from hoban_assets.formats.source import RawSource, Reader
from hoban_assets.pipeline.checking import with_picture_facts
from hoban_assets.rules import rules
from hoban_assets.samples import Samples
from hoban_assets.settings import Settings

AS_READ = ("read", "facts")
"""Steps of a stage before corrections, whose decisions tell whether the same was read."""


@dataclass(frozen=True)
class AsRead:
    """A picture as corrections find it in its stage."""

    now: Now
    columns: Mapping[str, Any]
    """Of a picture of `Store`: content_hash, width, height, group_id, boxes."""


class LeftOut:
    """Reads single pictures of sources; each source is listed once."""

    def __init__(self, sources: Iterable[RawSource], settings: Settings) -> None:
        """Know `sources`; nothing is opened yet."""
        self._sources = {source.name: source for source in sources}
        self._settings = settings
        self._reader = functools.cache(self._opened)

    def read(self, picture: Mapping[str, Any]) -> AsRead:
        """Read a picture that has no content hash in the catalog (see `Store.picture`).

        Raises:
            Refused: what took it is not for a person to overrule (`rules.yaml`), or it is not as
                its stage has read it: a file or a label was changed since, or its source was
                judged as a whole.
            HobanError: its source is missing or cannot be read.
        """
        if not all(rules()[rule].overruled for rule in picture["left_out_by"]):
            raise Refused(
                "what took it is a fault of the file, its label file or its source, which a "
                "correction cannot fix: fix that, and build again"
            )
        found = self._as_found(picture["image_id"])
        then = {
            (d["stage"], d["rule"], d["action"], d["row"])
            for d in picture["decisions"]
            if d["stage"] in AS_READ
        }
        if found is None or _decided(found, picture["image_id"]) != then:
            raise Refused(
                "its file or its label is not as its stage has read it: build again, then look at "
                "it again"
            )
        found = ignore_contradicting_labels(found)
        (image,) = found.images.to_dict("records")
        boxes = boxes_of(found.boxes)
        rows = zip(boxes, found.boxes.origin, strict=True)
        shown = [{**dict(zip("cxywhi", box, strict=True)), "o": origin} for box, origin in rows]
        columns = {name: image[name] for name in ("content_hash", "width", "height", "group_id")}
        return AsRead(Now(boxes, image["labelled_classes"]), {**columns, "boxes": shown or None})

    def file(self, image_id: str) -> Path | None:
        """Where the picture must be, whether it is there or not; None of an unknown source."""
        name, _, path = image_id.partition("/")
        source = self._sources.get(name)
        return self._settings.raw_root / source.folder / path if source else None

    def _as_found(self, image_id: str) -> Samples | None:
        reader = self._reader(image_id.partition("/")[0])
        read = reader.read([image_id]).samples if reader else Samples.empty()
        if read.images.empty:
            return None
        found = with_picture_facts(read, self._settings, lambda line: None)
        return None if found.images.empty else found

    def _opened(self, name: str) -> Reader | None:
        source = self._sources.get(name)
        return open_source(source, self._settings.raw_root) if source else None


def _decided(samples: Samples, image_id: str) -> set[tuple[str, str, str, int | None]]:
    mine = samples.decisions[samples.decisions.image_id == image_id]
    rows = [None if pd.isna(row) else int(row) for row in mine.row]
    return set(zip(mine.stage, mine.rule, mine.action, rows, strict=True))
