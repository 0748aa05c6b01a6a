"""A file that no build has read: which rule of which folder passed it over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hoban_assets.catalog.asked import Ask, Row
from hoban_assets.catalog.names import folded
from hoban_assets.errors import HobanError
from hoban_assets.howto import build
from hoban_assets.language import plain
from hoban_assets.rules import meaning

if TYPE_CHECKING:
    from hoban_assets.formats.source import RawSource
    from hoban_assets.pipeline.stage import Stage


@dataclass(frozen=True)
class Unread:
    """Why a file is in no build. Texts are English keys with {fields}, filled in from `facts`."""

    file: str
    """Below the raw root."""
    rule: str
    folder: str
    """The folder whose rule it is, below the raw root."""
    source: str | None
    text: str
    facts: dict[str, Any] = field(default_factory=dict)
    way_out: str = ""


def passed_over(ask: Ask | None, raw_root: Path, file: str) -> Unread:
    """Say why no build has a file that lies below the raw root.

    Args:
        ask: open catalog; None where nothing was built yet.
        raw_root: folder of the raw sources.
        file: below it, '/' separated.
    """
    if ask is not None and (found := _decided(ask, file)):
        return found
    source = source_of(file)
    if source is None:
        top = file.rpartition("/")[0] or "."
        return Unread(
            file,
            "source_not_declared",
            top,
            None,
            "no declared source has folder {folder}",
            {"folder": top},
            f"hoban inspect '{raw_root / top}', and docs/add-a-source.md",
        )
    stages = _stages(source)
    known = _known(ask, source, stages) if ask is not None else {}
    if not known:
        return Unread(
            file,
            "never_built",
            source.folder,
            source.name,
            "its source {source} has never been read",
            {"source": source.name},
            _build(stages, "sub"),
        )
    return _by_listing(raw_root, file, source, stages, known)


def image_of_label(ask: Ask, file: str) -> str | None:
    """Id of the image that was read with a label file, also where a stage left it out again.

    Args:
        ask: open catalog.
        file: label below the raw root that the reader of its source uses.

    Returns:
        The one image of this stem whose folders have most in common with those of the label; None
        where there is none, or no single one.
    """
    source = source_of(file)
    if source is None:
        return None
    known = _known(ask, source, _stages(source))
    *folders, name = folded(file)[len(source.folder) + 1 :].split("/")
    shared: dict[str, int] = {}
    for image_id in {image_id for ids in known.values() for image_id in ids}:
        *theirs, image = folded(image_id).split("/")[1:]
        if image.rpartition(".")[0] == name.rpartition(".")[0]:
            both = zip(folders, theirs, strict=False)
            shared[image_id] = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], both))
    best = [image_id for image_id, count in shared.items() if count == max(shared.values())]
    return best[0] if len(best) == 1 else None


def source_of(file: str) -> RawSource | None:
    """The declared source in whose folder a file lies; the deepest, where folders are nested."""
    from hoban_assets.declared.sources import SOURCES

    mine = [s for s in SOURCES if folded(file).startswith(f"{folded(s.folder)}/")]
    return max(mine, key=lambda s: len(s.folder), default=None)


def _stages(source: RawSource) -> list[Stage]:
    from hoban_assets.declared.stages import STAGES

    return [stage for stage in STAGES if source in stage.sources]


def _build(stages: Sequence[Stage], partition: str) -> str:
    names = stages[0].name if stages else "STAGE"
    return build(names, partition=partition)


def _decided(ask: Ask, file: str) -> Unread | None:
    """A decision about the file, about its folder, or about a folder above that is passed over."""
    folders = endings_of_start(file)
    rows = ask(_DECIDED, {"files": [file, *folders]})
    mine = [row for row in rows if row["file"] in {file, *folders[:1]} or not _is_of_one(row)]
    if not mine:
        return None
    best: Row = max(mine, key=lambda row: len(row["file"]))
    return by_decision(file, best)


def by_decision(file: str, row: Row) -> Unread:
    """What a decision (rule, file, image_id, value) about a file, or a folder of it, says."""
    words = meaning(row["rule"], plain, row["rule"])
    text = "{what}" if row["value"] is None else "{what} ({value})"
    folder = row["file"] if row["file"] != file else file.rpartition("/")[0]
    facts = {"what": words, "value": row["value"]}
    return Unread(file, row["rule"], folder, row["image_id"].split("/")[0], text, facts)


def _is_of_one(row: Row) -> bool:
    """Whether a decision is about files that lie in that very folder, and not further down."""
    return row["rule"] == "not_read" and "this format reads" in (row["value"] or "")


def endings_of_start(file: str) -> list[str]:
    """The folders that a file lies in, the nearest first: 'a/b' and 'a' of 'a/b/c.jpg'."""
    parts = file.split("/")[:-1]
    return ["/".join(parts[:end]) for end in range(len(parts), 0, -1)]


def _known(ask: Ask, source: RawSource, stages: Sequence[Stage]) -> dict[str, list[str]]:
    """Partition to the ids of this source that a stage of it read, kept or dropped."""
    found: dict[str, list[str]] = {}
    for row in ask(_READ, {"source": f"{source.name}/", "stages": [s.name for s in stages]}):
        found.setdefault(row["partition"], []).append(row["image_id"])
    return found


def _by_listing(
    raw_root: Path,
    file: str,
    source: RawSource,
    stages: Sequence[Stage],
    known: dict[str, list[str]],
) -> Unread:
    """What the reader of its source makes of it."""
    below = "/".join(file.split("/")[source.folder.count("/") + 1 :])
    facts = {"source": source.name, "format": source.format}
    try:
        images, labels, links = _listed(source, raw_root)
    except HobanError as error:
        text = "its source {source} cannot be read: {problem}"
        facts["problem"] = error.problem
        return Unread(file, "unreadable", source.folder, source.name, text, facts, error.way_out)
    link = next((f for f in (below, *endings_of_start(below)) if f in links), None)
    if link is not None:
        facts["link"] = link
        text = "{link} is a link that leads out of source {source}, so it is not followed"
        return Unread(file, "path_outside", source.folder, source.name, text, facts)
    if below in images:
        return _not_yet(file, source, stages, known, below)
    if below in labels:
        text = "it is a label file of source {source}, of an image that was not read"
        return Unread(file, "label_not_read", source.folder, source.name, text, facts)
    return _other(file, source, below, facts)


def _listed(source: RawSource, raw_root: Path) -> tuple[set[str], set[str], set[str]]:
    """Images, label files and links of a source; a COCO JSON, which may be large, stays shut."""
    if source.format == "coco":
        from hoban_assets.formats.folders import scan

        tree = scan(source.root(raw_root))
        return set(tree.images()), set(), {*tree.outside_files, *tree.outside_folders}
    from hoban_assets.formats import open_source

    reader: Any = open_source(source, raw_root)
    tree = reader.tree
    links = {*tree.outside_files, *tree.outside_folders}
    return set(reader.paths), set(reader.label_files), links


def _not_yet(
    file: str,
    source: RawSource,
    stages: Sequence[Stage],
    known: dict[str, list[str]],
    below: str,
) -> Unread:
    """An image that the reader would read: beyond the part that `sub` reads, or newer."""
    from hoban_assets.pipeline.reading import BUCKETS
    from hoban_assets.samples import stable_shares

    facts: dict[str, Any] = {"source": source.name, "stage": stages[0].name, "of": BUCKETS}
    if "full" not in known:
        mine = int(stable_shares([f"{source.name}/{below}"])[0] * BUCKETS)
        last = int(stable_shares(known["sub"]).max() * BUCKETS)
        if mine > last:
            facts |= {"part": mine + 1, "last": last + 1}
            return Unread(
                file,
                "beyond_sub",
                source.folder,
                source.name,
                "{stage} [sub] reads a part of source {source}, up to part {last} of {of} by a "
                "hash of the id, and it is in part {part}; full reads all",
                facts,
                _build(stages, "full"),
            )
    text = "it lies in source {source}, but was not there when {stage} was built"
    return Unread(
        file, "newer", source.folder, source.name, text, facts, _build(stages, min(known))
    )


def _other(file: str, source: RawSource, below: str, facts: dict[str, Any]) -> Unread:
    """A file that the reader of its source passes over."""
    from hoban_assets.formats.detect import LOOKED_FOR
    from hoban_assets.suffixes import IMAGE_SUFFIXES

    folder = file.rpartition("/")[0]
    facts |= {"folder": folder, "looked_for": LOOKED_FOR[source.format]}
    suffix = below.rpartition(".")[2].lower()
    if any(part.startswith(".") for part in below.split("/")):
        text = "its name, or that of a folder, begins with a dot, and such files are never read"
        return Unread(file, "hidden", folder, source.name, text, facts)
    if source.format == "yolo" and below == "data.yaml":
        text = "it is no image: the names of the classes of source {source} are taken from it"
        return Unread(file, "class_names", folder, source.name, text, facts)
    if suffix not in IMAGE_SUFFIXES:
        facts["suffix"] = f".{suffix}" if "." in below else "-"
        text = (
            "files that end in {suffix} are read neither as an image nor, where it lies, as a label"
            " of source {source} ({format}: {looked_for})"
        )
        return Unread(file, "suffix_not_read", folder, source.name, text, facts)
    text = "folder {folder} is not one that source {source} is read from ({format}: {looked_for})"
    way_out = "move it to where the reader looks, or declare its folder: docs/add-a-source.md"
    return Unread(file, "folder_not_read", folder, source.name, text, facts, way_out)


_DECIDED = """
SELECT image_id, rule, file, value FROM decisions
WHERE file IN (SELECT unnest($files)) AND action = 'drop' AND "row" IS NULL
  AND (ends_with(file, split_part(image_id, '/', -1)) OR file <> $files[1])
LIMIT 100
"""
_READ = """
SELECT DISTINCT partition, image_id FROM images
WHERE starts_with(image_id, $source) AND list_contains($stages, asset)
UNION
SELECT DISTINCT partition, image_id FROM decisions
WHERE starts_with(image_id, $source) AND list_contains($stages, asset)
"""
