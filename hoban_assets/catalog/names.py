"""Which image a person means: an id, a path of any system, a bare name, or a part of one.

The names of a million boxes' images are asked from the cheapest question to the dearest: an exact
id takes one scan of one column, and nothing else is asked where that finds it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from urllib.parse import unquote

from hoban_assets.catalog.asked import Ask, Row
from hoban_assets.naming import image_tag

MOST = 20
"""Names that are listed where several are meant."""
LEAST_ALIKE = 0.8
"""Jaro-Winkler similarity of file names from which one is proposed for another."""
CANDIDATES = 1000
"""Names that are looked at, of those that hold what was typed."""
LABELS = (".json", ".txt", ".xml")
_NONE = (9, 0)
_DRIVE = re.compile(r"^[A-Za-z]:/")
_PUBLISHED = re.compile(r"-([0-9a-f]{12})\.[A-Za-z0-9]+$")


def plain(typed: str) -> str:
    """A name as people paste it (quotes, `file://`, backslashes, a drive) as a '/' path."""
    text = typed.strip().strip("\"'")
    if text.startswith("file://"):
        text = unquote(text.removeprefix("file://"))
    text = text.replace("\\", "/")
    return re.sub(r"/+", "/", _DRIVE.sub("/", text)).rstrip("/")


def folded(name: str) -> str:
    """What two spellings of one name have in common: composed letters (NFC), lower case."""
    return unicodedata.normalize("NFC", name).lower()


def endings(name: str) -> list[str]:
    """The path and every path that it ends with, longest first: 'a/b/c', 'b/c', 'c'."""
    parts = [part for part in PurePosixPath(name).parts if part not in {"/", "."}]
    return ["/".join(parts[start:]) for start in range(len(parts))]


def images_meant(ask: Ask, typed: str, folders: Mapping[str, str] | None = None) -> list[str]:
    """Ids of the images that `typed` may mean, kept or dropped, at most `MOST`, sorted.

    The first of these that finds anything answers: the id itself; an id, or a file below the raw
    root, that the path ends with (so any mount and drive will do); the same without looking at
    case and at NFC or NFD; ids and files that end with what was typed; a part of an id; the label
    file of an image; the name of a published file.

    Args:
        ask: open catalog.
        typed: what a person typed or pasted.
        folders: folder of a source below the raw root to the name of the source, which ids begin
            with: for images that were dropped before anything noted their file.
    """
    ways = endings(plain(typed))
    if not ways:
        return []
    ways += [id_ for way in ways for id_ in _as_ids(way, folders or {})]
    if found := _ids(ask(_EXACT, {"id": ways[0]})):
        return found
    name = ways[0].rpartition("/")[2]
    last = folded(name)
    asked = {"last": last, "end": f"/{last}", "most": CANDIDATES}
    found = _best(ask(_scan(_HOLDING, last), asked), ways)
    if not found and last.endswith(LABELS):
        del asked["last"]
        found = _best(ask(_scan(_LABELS, last), asked), ways)
    return found or _published(ask, name)


def nearest_images(ask: Ask, typed: str) -> list[str]:
    """Ids of three files whose names are most like what was typed, best first; [] is no match."""
    ways = endings(folded(plain(typed)))
    return _ids(ask(_NEAREST, {"name": ways[-1], "least": LEAST_ALIKE, "most": 3})) if ways else []


def _scan(sql: str, name: str) -> str:
    """Fill in how columns are folded: plain letters need no composing, which is dear."""
    fold = _LOWER if name.isascii() else _FOLD
    return sql.format(of_id=fold.format("image_id"), of_label=fold.format("label_file"))


def _as_ids(path: str, folders: Mapping[str, str]) -> Iterator[str]:
    parts = path.split("/")
    for folder, source in folders.items():
        depth = folder.count("/") + 1
        if folded("/".join(parts[:depth])) == folded(folder):
            yield "/".join([source, *parts[depth:]])


def _ids(rows: Sequence[Row]) -> list[str]:
    return [row["image_id"] for row in rows]


def _best(rows: Sequence[Row], ways: Sequence[str]) -> list[str]:
    """Of images whose names hold the last part of what was typed, those that fit it best."""
    typed = [folded(way) for way in ways]
    found: dict[tuple[int, int], set[str]] = {}
    for row in rows:
        names = filter(None, [row["image_id"], *row["files"]])
        fits = [_fit(name, ways, typed) for name in names]
        found.setdefault(min(fits), set()).add(row["image_id"])
    best = min(found, default=_NONE)
    return sorted(found[best])[:MOST] if best < _NONE else []


def _fit(name: str, ways: Sequence[str], typed: Sequence[str]) -> tuple[int, int]:
    """How well a name fits, the smaller the better."""
    if name in ways:
        return 0, ways.index(name)
    alike = folded(name)
    if alike in typed:
        return 1, typed.index(alike)
    if alike.endswith(f"/{typed[0]}"):
        return 2, 0
    return (3, 0) if typed[0] in alike else _NONE


def _published(ask: Ask, name: str) -> list[str]:
    """The image of a published file: its name ends in a hash of the id (see `publish`)."""
    match = _PUBLISHED.search(name)
    if match is None:
        return []
    rows = ask(_OF_SOURCE, {"name": name})
    return [image_id for image_id in _ids(rows) if image_tag(image_id) == match[1]]


_EXACT = """
SELECT image_id FROM store.images WHERE image_id = $id
UNION
SELECT image_id FROM store.decisions WHERE image_id = $id
"""
_FOLD, _LOWER = "lower(nfc_normalize({}))", "lower({})"
_HOLDING = """
SELECT image_id, list(DISTINCT file) AS files FROM (
    SELECT image_id, file, {of_id} AS name FROM store.images WHERE contains({of_id}, $last)
    UNION ALL
    SELECT image_id, file, {of_id} FROM store.decisions WHERE contains({of_id}, $last)
)
GROUP BY image_id, name
ORDER BY ends_with(name, $end) DESC, image_id LIMIT $most
"""
_LABELS = """
SELECT image_id, list(DISTINCT label_file) AS files FROM store.images
WHERE ends_with({of_label}, $end)
GROUP BY image_id ORDER BY image_id LIMIT $most
"""
_OF_SOURCE = """
SELECT DISTINCT image_id FROM store.images WHERE starts_with($name, source || '-')
"""
_NEAREST = """
WITH named AS (
    SELECT image_id FROM store.images UNION SELECT image_id FROM store.decisions
)
SELECT image_id,
       jaro_winkler_similarity(lower(nfc_normalize(split_part(image_id, '/', -1))), $name) AS alike
FROM named WHERE alike >= $least ORDER BY alike DESC, image_id LIMIT $most
"""
