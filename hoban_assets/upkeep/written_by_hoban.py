"""Whether hoban wrote all that lies in a folder, and could write it again."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from glob import escape
from pathlib import Path
from typing import NamedTuple

from hoban_assets.language import Say
from hoban_assets.settings import Settings
from hoban_assets.upkeep.paths import is_within
from hoban_assets.yolo import SPLITS

ULTRALYTICS_CACHES = (".cache", ".npy")
END_MARKER = 2
"""Bytes that publishing adds to a JPEG that lacks its end marker."""
EDIT_MARGIN_NS = 2_000_000_000
"""A label file this much newer than the manifest, which is written last, was edited by hand."""

RUN_FILES = re.compile(
    r"(plan|failed|finished|progress|curves|worst_images|results)\.json(\.new)?|"
    r"command\.txt|metrics\.jsonl(\.new)?|(data|args)\.yaml|"
    r"(best|last)\.pt|results\.(csv|png)|labels\.jpg|confusion_matrix(_normalized)?\.png|"
    r"Box(PR|F1|P|R)_curve\.png|(train|val)_batch\d+(_labels|_pred)?\.jpg"
)
RUN_FOLDERS = {"train", "evaluation", "kept", "config"}
WEIGHTS = re.compile(r"((best|last|moment)(-\d+)?|epoch\d+)\.pt")


class Published(NamedTuple):
    """What the manifest of a published tree says of one image."""

    split: str
    name: str
    file: str
    """Raw file, below the raw root."""
    raw_bytes: int
    """Size of the raw file when it was read; 0: not known."""
    scaled_bytes: int | None
    """Size of the published file where it was scaled from the raw one; None: same content."""


def objection_to_tree(tree: Path, raw_root: Path, say: Say) -> str | None:
    """Return why a published tree must stay although nothing refers to it, or None.

    It must be exactly what publishing wrote (or less): no file of somebody else, no label edited
    since, and the raw root must still hold every photograph, with the same bytes as far as size
    and inode tell.
    """
    manifest = tree / "manifest.parquet"
    if not manifest.is_file() or manifest.is_symlink():
        return say("has no manifest.parquet: it cannot be told what it holds")
    rows = _manifest(manifest)
    if rows is None:
        return say("its manifest.parquet cannot be read: it cannot be told what it holds")
    if strange := _strange_in_tree(tree, {(row.split, row.name) for row in rows}):
        return say("holds a file that hoban did not write: {file}", file=strange)
    published = manifest.stat().st_mtime_ns
    for row in rows:
        label = f"{tree}/labels/{row.split}/{row.name.rpartition('.')[0]}.txt"
        if (status := _status(label)) and status.st_mtime_ns > published + EDIT_MARGIN_NS:
            return say(
                "its label file {file} was changed since", file=f"{row.split}/{Path(label).name}"
            )
    lost = [
        row.file
        for row in rows
        if _only_copy(f"{tree}/images/{row.split}/{row.name}", f"{raw_root}/{row.file}", row)
    ]
    if lost:
        return say(
            "holds the only copy of photographs ({count}): the raw root has no {file} like it",
            count=f"{len(lost):,}",
            file=lost[0],
        )
    return None


def _manifest(manifest: Path) -> list[Published] | None:
    """What it says of every image; None where the file is damaged or not ours."""
    import duckdb

    from hoban_assets.catalog.interrupting import interruptible

    try:
        with duckdb.connect() as memory, interruptible(memory):
            given = [escape(str(manifest))]
            columns = memory.execute("DESCRIBE SELECT * FROM read_parquet(?)", given).fetchall()
            scaled = "scaled_bytes" if "scaled_bytes" in {c[0] for c in columns} else "NULL"
            sql = f"SELECT split, name, file, bytes, {scaled} FROM read_parquet(?)"  # noqa: S608
            found = [Published(*row) for row in memory.execute(sql, given).fetchall()]
    except duckdb.Error:
        return None
    whole = all(r.split in SPLITS and r.name and "/" not in r.name and r.file for r in found)
    return found if whole else None


def _strange_in_tree(tree: Path, images: set[tuple[str, str]]) -> str | None:
    """First entry that publishing did not write, relative to the tree."""
    labels = {(split, f"{name.rpartition('.')[0]}.txt") for split, name in images}
    expected = {"images": images, "labels": labels}
    for entry in sorted(tree.iterdir()):
        if entry.name in expected and entry.is_dir() and not entry.is_symlink():
            for name in _strange_in_half(entry, expected[entry.name]):
                return f"{entry.name}/{name}"
        elif entry.name not in ("data.yaml", "manifest.parquet") or not _is_plain(entry):
            return entry.name
    return None


def _strange_in_half(half: Path, expected: set[tuple[str, str]]) -> Iterator[str]:
    for entry in sorted(half.iterdir()):
        if _is_plain(entry) and entry.suffix in ULTRALYTICS_CACHES:
            continue
        if entry.name not in SPLITS or entry.is_symlink() or not entry.is_dir():
            yield entry.name
            continue
        with os.scandir(entry) as files:
            for file in files:
                ours = (entry.name, file.name) in expected or file.name.endswith(ULTRALYTICS_CACHES)
                if not ours or not file.is_file(follow_symlinks=False):
                    yield f"{entry.name}/{file.name}"


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _only_copy(published: str, raw: str, row: Published) -> bool:
    """Whether a published image exists whose content the raw root does not hold.

    A scaled one is made from the raw file again: both must have the sizes of that day.
    """
    here, there = _status(published), _status(raw)
    if here is None:
        return False
    if there is None:
        return True
    if row.scaled_bytes is not None:
        return (here.st_size, there.st_size) != (row.scaled_bytes, row.raw_bytes)
    same = (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)
    return not same and here.st_size not in (there.st_size, there.st_size + END_MARKER)


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)  # noqa: PTH116 - a Path an image costs as much as the call
    except (FileNotFoundError, NotADirectoryError):
        return None


def objection_to_run(run: Path, say: Say) -> str | None:
    """Return the reason why a training's folder must stay: it holds a file of somebody else."""
    for entry in sorted(run.iterdir()):
        folder = entry.is_dir() and entry.name in RUN_FOLDERS
        if entry.is_symlink() or not (
            folder or (entry.is_file() and RUN_FILES.fullmatch(entry.name))
        ):
            return say("holds a file that hoban did not write: {file}", file=entry.name)
    for name in sorted(RUN_FOLDERS):
        for entry in sorted((run / name).rglob("*")):
            export = entry.parent.name == "weights" and not WEIGHTS.fullmatch(entry.name)
            if entry.is_symlink() or export:
                strange = entry.relative_to(run)
                return say("holds a file that hoban did not write: {file}", file=strange)
    return None


def whose_content(file: Path, settings: Settings, say: Say) -> str | None:
    """Say of a published image whether the raw file keeps its content; None for anything else."""
    if not is_within(file, settings.artifacts) or len(file.parents) < 3 or not file.is_file():
        return None
    tree = file.parents[2]
    if file.parents[1] != tree / "images" or not (tree / "manifest.parquet").is_file():
        return None
    wanted = (file.parent.name, file.name)
    rows = _manifest(tree / "manifest.parquet") or []
    row = next((row for row in rows if (row.split, row.name) == wanted), None)
    if row is None:
        return None
    raw = settings.raw_root / row.file
    if _only_copy(str(file), str(raw), row):
        return say("the raw file {raw} is gone or differs: this is the only copy", raw=raw)
    if row.scaled_bytes is not None:
        return say("made from {raw}, from which it can be made again", raw=raw)
    if file.samefile(raw):
        return say("a hard link of {raw}, which keeps the content", raw=raw)
    return say("a copy of {raw}, which keeps the content", raw=raw)
