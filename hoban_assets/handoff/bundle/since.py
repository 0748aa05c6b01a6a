"""A bundle that holds only what a server lacks, told by the list of files of an earlier one."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hoban_assets.archives.members import Member
from hoban_assets.archives.reading import opened
from hoban_assets.archives.writing import SUMS, Progress, Writer, sums_of
from hoban_assets.errors import HobanError
from hoban_assets.handoff.bundle.contents import SERVER, Bundle, script_text, scripts_of
from hoban_assets.handoff.bundle.hashes import HashMemory
from hoban_assets.handoff.bundle.making import Facts, Packed, facts_of
from hoban_assets.handoff.bundle.readme import readmes_since
from hoban_assets.handoff.on_server.bundle_files import (
    BUNDLE,
    CONTENT,
    FORMAT,
    by_content,
)


def read_previous(previous: str, bundles: Path) -> dict[str, Any]:
    """Content of bundle.json of an earlier bundle.

    Args:
        previous: an archive, a bundle.json, an unpacked folder, or the name of a bundle whose
            list is kept in `bundles`.
        bundles: folder of the lists.

    Raises:
        HobanError: there is no such bundle, or it cannot be read; names the nearest one.
    """
    path = Path(previous).expanduser()
    kept = bundles / f"{path.name.removesuffix('.tar').removesuffix('.json')}.json"
    places = (path / BUNDLE, path, kept)
    file = next((place for place in places if place.is_file()), None)
    if file is None:
        known = sorted(f.stem for f in bundles.glob("*.json"))
        close = difflib.get_close_matches(kept.stem, known, n=1, cutoff=0.5)
        names = f"did you mean {close[0]}?" if close else f"known: {', '.join(known) or 'none yet'}"
        raise HobanError(
            f"no bundle {previous!r}: no archive, no bundle.json, and no name of one in {bundles}",
            f"{names}; without --since the bundle holds everything",
        )
    try:
        with file.open("rb") as stream:
            is_text = stream.read(1) == b"{"
        found: dict[str, Any] = json.loads(file.read_bytes() if is_text else _of_archive(file))
        known_format = found["format"] == FORMAT and isinstance(found["files"], dict)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HobanError(
            f"{file} is no whole bundle: {error}", "name another, or leave --since out"
        ) from error
    if not known_format:
        raise HobanError(f"{file} is of another format", "leave --since out")
    return found


def _of_archive(file: Path) -> bytes:
    with opened(file) as archive:
        (last,) = deque(archive, maxlen=1)
        if not last.name.endswith(f"/{BUNDLE}"):
            raise ValueError(f"its last file is {last.name} and not {BUNDLE}")
        return archive.open(last).read()


def packed_since(
    bundle: Bundle,
    previous: Mapping[str, Any],
    memory: HashMemory,
    threads: int,
    progress: Progress,
) -> Packed:
    """What a server that has `previous` lacks; reads what is not remembered by `memory`.

    Raises:
        HobanError: it has everything.
    """
    if previous["bundle"] == bundle.name:
        raise HobanError(
            f"{bundle.name} is what the server has already: the same dataset, training and scripts",
            "start it there: ./train.sh",
        )
    files = _files_of(bundle, memory, threads, progress)
    memory.remember(bundle.of, bundle.entries, files)
    sums = Member.of_text(SUMS, data := sums_of(files), bundle.mtime_ns)
    files[SUMS] = facts_of(sums, hashlib.sha256(data).hexdigest())
    bundle = replace(bundle, entries=(*bundle.entries, sums))
    contents = _new_contents(bundle, files, previous)
    return Packed(
        f"{bundle.name}_since_{previous['bundle']}",
        bundle,
        (*_applying(bundle, contents, previous), *contents),
        files,
        str(previous["bundle"]),
    )


def _files_of(
    bundle: Bundle, memory: HashMemory, threads: int, progress: Progress
) -> dict[str, Facts]:
    """Facts of every file; only what is not remembered is read."""
    known = {e.name: h for e in bundle.entries if (h := memory.get(e)) is not None}
    unknown = [entry for entry in bundle.entries if entry.name not in known]
    of = sum(entry.size for entry in unknown)
    with Path(os.devnull).open("wb") as nowhere:
        out = Writer(nowhere, threads=threads, of=of, progress=progress)
        out.add(unknown)
    known |= {name: facts["sha256"] for name, facts in out.files.items()}
    return {entry.name: facts_of(entry, known[entry.name]) for entry in bundle.entries}


def _new_contents(
    bundle: Bundle, files: Mapping[str, Facts], previous: Mapping[str, Any]
) -> list[Member]:
    """Contents that `previous` has under no name, each once, named by hash; sorted."""
    there = by_content(previous["files"])
    found: dict[str, Member] = {}
    for entry in bundle.entries:
        sha256 = str(files[entry.name]["sha256"])
        if sha256 not in there and sha256 not in found:
            name = f"{CONTENT}/{sha256}"
            found[sha256] = replace(entry, name=name)
    return [found[sha256] for sha256 in sorted(found)]


def _applying(
    bundle: Bundle, contents: Sequence[Member], previous: Mapping[str, Any]
) -> Iterator[Member]:
    """Scripts and README that make the whole bundle of `contents` and the previous one."""
    made = bundle.mtime_ns
    for file in scripts_of(SERVER / "apply.py"):
        yield Member.of_text(file.name, script_text(file), made)
    yield Member.of_text("apply.sh", script_text(SERVER / "apply.sh"), made)
    size = sum(entry.size for entry in contents)
    facts = {**bundle.facts, "since": previous["bundle"]}
    for name, text in readmes_since(facts, len(contents), size).items():
        yield Member.of_text(name, text, made)
