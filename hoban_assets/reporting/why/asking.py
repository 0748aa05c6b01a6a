"""From what a person typed to a story: the one way in, for the command and for tests."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hoban_assets.catalog.asked import Ask
from hoban_assets.catalog.names import MOST, endings, folded, images_meant, nearest_images, plain
from hoban_assets.errors import HobanError
from hoban_assets.freshness.declared import Source
from hoban_assets.reporting.why.alignment import Alignment
from hoban_assets.reporting.why.figures import Life, life_of, mistakes_on
from hoban_assets.reporting.why.findings import Story, story
from hoban_assets.reporting.why.unread import Unread, by_decision, image_of_label, passed_over


def sources_declared(cache: Path | None = None) -> list[Source]:
    """Every raw source that a stage reads; `cache` as of `declared`, which spares pandas."""
    from hoban_assets.freshness.declared import declared, read_declared

    assets = read_declared() if cache is None else declared(cache)
    return list({s.name: s for asset in assets for s in asset.sources}.values())


def found(
    ask: Ask | None, raw_root: Path, typed: str, sources: Sequence[Source] | None = None
) -> Life | Unread:
    """Everything about the image that `typed` means, or why the file of that name was not read.

    Args:
        ask: open catalog; None where nothing was built yet.
        raw_root: where files that no build knows are looked for.
        typed: id, path of any system, bare name, or a part of an id.
        sources: `sources_declared`, where the caller has them.

    Raises:
        HobanError: several are meant, or none; names them, or the nearest.
    """
    known = sources_declared() if sources is None else sources
    folders = {source.folder: source.name for source in known}
    images = images_meant(ask, typed, folders) if ask is not None else []
    if len(images) == 1 and ask is not None:
        return _read(ask, images[0])
    files = [] if images else files_meant(raw_root, typed)
    if len(files) == 1:
        passed = passed_over(ask, raw_root, files[0])
        if ask is not None and passed.rule == "label_not_read":
            image = image_of_label(ask, files[0])
            return passed if image is None else _read(ask, image)
        return passed
    several = images or files
    if several:
        listed = "\n    ".join(several)
        raise HobanError(f"several images match {typed!r}:\n    {listed}", "name one of them")
    close = nearest_images(ask, typed) if ask is not None else []
    way_out = f"did you mean {' or '.join(close)}?" if close else "try a shorter part of its name"
    raise HobanError(f"no image {typed!r}, neither in the catalog nor below {raw_root}", way_out)


def _read(ask: Ask, image_id: str) -> Life | Unread:
    life = life_of(ask, image_id)
    passed = _passed_over(life)
    return replace(life, mistakes=mistakes_on(ask, life)) if passed is None else passed


def _passed_over(life: Life) -> Unread | None:
    """A file that only decisions know, all of them saying that its reader passed it over."""
    rows = [row for passage in life.passages for row in passage.decisions]
    if life.image is not None or {row["rule"] for row in rows} != {"not_read"}:
        return None
    return by_decision(rows[-1]["file"], {**rows[-1], "image_id": life.image_id})


def judged(life: Life, raw_root: Path, sources: Sequence[Source] | None = None) -> Story:
    """The story of an image, with what its photograph and those of its witnesses show."""
    known = sources_declared() if sources is None else sources
    name = life.image_id.split("/")[0]
    format_name = next((s.format for s in known if s.name == name), "")
    return story(life, format_name, _alignments(life, raw_root))


def _alignments(life: Life, raw_root: Path) -> Mapping[str, Alignment]:
    if not life.witnesses or life.file is None:
        return {}
    from hoban_assets.reporting.gallery.pictures import raw_file
    from hoban_assets.reporting.why.alignment import alignment

    laid = {}
    for name, passage in life.witnesses.items():
        if passage.image is not None:
            try:
                files = [raw_file(raw_root, str(f)) for f in (life.file, passage.image["file"])]
            except ValueError:
                continue
            if (one := alignment(*files)) is not None:
                laid[name] = one
    return laid


def with_labels(told: Story, raw_root: Path) -> Story:
    """Add the boxes of its label file where no build has any left, for a picture.

    A stage that drops an image forgets its boxes. A COCO file is not opened for this: it may
    take a minute to read.
    """
    from hoban_assets.declared.sources import SOURCES

    name = told.life.image_id.split("/")[0]
    source = next((s for s in SOURCES if s.name == name), None)
    has_boxes = any(passage.boxes for passage in told.life.passages)
    if source is None or has_boxes or source.format in {"coco", "background"}:
        return told
    from hoban_assets.formats import open_source

    try:
        read = open_source(source, raw_root).read([told.life.image_id])
    except HobanError:  # its folder or its file is not there any more
        return told
    boxes = read.samples.boxes.to_dict("records")
    return replace(told, in_file=[{str(key): value for key, value in b.items()} for b in boxes])


def files_meant(raw_root: Path, typed: str) -> list[str]:
    """Files below the raw root that `typed` may mean, at most `MOST`, sorted.

    A path of any system is followed from the raw root, whatever stands before it; case, and NFC
    or NFD, do not matter. A name alone is looked for in every folder.
    """
    name = plain(typed)
    root = plain(str(raw_root))
    if folded(name).startswith(f"{folded(root)}/"):
        name = name[len(root) :]
    ways = endings(name)
    for way in ways:
        if found := _follow(raw_root, way.split("/")):
            return found
    return sorted(_named(raw_root, folded(ways[0])))[:MOST] if ways else []


def _follow(root: Path, parts: Sequence[str]) -> list[str]:
    """The files that a path leads to, each part of it as it is, else folded."""
    places = [""]
    for number, part in enumerate(parts, 1):
        is_last = number == len(parts)
        found = []
        for place in places:
            exact = root / place / part
            if exact.is_file() if is_last else exact.is_dir():
                found.append(f"{place}/{part}".lstrip("/"))
                continue
            found += [
                f"{place}/{entry.name}".lstrip("/")
                for entry in _entries(root / place)
                if folded(entry.name) == folded(part)
                and (entry.is_file() if is_last else entry.is_dir())
            ]
        places = found
    return sorted(places)


def _named(root: Path, name: str) -> Iterator[str]:
    pending = [""]
    while pending:
        folder = pending.pop()
        for entry in _entries(root / folder):
            path = f"{folder}/{entry.name}".lstrip("/")
            if entry.is_dir(follow_symlinks=False):
                pending.append(path)
            elif folded(path).endswith(f"/{name}") or folded(entry.name) == name:
                yield path


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [e for e in entries if e.name.isprintable()]
    except OSError:
        return []
