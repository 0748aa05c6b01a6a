"""A second ``*dataset_v9`` at 100,000 images, nothing changed: only ingredients are compared.

The drawn sample is made large by copies of its helmet photographs, each with a comment of its own
in the JPEG, so that no two files are equal; the engine is `thumbnail`. What the second run opens
below the raw root is counted as in the row `rebuild`, and its processor time is judged.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from benchmarks.harness import Context, Criterion, Result
from benchmarks.rebuild import ASSET, build, draw
from benchmarks.worker import Timing, Work, call

__all__ = ["draw", "enlarge", "run"]

PARTITION = "full"
MOST_SECONDS = 60.0
"""Of processors, for the second run: a look at 200,000 files, and rows of 100,000 images read."""


def run(context: Context) -> Result:
    """Draw, enlarge, and build twice, each time in a fresh process."""
    images = context.size(100_000, 400)
    raw_root = str(context.folder / "raw")
    call(f"{__name__}:draw", raw_root=raw_root, images=context.size(3_000, 80))
    added = call(f"{__name__}:enlarge", raw_root=raw_root, images=images).result
    context.say(f"{added:,} photographs added")
    first, second = (
        build(context.folder, PARTITION, {"HOBAN_FEATURE_ENGINE": "thumbnail"}) for _ in range(2)
    )
    before, after = first.result, second.result
    if before["versions"] != after["versions"]:
        raise RuntimeError(f"the second run changed: {before['versions']}, {after['versions']}")
    what = f"second *{ASSET} ({PARTITION}) at {images:,} images, nothing changed"
    return Result(
        criteria=(
            Criterion(
                f"{what}: raw files read by any process (inotify)",
                f"{after['read']}",
                f"first: {before['read']:,} of {before['files']:,}",
                after["read"],
                0,
                "at most",
                "",
            ),
            Criterion(
                f"{what}: processor time",
                f"{second.processor_seconds:.1f} s",
                f"first: {first.processor_seconds:.1f} s",
                second.processor_seconds,
                MOST_SECONDS,
                "at most",
                " s",
            ),
        ),
        notes=(f"first run {_told(first)}; second {_told(second)}",),
        samples={
            "first": [round(first.processor_seconds, 1)],
            "second": [round(second.processor_seconds, 1)],
        },
    )


def _told(run: Timing) -> str:
    return (
        f"{run.seconds:.1f} s, {run.processor_seconds:.1f} s of processors, {run.peak_mb:,.0f} MB"
    )


def enlarge(raw_root: str, images: int) -> Work:
    """Copy helmet photographs and their labels under new names, until there are `images`."""
    folder = Path(raw_root) / "helmet_60k"
    originals = sorted(folder.rglob("*.jpg"), key=str)
    whole = [pair for path in originals if (pair := _whole(path))]

    def work() -> int:
        added = 0
        while len(originals) + added < images:
            source, content, label_file, label = whole[added % len(whole)]
            stem, comment = f"S2-N{9_000_000 + added}M00101", f"copy {added}".encode()
            segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
            source.with_name(f"{stem}.jpg").write_bytes(content[:2] + segment + content[2:])
            text = label.replace(source.stem, stem)
            label_file.with_name(f"{stem}.json").write_text(text, encoding="utf-8")
            added += 1
        return added

    return work


def _whole(path: Path) -> tuple[Path, bytes, Path, str] | None:
    """A photograph with its label, and the text of it; None where the sample has a defect there."""
    label, content = path.parent.parent / "labels" / f"{path.stem}.json", path.read_bytes()
    with suppress(OSError, ValueError):
        text = label.read_text(encoding="utf-8")
        json.loads(text)
        return (path, content, label, text) if content.startswith(b"\xff\xd8") else None
    return None
