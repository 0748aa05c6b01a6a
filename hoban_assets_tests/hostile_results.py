"""Archives of a server that say, in every field, what no training writes."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from handed_in_runs import HandedIn, run_files

VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 1.5, 10**30, 1e308, "", "x", "\ud800", "../x", "/etc/passwd", "\x1b[31m"),
    *([], {}, [[]], {"a": 1}, ["x"] * 3),
)
"""What stands in the place of a field's value."""
RAW = (b"", b"null", b"[]", b"{}", b"[" * 100_000, b"NaN", b"1e999", b"\xff\xfe", b'{"a":' * 9000)
"""What stands in the place of a file."""
WORST = [
    {
        "name": "a.jpg",
        "missed": 1,
        "false": 0,
        "confused": 0,
        "boxes": [{"kind": "right", "class_name": "person", "confidence": 0.5, "box": [0.5] * 4}],
    }
]


def hostile() -> Iterator[tuple[str, HandedIn]]:
    """What is wrong, and the archive."""
    for path in paths(HandedIn().manifest()):
        for value in VALUES:
            told = changed(HandedIn().manifest(), path, value)
            yield f"results.json {path} = {value!r:.40}", HandedIn(claims=told)
    files = run_files()
    line = files["metrics.jsonl"].splitlines()[-1]
    whole = {"finished.json": json.loads(files["finished.json"]), "worst_images.json": WORST}
    for name, document in whole.items():
        for path in paths(document):
            for value in VALUES:
                text = json.dumps(changed(document, path, value)).encode()
                yield f"{name} {path} = {value!r:.40}", HandedIn({**files, name: text})
    for key in json.loads(line):
        for value in VALUES:
            row = json.dumps({**json.loads(line), key: value}).encode() + b"\n"
            text = files["metrics.jsonl"] + row
            yield f"metrics.jsonl {key} = {value!r:.40}", HandedIn({**files, "metrics.jsonl": text})
    for name in (*files, "worst_images.json", "curves.json"):
        for data in RAW:
            yield f"{name} = {data!r:.40}", HandedIn({**files, name: data})
    for data in RAW:
        yield f"results.json = {data!r:.40}", HandedIn(altered={"results.json": data})


def paths(document: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Each place in a JSON document, those of containers too; not those of its list of files."""
    inside: Any = document.items() if isinstance(document, dict) else ()
    inside = enumerate(document[:1]) if isinstance(document, list) else inside
    for key, value in inside:
        yield (*at, key)
        if key != "files":
            yield from paths(value, (*at, key))


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value at `path`."""
    made = copy.deepcopy(document)
    inside = made
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    return made
