"""Row: looking at a raw folder of 100,000 files, against what the system takes to list them.

A first look reads every label once; its floor is a loop that lists, stats, reads and hashes, and
keeps nothing. A later look reads what changed; its floor is `os.scandir` and `stat` alone, which
nobody can do without who wants to know whether a file changed (`git status` does the same). An
audit hook counts what is opened, so that no figure rests on the platform's own word.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.harness import Context, Criterion, Result, agree, fresh, in_turn, median, samples
from benchmarks.worker import Timing, Work, call

FIRST, LATER = 2.0, 3.0
"""Times the floor that a first and a later look may take."""
SECONDS = 5.0
"""What 100,000 files may take, first look included."""
CLASSES = ("helmet_wearing", "helmet_not_wearing")


def run(context: Context) -> Result:
    """Write the tree; then, in turn: first look, second, one label changed, floors, find."""
    pairs = context.size(50_000, 500)
    root, memory = str(context.folder / "raw"), context.folder / "cache"
    made = call(f"{__name__}:write", root=root, pairs=pairs)
    context.say(f"{2 * pairs:,} files written in {made.seconds:.1f} s")

    def look(**more: Any) -> Timing:
        return call(f"{__name__}:look", root=root, memory=str(memory), **more)

    def first(_: int) -> Timing:
        fresh(memory)
        return look()

    timings = in_turn(
        context,
        {
            "first": first,
            "second": lambda _: look(),
            "one changed": lambda turn: look(change=turn + 1),
            "scandir + stat": lambda _: call(f"{__name__}:floor", root=root, read=False),
            "scandir + stat + read labels": lambda _: call(
                f"{__name__}:floor", root=root, read=True
            ),
            **({"find": lambda _: call(f"{__name__}:find", root=root)} if _has_find() else {}),
        },
    )
    _hold_against_each_other(timings, pairs)
    one, two, changed, stat, read, *peer = (median(side) for side in timings.values())
    return Result(
        criteria=(
            _files("second look, nothing changed: files opened", timings["second"], 0),
            _files("one label of the same size changed: files opened", timings["one changed"], 1),
            _ratio("second look / os.scandir + stat", two, stat, LATER),
            _ratio("one label changed / os.scandir + stat", changed, stat, LATER),
            _ratio("first look / the same + reading and hashing every label", one, read, FIRST),
            Criterion(
                f"first look at {2 * pairs:,} files",
                f"{one:.2f} s",
                "",
                one,
                SECONDS,
                "at most",
                " s",
            ),
        ),
        notes=(
            f"{pairs:,} images and as many AI Hub labels, in the page cache; floors keep nothing "
            "and sort nothing; each look in a process of its own, its imports not timed",
            f"per file: second look {two / pairs / 2 * 1e6:.1f} us, floor "
            f"{stat / pairs / 2 * 1e6:.1f} us"
            + (f"; find -printf {peer[0]:.2f} s ({two / peer[0]:.2f}x)" if peer else ""),
        ),
        samples=samples(timings),
    )


def _hold_against_each_other(timings: dict[str, list[Timing]], pairs: int) -> None:
    """Refuse figures of sides that saw different files or gave a wrong version."""
    for name, side in timings.items():
        for timing in side:
            agree(f"files seen by {name}", timing.result["files"], 2 * pairs)
    for turn, seen in enumerate(timings["first"]):
        agree("labels read by a first look", seen.result["opened"], pairs)
        agree(
            "version of two looks",
            seen.result["version"],
            timings["second"][turn].result["version"],
        )
        changed = timings["one changed"][turn].result["version"]
        agree("whether a changed label is seen", changed != seen.result["version"], True)


def _files(what: str, timings: list[Timing], limit: int) -> Criterion:
    opened = max(timing.result["opened"] for timing in timings)
    return Criterion(what, f"{opened}", "", opened, limit, "at most", "")


def _ratio(what: str, ours: float, floor: float, limit: float) -> Criterion:
    return Criterion(what, f"{ours:.2f} s", f"{floor:.2f} s", ours / floor, limit, "at most")


def _has_find() -> bool:
    return shutil.which("find") is not None


def write(root: str, pairs: int) -> Work:
    """Write images (a few bytes: nobody opens them) and AI Hub labels, in the team's layout."""
    label = {"image": {"resolution": [1920, 1080]}, "annotations": []}

    def work() -> None:
        for name in CLASSES:
            for kind in ("images", "labels"):
                Path(root, name, kind).mkdir(parents=True)
        for number in range(pairs):
            folder, stem = f"{root}/{CLASSES[number % 2]}", f"S2-N4601M{number:06}"
            Path(folder, "images", f"{stem}.jpg").write_bytes(b"x" * (number % 97))
            boxes = [{"code": "07", "box": [number, 10, number + 50, 60]}] * (number % 5)
            text = json.dumps({**label, "annotations": boxes})
            Path(folder, "labels", f"{stem}.json").write_text(text, encoding="utf-8")

    return work


def look(root: str, memory: str, change: int | None = None) -> Work:
    """Time a look of the platform; before it, `change` one label and keep its size and mtime."""
    from hoban_assets.observing.fingerprint import fingerprint

    if change is not None:
        _change(Path(root, CLASSES[0], "labels", f"S2-N4601M{2 * change:06}.json"))
    opened = 0

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal opened
        if event == "open" and str(arguments[0]).startswith(root):
            opened += 1

    sys.addaudithook(hook)

    def work() -> dict[str, Any]:
        found = fingerprint(Path(root), Path(memory))
        return {"files": found.files, "version": found.version, "opened": opened}

    return work


def _change(label: Path) -> None:
    before, text = label.stat(), label.read_text(encoding="utf-8")
    label.write_text(
        text.replace("1920", "1921") if "1920" in text else text.replace("1921", "1920"),
        encoding="utf-8",
    )
    os.utime(label, ns=(before.st_atime_ns, before.st_mtime_ns))


def floor(root: str, read: bool) -> Work:
    """Time the bare loop: what any program does that asks for size and time of every file."""
    import xxhash

    def files(folder: str) -> Iterator[os.DirEntry[str]]:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    yield from files(entry.path)
                else:
                    yield entry

    def work() -> dict[str, Any]:
        count = 0
        for entry in files(root):
            entry.stat()
            count += 1
            if read and entry.name.endswith(".json"):
                with open(entry.path, "rb") as stream:  # noqa: PTH123 - the plain loop's own
                    xxhash.xxh3_128_digest(stream.read())
        return {"files": count}

    return work


def find(root: str) -> Work:
    """Time ``find -printf`` of path, size and time: the same in C."""

    def work() -> dict[str, Any]:
        command = ["find", root, "-type", "f", "-printf", "%P\\t%s\\t%T@\\n"]
        return {
            "files": subprocess.run(command, capture_output=True, check=True).stdout.count(b"\n")
        }

    return work
