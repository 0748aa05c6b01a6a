"""Row 2: COCO to a published YOLO tree of persons, against Datumaro and two floors.

The floors: a bare loop of links, whose names and texts are ready, and the parse of the JSON alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import datumaro_peer
from benchmarks.harness import (
    CHECKOUT,
    Context,
    Criterion,
    Result,
    agree,
    fresh,
    in_turn,
    median,
    samples,
)
from benchmarks.worker import Timing, Work, call

FASTER_THAN_DATUMARO = 5
OF_BARE_LOOP = 3
OF_FLOORS = 1.5
ENVIRONMENT = CHECKOUT / ".venv-bench"
LOCK = CHECKOUT / "constraints" / "peers" / "bench.lock"
CATEGORIES = ("person", "car", "truck", "chair", "backpack", "handbag")
WIDTH, HEIGHT = 320, 240
DISTINCT = 24
OF_PERSONS = 0.9
"""Share of the boxes that are persons. As in a set made of COCO's photographs with persons (29,778
images, 195,377 boxes, 6.6 persons an image); other categories leave something to filter."""
SOURCE = "coco"
LABELS = (SOURCE, "annotations", "instances_train2017.json")
"""Of the raw root."""


def run(context: Context) -> Result:
    """Write the source, then let the three sides publish it in turn."""
    images = context.size(30_000, 1_000)
    boxes = images * 13 // 2
    python = make_environment(context)
    raw_root = str(context.folder / "raw")
    written = call(f"{__name__}:write", raw_root=raw_root, images=images, boxes=boxes)
    context.say(f"COCO source written in {written.seconds:.1f} s")

    def side(function: str, interpreter: Path | None = None) -> Any:
        def timed(turn: int) -> Timing:
            target = fresh(context.folder / "published" / "tree")
            return call(function, python=interpreter, raw_root=raw_root, destination=str(target))

        return timed

    timings = in_turn(
        context,
        {
            "hoban": side(f"{__name__}:publish"),
            "bare loop": side(f"{__name__}:link"),
            "parse": side(f"{__name__}:parse"),
            "datumaro": side(f"{datumaro_peer.__name__}:publish", python),
        },
    )
    persons = {k: written.result[k] for k in ("images", "boxes")}
    for name, timed in timings.items():
        agree(f"published by {name}", timed[0].result["counted"], persons)
    ours, bare, parsed, datumaro = (
        median(timings[k]) for k in ("hoban", "bare loop", "parse", "datumaro")
    )
    what = f"COCO of {images:,} images / {boxes:,} boxes -> person -> YOLO tree"
    did = {name: timed[0].result["did"] for name, timed in timings.items()}
    return Result(
        criteria=(
            Criterion(
                f"{what}: times faster than Datumaro",
                f"{ours:.2f} s",
                f"{datumaro:.2f} s",
                datumaro / ours,
                FASTER_THAN_DATUMARO,
                "at least",
            ),
            Criterion(
                "time / bare os.link + label write",
                f"{ours:.2f} s",
                f"{bare:.2f} s",
                ours / bare,
                OF_BARE_LOOP,
                "at most",
            ),
            Criterion(
                "time / orjson.loads of the labels + os.link + label write",
                f"{ours:.2f} s",
                f"{parsed:.2f} + {bare:.2f} s",
                ours / (parsed + bare),
                OF_FLOORS,
                "at most",
            ),
        ),
        notes=(
            f"published: {persons['images']:,} images, {persons['boxes']:,} boxes on every side",
            "both ratios depend on what a small file costs: the machine line says which file "
            "system this was, --folder measures another",
            *(f"{name}: {text}" for name, text in did.items()),
        ),
        samples=samples(timings),
    )


def make_environment(context: Context) -> Path:
    """Make Datumaro's own environment where it is not there yet; return its interpreter."""
    python = ENVIRONMENT / "bin" / "python"
    check = [str(python), "-c", "import datumaro"]
    if python.exists() and not subprocess.run(check, capture_output=True, check=False).returncode:
        return python
    context.say("making .venv-bench for Datumaro")
    # pip's output goes to stderr: stdout holds the table.
    subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=True, stdout=sys.stderr
    )
    install = ["-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", str(LOCK)]
    subprocess.run([str(python), *install], check=True, stdout=sys.stderr)
    return python


