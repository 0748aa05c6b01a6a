"""Row 1: 60,000 AI Hub label files to `Samples` against reading and parsing them alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from benchmarks.harness import Context, Criterion, Result, agree, in_turn, median, samples
from benchmarks.worker import Work, call

LIMIT = 2.5
PEAK_MB = 1000
HELMET_CLASSES = {"07": "person_with_helmet", "08": "person_without_helmet"}
FOLDERS = ("helmet_wearing", "helmet_not_wearing")
FRAMES_A_CLIP = 300
NAMES_A_FILE = 30_000  # ext4 allows 65,000 names of one file


def run(context: Context) -> Result:
    """Write the labels, then time both readers in turn, each in a fresh process."""
    images = context.size(60_000, 2_000)
    boxes = images * 13 // 6
    raw_root = str(context.folder / "raw")
    written = call(f"{__name__}:write", raw_root=raw_root, images=images, boxes=boxes)
    context.say(f"{images:,} labels written in {written.seconds:.1f} s")
    call(f"{__name__}:parse", raw_root=raw_root)  # both sides find the files in the page cache
    timings = in_turn(
        context,
        {
            "hoban": lambda _: call(f"{__name__}:read", raw_root=raw_root),
            "orjson": lambda _: call(f"{__name__}:parse", raw_root=raw_root),
        },
    )
    counted = {"images": images, "boxes": boxes}
    for side in timings.values():
        agree("labels", side[0].result, counted)
    ours, peer = median(timings["hoban"]), median(timings["orjson"])
    peak = max(timing.peak_mb for timing in timings["hoban"])
    return Result(
        criteria=(
            Criterion(
                f"{images:,} AI Hub labels -> Samples / read + orjson.loads, one thread",
                f"{ours:.2f} s",
                f"{peer:.2f} s",
                ours / peer,
                LIMIT,
                "at most",
            ),
            Criterion(
                "peak memory of the reader", f"{peak:,.0f} MB", "", peak, PEAK_MB, "at most", " MB"
            ),
        ),
        notes=(
            f"{boxes:,} boxes; files in the page cache; the peer is given the list of files and "
            "keeps nothing; images exist as empty files and are not opened",
        ),
        samples=samples(timings),
    )


def write(raw_root: str, images: int, boxes: int) -> Work:
    """Write an export of `images` images that hold `boxes` helmet boxes altogether."""
    import numpy as np
    import orjson

    def work() -> None:
        rng = np.random.default_rng(163)
        # At least one head in each image, the others anywhere: up to seven or so in one.
        extra = np.bincount(rng.integers(0, images, boxes - images), minlength=images)
        ends = np.cumsum(extra + 1)
        left_top = rng.integers(0, (1700, 900), (boxes, 2))
        corners = np.hstack([left_top, left_top + rng.integers(40, 180, (boxes, 2))]).tolist()
        export = Path(raw_root, "helmet_60k", "helmet_60k")
        for folder in FOLDERS:
            (export / folder / "labels").mkdir(parents=True)
            (export / folder / "images").mkdir()
        empty: Path | None = None
        for index in range(images):
            clip, frame = divmod(index, FRAMES_A_CLIP)
            name = f"S2-N4{clip // 100:03d}M{clip % 100:02d}{frame:03d}"
            home = export / FOLDERS[clip % 2]
            mine = corners[ends[index] - extra[index] - 1 : ends[index]]
            label = _label(f"{name}.jpg", mine, f"0{7 + clip % 2}")
            (home / "labels" / f"{name}.json").write_bytes(orjson.dumps(label))
            image = home / "images" / f"{name}.jpg"
            if empty is None or index % NAMES_A_FILE == 0:
                empty = image
                empty.touch()
            else:
                os.link(empty, image)

    return work


def _label(filename: str, boxes: list[list[int]], code: str) -> dict[str, Any]:
    return {
        "image": {
            "date": "20200914",
            "path": filename[:14],
            "filename": filename,
            "copyrighter": "",
            "H_DPI": 96,
            "V_DPI": 96,
            "location": "05",
            "bit": "24",
            "resolution": [1920, 1080],
        },
        "annotations": [
            {
                "data ID": "S2",
                "middle classification": "01",
                "flags": {},
                "class": code,
                "box": box,
                "category": "착용" if code == "07" else "미착용",
            }
            for box in boxes
        ],
    }


def read(raw_root: str) -> Work:
    """Time the platform's reader."""
    from hoban_assets.formats import open_source
    from hoban_assets.formats.source import RawSource

    source = RawSource("helmet_60k", "helmet_60k/helmet_60k", "aihub", HELMET_CLASSES)

    def work() -> dict[str, int]:
        found = open_source(source, Path(raw_root)).read()
        return {"images": len(found.samples.images), "boxes": len(found.samples.boxes)}

    return work


def parse(raw_root: str) -> Work:
    """Time the floor: read every file, parse it, count, keep nothing."""
    import orjson

    files = [str(path) for path in sorted(Path(raw_root).rglob("labels/*.json"))]

    def work() -> dict[str, int]:
        boxes = 0
        for file in files:
            with open(file, "rb") as stream:  # noqa: PTH123 - the fastest way to read a file
                boxes += len(orjson.loads(stream.read())["annotations"])
        return {"images": len(files), "boxes": boxes}

    return work
