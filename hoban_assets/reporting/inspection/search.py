"""Does a source hold anything about ...? Search over class names, captions and file names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from hoban_assets.collector import paused_collector
from hoban_assets.errors import HobanError
from hoban_assets.formats.coco_index import key_of
from hoban_assets.formats.folders import join, parse_json, path_below, read_bytes
from hoban_assets.formats.gather import Bars
from hoban_assets.formats.listed import Listed
from hoban_assets.formats.own_classes import OwnClass, OwnSource, open_own
from hoban_assets.formats.source import RawSource

MOST_MATCHES = 10
"""Different texts found in captions, and in file names, that get a row of their own."""
OTHERS = "(others)"


@dataclass(frozen=True)
class Hit:
    """One thing that matches."""

    source: str
    where: str
    """'class', 'category', 'text' (beside a class), 'caption' or 'file name'."""
    match: str
    """The class; or, in captions and file names, the text that matched, in lower case."""
    count: int
    """Boxes, captions or files."""
    images: int
    on_disk: int
    """Of these images; COCO's captions are of more than a copy of COCO may hold."""
    examples: list[dict[str, str]] = field(default_factory=list)
    """file (below the raw root, or as the captions name it) and text."""


@dataclass(frozen=True)
class Searched:
    """What of one source was searched, so that 'nothing found' means something."""

    source: str
    classes: int
    captions: int
    files: int
    captions_expected: bool
    """It is of a kind that comes with captions, and has none."""
    hits: list[Hit]

    def as_json(self) -> dict[str, Any]:
        """Numbers only."""
        return {k: v for k, v in asdict(self).items() if k != "hits"}


def compiled(pattern: str) -> re.Pattern[str]:
    """Regular expression, in which case does not matter.

    Raises:
        HobanError: it is none; says where it is wrong.
    """
    try:
        return re.compile(unicodedata.normalize("NFC", pattern), re.IGNORECASE)
    except re.error as error:
        raise HobanError(
            f"{pattern!r} is no regular expression: {error}",
            "write alternatives as 'lying|fall'; put a backslash before ( ) [ ] + * ? . to mean "
            "the character itself",
        ) from None


def search(
    source: RawSource, raw_root: Path, pattern: re.Pattern[str], limit: int, bars: Bars
) -> Searched:
    """Search one source.

    Args:
        source: what to search; its `classes` are not looked at.
        raw_root: folder that it is below.
        pattern: see `compiled`.
        limit: examples of each hit.
        bars: one progress bar a step.

    Raises:
        HobanError: the source is missing, empty or not readable.
    """
    with bars(f"{source.name}: classes") as bar:
        own = open_own(source, raw_root, bar)
    hits = list(_classes(own, pattern, limit, bars))
    captions = _captions(own.listed)
    hits += _captions_found(own.listed, captions, pattern, limit)
    hits += _file_names(own.listed, pattern, limit)
    return Searched(
        source=source.name,
        classes=len(own.classes),
        captions=len(captions),
        files=len(own.listed.paths),
        captions_expected=source.format == "coco" and captions.empty,
        hits=_named(source, hits),
    )


def _named(source: RawSource, hits: Iterable[Hit]) -> list[Hit]:
    return [Hit(**{**asdict(hit), "source": source.name}) for hit in hits]


def _found(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    return pattern.search(unicodedata.normalize("NFC", text))


def _classes(own: OwnSource, pattern: re.Pattern[str], limit: int, bars: Bars) -> Iterator[Hit]:
    name_of_class = "category" if own.listed.source.format == "coco" else "class"
    found: list[tuple[OwnClass, str, str]] = []
    for each in own.classes:
        if _found(pattern, each.name):
            found.append((each, name_of_class, each.name))
        else:
            texts = [text for text in each.texts if _found(pattern, text)]
            found += [(each, "text", f"{each.name}: {', '.join(texts[:3])}")] if texts else []
    if not found:
        return
    with bars(f"{own.listed.source.name}: labels") as bar:
        own.listed.progress = bar
        samples = own.reader.read().samples
    files = samples.images.set_index("image_id").file
    for each, where, match in found:
        ids = samples.boxes.image_id[samples.boxes.class_name == each.name]
        images = ids.drop_duplicates()
        examples = [{"file": file, "text": ""} for file in files[images.head(limit)]]
        yield Hit("", where, match, len(ids), len(images), len(images), examples)


@paused_collector()
def _captions(listed: Listed) -> pd.DataFrame:
    """Captions of all captions_*.json below the source: columns text, image (file name).

    Raises:
        HobanError: such a file cannot be parsed.
    """
    tables = []
    for folder, names in listed.tree.folders.items():
        for name in names:
            path = join(folder, name)
            is_captions = "captions" in name.lower() and name.lower().endswith(".json")
            if is_captions and path not in listed.tree.outside_files:
                tables.append(_captions_of(listed.tree.absolute(path)))
    empty = pd.DataFrame({"text": [], "image": []}, dtype=object)
    return pd.concat(tables, ignore_index=True) if tables else empty


def _captions_of(path: str) -> pd.DataFrame:
    try:
        document: Any = parse_json(read_bytes(path))
        file_of = {key_of(image["id"]): str(image["file_name"]) for image in document["images"]}
        rows = [(str(a["caption"]), key_of(a["image_id"])) for a in document["annotations"]]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise HobanError(
            f"{path} cannot be read as COCO captions: {error!r}",
            "copy the file again, or rename it where it holds no captions",
        ) from error
    texts = [" ".join(text.split()) for text, _ in rows]
    return pd.DataFrame({"text": texts, "image": [file_of.get(key, "") for _, key in rows]})


def _captions_found(
    listed: Listed, captions: pd.DataFrame, pattern: re.Pattern[str], limit: int
) -> Iterator[Hit]:
    on_disk = {path.rpartition("/")[2] for path in listed.paths}
    names = captions.image.map(lambda name: (path_below(name) or "").rpartition("/")[2])
    matches = [_found(pattern, text) for text in captions.text]
    table = captions.assign(key=_keys(matches), here=names.isin(on_disk).to_numpy(bool))
    for match, group in _largest(table[table.key.notna()]):
        # What can be looked at comes first.
        shown = group.sort_values("here", ascending=False, kind="stable").head(limit)
        examples = [
            {"file": image, "text": text}
            for image, text in zip(shown.image, shown.text, strict=True)
        ]
        images, here = group.image.nunique(), group.image[group.here].nunique()
        yield Hit("", "caption", match, len(group), images, here, examples)


def _file_names(listed: Listed, pattern: re.Pattern[str], limit: int) -> Iterator[Hit]:
    """Matches in the paths below the source: names of files and of their folders."""
    matches = [_found(pattern, path) for path in listed.paths]
    table = pd.DataFrame({"path": pd.Series(listed.paths, dtype=object), "key": _keys(matches)})
    for match, group in _largest(table[table.key.notna()]):
        files = [f"{listed.source.folder}/{path}" for path in group.path.head(limit)]
        examples = [{"file": file, "text": ""} for file in files]
        yield Hit("", "file name", match, len(group), len(group), len(group), examples)


def _keys(matches: list[re.Match[str] | None]) -> pd.Series:
    return pd.Series([m[0].lower() if m else None for m in matches], dtype=object)


def _largest(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Groups of the same match, the largest first; what is past MOST_MATCHES as one."""
    counts = table.key.value_counts()
    most = counts.index[:MOST_MATCHES]
    for match in most:
        yield str(match), table[table.key == match]
    rest = table[~table.key.isin(most)]
    if len(rest):
        yield OTHERS, rest