def write(raw_root: str, images: int, boxes: int) -> Work:
    """Write the source: every image a file of its own, all of `DISTINCT` different pictures."""
    import numpy as np
    import orjson

    from benchmarks.photographs import encoded

    def work() -> dict[str, int]:
        rng = np.random.default_rng(2017)
        folder = Path(raw_root, SOURCE, "train2017")
        folder.mkdir(parents=True)
        pictures = encoded(DISTINCT, (WIDTH, HEIGHT))
        for index in range(images):
            (folder / f"{index:012d}.jpg").write_bytes(pictures[index % DISTINCT])
        image_of = np.sort(rng.integers(0, images, boxes))
        person = rng.random(boxes) < OF_PERSONS
        category = np.where(person, 1, rng.integers(2, len(CATEGORIES) + 1, boxes))
        sides = rng.uniform(0.05, 0.5, (boxes, 2)) * (WIDTH, HEIGHT)
        left_top = rng.random((boxes, 2)) * ((WIDTH, HEIGHT) - sides)
        rows = np.round(np.hstack([left_top, sides]), 2).tolist()
        document = _document(images, image_of.tolist(), category.tolist(), rows)
        labels = Path(raw_root, *LABELS)
        labels.parent.mkdir()
        labels.write_bytes(orjson.dumps(document))
        datumaro_peer.lay_out(Path(raw_root, SOURCE))
        return {"images": len(np.unique(image_of[person])), "boxes": int(person.sum())}

    return work


def _document(
    images: int, image_of: list[int], category: list[int], boxes: list[list[float]]
) -> dict[str, Any]:
    return {
        "info": {"description": "generated"},
        "licenses": [],
        "categories": [
            {"id": number, "name": name, "supercategory": name}
            for number, name in enumerate(CATEGORIES, start=1)
        ],
        "images": [
            {"id": i + 1, "file_name": f"{i:012d}.jpg", "width": WIDTH, "height": HEIGHT}
            for i in range(images)
        ],
        "annotations": [
            {
                "id": number,
                "image_id": image + 1,
                "category_id": kind,
                "bbox": box,
                "area": round(box[2] * box[3], 2),
                "iscrowd": 0,
                "segmentation": [],
            }
            for number, (image, kind, box) in enumerate(
                zip(image_of, category, boxes, strict=True), start=1
            )
        ],
    }


def publish(raw_root: str, destination: str) -> Work:
    """Time the platform: read the source for persons, split, publish."""
    from hoban_assets.curation.quality import drop_without_labels
    from hoban_assets.curation.splits import split_by_group
    from hoban_assets.formats import open_source
    from hoban_assets.formats.source import RawSource
    from hoban_assets.publish import yolo_tree

    source = RawSource(name=SOURCE, folder=SOURCE, format="coco", classes={"person": "person"})

    def work() -> dict[str, Any]:
        found = open_source(source, Path(raw_root)).read()
        split = split_by_group(drop_without_labels(found.samples))
        report = yolo_tree.publish(split, Path(raw_root), Path(destination))
        return {
            "counted": {"images": report.images, "boxes": report.boxes},
            "did": f"{report.linked:,} hard links, {report.copied:,} copies",
        }

    return work


def link(raw_root: str, destination: str) -> Work:
    """Time the floor: names and label texts are ready, only link and write them."""
    import orjson

    document = orjson.loads(Path(raw_root, *LABELS).read_bytes())
    names = {image["id"]: image["file_name"] for image in document["images"]}
    texts: dict[str, list[str]] = {}
    for item in document["annotations"]:
        if item["category_id"] == 1:
            x, y, w, h = item["bbox"]
            row = ((x + w / 2) / WIDTH, (y + h / 2) / HEIGHT, w / WIDTH, h / HEIGHT)
            line = "2 {:.6f} {:.6f} {:.6f} {:.6f}\n".format(*row)
            texts.setdefault(names[item["image_id"]], []).append(line)
    source = os.path.join(raw_root, SOURCE, "train2017")  # noqa: PTH118 - the bare loop's own
    plan = []
    for number, (name, lines) in enumerate(texts.items()):
        split = "val" if number % 10 == 0 else "train"
        image = f"{destination}/images/{split}/{name}"
        label = f"{destination}/labels/{split}/{name[:-4]}.txt"
        plan.append((f"{source}/{name}", image, label, "".join(lines)))
    for folder in ("images/train", "images/val", "labels/train", "labels/val"):
        Path(destination, folder).mkdir(parents=True)

    def work() -> dict[str, Any]:
        for origin, image, label, text in plan:
            os.link(origin, image)
            with open(label, "w", encoding="utf-8") as stream:  # noqa: PTH123
                stream.write(text)
        counted = {"images": len(plan), "boxes": sum(map(len, texts.values()))}
        return {"counted": counted, "did": f"{len(plan):,} hard links, label texts ready"}

    return work


def parse(raw_root: str, destination: str) -> Work:
    """Time the other floor: read and parse the labels; nothing goes to `destination`."""
    import orjson

    def work() -> Work:
        document = orjson.loads(Path(raw_root, *LABELS).read_bytes())

        def counted() -> dict[str, Any]:
            persons = [a["image_id"] for a in document["annotations"] if a["category_id"] == 1]
            found = {"images": len(set(persons)), "boxes": len(persons)}
            return {"counted": found, "did": "the JSON parsed, nothing kept of it"}

        return counted

    return work
