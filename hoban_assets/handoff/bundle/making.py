"""Make the archive of a bundle, whole or with what a server lacks, and keep its list of files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hoban_assets.archives.members import Member
from hoban_assets.archives.room import must_fit
from hoban_assets.archives.writing import Progress, archive_at, archive_bytes
from hoban_assets.errors import HobanError
from hoban_assets.files import save
from hoban_assets.handoff.bundle.contents import Bundle
from hoban_assets.handoff.bundle.hashes import HashMemory
from hoban_assets.handoff.on_server.bundle_files import BUNDLE, CONTENT, bundle_text

_LISTED = 200
"""Bytes of a file's line in bundle.json, about."""
_ELSEWHERE = "write it to another disk: --output /mnt/d/bundle.tar"


Facts = dict[str, str | int]
"""``{"bytes", "sha256", "mtime_ns"}`` of one file."""


@dataclass(frozen=True)
class Packed:
    """What goes into one archive."""

    name: str
    """Of the archive and of its top folder."""
    bundle: Bundle
    entries: tuple[Member, ...]
    """All of it but SHA256SUMS and bundle.json."""
    files: Mapping[str, Facts] | None = None
    """Facts of the whole bundle where the archive holds but a part of it."""
    since: str | None = None

    @property
    def bytes(self) -> int:
        """Size of the archive, nearly."""
        not_in_it = len(self.bundle.entries) - len(self.entries)
        return archive_bytes(self.entries) + _LISTED * max(not_in_it, 0)


def facts_of(entry: Member, sha256: str) -> Facts:
    """What bundle.json says of a file."""
    return {"bytes": entry.size, "sha256": sha256, "mtime_ns": entry.mtime_ns}


def list_of(bundle: Bundle, files: Mapping[str, Facts], since: str | None = None) -> Member:
    """bundle.json, of a whole bundle or of one with --since."""
    text = bundle_text({**bundle.facts, "since": since, "files": dict(files)})
    return Member.of_text(BUNDLE, text, bundle.mtime_ns)


def make(
    packed: Packed,
    target: Path,
    bundles: Path,
    memory: HashMemory,
    threads: int,
    progress: Progress,
) -> None:
    """Write the archive to `target`, and the list of the whole bundle's files below `bundles`.

    Raises:
        HobanError: no room, or a file changes meanwhile. Nothing half-written stays.
    """
    made = packed.bundle.mtime_ns
    must_fit(target.parent, target, packed.bytes, _ELSEWHERE, largest=packed.bytes)
    files = dict(packed.files or {})

    def closing(written: Mapping[str, Facts]) -> Member:
        for name, facts in written.items():
            folder, _, sha256 = name.partition("/")
            if packed.files is None:
                files[name] = {**facts, "mtime_ns": times.get(name, made)}
            elif folder == CONTENT and facts["sha256"] != sha256:
                raise HobanError(
                    f"a file of {packed.bundle.facts['dataset']} was changed without a new time: "
                    f"its content is {facts['sha256']} and not {sha256}",
                    f"delete {memory.folder} and make the bundle again",
                )
        return list_of(packed.bundle, files, packed.since)

    times = {member.name: member.mtime_ns for member in packed.entries}
    of = sum(member.size for member in packed.entries)
    options = {"threads": threads, "of": of, "progress": progress}
    with archive_at(target, _ELSEWHERE, packed.name, **options) as out:
        out.add(packed.entries)
        out.finish(closing, made)
    memory.remember(packed.bundle.of, packed.bundle.entries, files)
    whole = list_of(packed.bundle, files).source
    save(bundles / f"{packed.bundle.name}.json", whole if isinstance(whole, bytes) else b"")


def parts(packed: Packed) -> list[dict[str, Any]]:
    """Rows of a table of what is in the archive: part, files, bytes."""
    groups: Sequence[tuple[str, Callable[[str], bool]]] = (
        ("images, train", lambda name: name.startswith("dataset/images/train/")),
        ("images, val", lambda name: name.startswith("dataset/images/val/")),
        ("labels", lambda name: name.startswith("dataset/labels/")),
        ("data.yaml, manifest.parquet", lambda name: name.startswith("dataset/")),
        ("weights", lambda name: name.startswith("weights/")),
        ("new contents", lambda name: name.startswith(f"{CONTENT}/")),
        ("scripts, README, requirements.txt", lambda name: True),
    )
    found: dict[str, list[int]] = {part: [] for part, _ in groups}
    for entry in packed.entries:
        found[next(part for part, holds in groups if holds(entry.name))].append(entry.size)
    return [
        {"part": part, "files": len(sizes), "bytes": sum(sizes)}
        for part, sizes in found.items()
        if sizes
    ]
