"""What was read is what a published tree says: reader -> Samples -> publish -> read back."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.formats import RawSource, open_source
from hoban_assets.publish.yolo_tree import publish
from hoban_assets.samples import Samples

SIDE = 1000
"""Pixels of the pictures: corners on whole pixels are exact in pixels and in six decimals."""
SIDES = st.tuples(st.integers(0, SIDE - 40), st.integers(20, 480)).map(
    lambda at: (at[0], min(2 * at[1], (SIDE - at[0]) // 2 * 2))
)
"""First pixel and an even number of pixels, so that the centre is on a whole one too."""
LABELS = st.lists(
    st.tuples(st.integers(0, len(CLASS_NAMES) - 1), SIDES, SIDES), max_size=4, unique=True
)
PARTS = st.lists(st.tuples(st.sampled_from(["train", "val"]), LABELS), min_size=1, max_size=5)


def write_yolo(folder: Path, parts) -> None:
    names = {"names": list(CLASS_NAMES), "train": "train/images", "val": "val/images"}
    save(folder / "data.yaml", yaml.safe_dump(names))
    for number, (part, labels) in enumerate(parts):
        save(folder / part / "images" / f"{number}.jpg", f"picture {number}")
        rows = [
            f"{c} {(x + w / 2) / SIDE} {(y + h / 2) / SIDE} {w / SIDE} {h / SIDE}\n"
            for c, (x, w), (y, h) in labels
        ]
        save(folder / part / "labels" / f"{number}.txt", "".join(rows))


def write_coco(folder: Path, parts) -> None:
    for part in {part for part, _ in parts}:
        mine = [(n, labels) for n, (of, labels) in enumerate(parts) if of == part]
        images = [
            {"id": n, "file_name": f"{n}.jpg", "width": SIDE, "height": SIDE} for n, _ in mine
        ]
        boxes = [
            {"image_id": n, "category_id": c + 1, "bbox": [x, y, w, h], "iscrowd": 0}
            for n, labels in mine
            for c, (x, w), (y, h) in labels
        ]
        for n, _ in mine:
            save(folder / f"{part}2017" / f"{n}.jpg", f"picture {n}")
        content = {
            "images": images,
            "annotations": [{"id": n, **box} for n, box in enumerate(boxes)],
            "categories": [{"id": n + 1, "name": name} for n, name in enumerate(CLASS_NAMES)],
        }
        save(folder / "annotations" / f"instances_{part}2017.json", json.dumps(content))


def save(file: Path, content: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)


def read(root: Path, folder: str, form: str) -> Samples:
    classes = {name: name for name in CLASS_NAMES}
    return open_source(RawSource(folder, folder, form, classes), root).read().samples


def labels_of(samples: Samples, name_of: dict[str, str]) -> set[tuple]:
    rows = samples.boxes[["image_id", "class_id", "x_center", "y_center", "width", "height"]]
    return {
        (name_of[image], int(c), *(round(v, 6) for v in box))
        for image, c, *box in rows.itertuples(index=False)
    }


@pytest.mark.parametrize(("form", "write"), [("yolo", write_yolo), ("coco", write_coco)])
@settings(max_examples=6, phases=[Phase.generate])  # shrinking writes many trees
@given(parts=PARTS)
def test_a_published_tree_read_again_holds_the_labels_that_were_read(form, write, parts):
    with TemporaryDirectory() as folder:
        root = Path(folder)
        write(root / "raw", parts)
        first = read(root, "raw", form)
        files = [root / file for file in first.images.file]
        split = ["val" if "val" in str(file) else "train" for file in files]
        images = first.images.assign(split=split, bytes=[f.stat().st_size for f in files])
        assert len(images) == len(parts)
        tree = publish(Samples(images, first.boxes, first.decisions), root, root / "tree").path
        names = pd.read_parquet(tree / "manifest.parquet").set_index("image_id").name.to_dict()
        again = read(root, "tree", "yolo")
        own = {image: Path(image).name for image in again.images.image_id}
        assert sorted(own.values()) == sorted(names.values())
        assert len(first.boxes) == sum(len(labels) for _, labels in parts)
        assert labels_of(again, own) == labels_of(first, names)
