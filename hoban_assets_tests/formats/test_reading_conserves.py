"""Whatever stands in the label files: in = kept + dropped, and reading twice gives the same."""

import random
from pathlib import Path

import pytest
from reader_trees import (
    BACKGROUND,
    COCO,
    WIDER,
    aihub,
    aihub_item,
    annotation,
    assert_conserved,
    coco_json,
    entry,
    head,
    image,
    text,
    voc,
    voc_object,
    voc_xml,
    yolo,
    yolo_item,
)

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.formats import RawSource, open_source

NUMBERS = [0, 1, 10, 49.5, 99, 150, -3, -80, 1e9, "20.5", "x", None, True, [], {}]
BROKEN = ["", "{", b"\xff\xfe", "null", "[]", "\0"]


def any_box(rng: random.Random) -> object:
    if rng.random() < 0.5:
        return [rng.choice([0, 10, 40, 60, 99, 110, -5]) for _ in range(4)]
    if rng.random() < 0.2:
        return rng.choice([None, "box", {}, 7])
    return [rng.choice(NUMBERS) for _ in range(rng.choice([0, 3, 4, 4, 4, 6, 8]))]


def any_line(rng: random.Random) -> str:
    values = [0, 0.1, 0.5, 0.9, 1, 1.05, -0.2, 3, "nan", "x", "1e400"]
    count = rng.choice([0, 1, 4, 5, 5, 5, 5, 6, 7, 9, 11])
    return " ".join(
        str(v) for v in [rng.choice([0, 1, 1, 2, 7, -1, "a"]), *rng.choices(values, k=count)]
    )


def fill(raw_root: Path, rng: random.Random) -> list[RawSource]:
    wider: list[str] = []
    images: list[object] = []
    rows: list[object] = []
    for number in range(40):
        name = f"S-1M{number:03}"
        codes = ["07", "08", 7, "8", "31", None, [], 8.0]
        annotations: list[object] = [
            rng.choice(
                [head(any_box(rng), rng.choice(codes)), {"class": "07", "polygon": any_box(rng)}, 5]
            )
            for _ in range(rng.randrange(6))
        ]
        facts = {"resolution": rng.choice([[100, 50], [100, 50], [0, 0], None, ["100", "50"]])}
        broken = rng.choice(BROKEN) if rng.random() < 0.2 else ""
        aihub_item(raw_root / "h" / "c", f"{name}.jpg", annotations, label=broken, **facts)
        lines = "\n".join(any_line(rng) for _ in range(rng.randrange(6)))
        yolo_item(raw_root / "fall set" / "train", name, rng.choice([lines, lines, None, b"\xff"]))
        image(raw_root / "wp" / "Images" / f"{name}.jpg")
        pixels = [
            f"{rng.randrange(7)} {rng.randrange(-9, 120)} 3 50 {rng.choice([3, 20, 'x'])}"
            for _ in range(4)
        ]
        head_line = rng.choice(["4", "7", "x", ""])
        text(raw_root / "wp" / "Annotations" / f"{name}.jpg.txt", "\n".join([head_line, *pixels]))
        wider.append(name)
        image(raw_root / "coco" / "train2017" / f"{name}.jpg")
        images.append(
            entry(number, rng.choice([f"{name}.jpg"] * 4 + ["../x.jpg", None, "gone.jpg"]))
        )
        rows += [
            annotation(
                number, any_box(rng), rng.choice([5, 5, "5", 6, 99, None]), iscrowd=rng.randrange(2)
            )
            for _ in range(rng.randrange(6))
        ]
        boxes = [box if isinstance(box := any_box(rng), list) else None for _ in range(4)]
        voc_rows = [voc_object("worker", box) for box in boxes]
        image(raw_root / "v" / "images" / f"{name}.jpg")
        label = voc_xml(f"{name}.jpg", *voc_rows, size=rng.choice([(100, 50), (0, 0), None]))
        text(raw_root / "v" / "Annotations" / f"{name}.xml", broken or label)
        image(raw_root / "bg" / "images" / f"{name}.jpg")
        text(raw_root / "bg" / "labels" / f"{name}.txt", rng.choice(["", "0 1\n\n2 3", b"\xff"]))
        for path in ("h/c", "coco/train2017", "wp/Images"):
            if rng.random() < 0.1:
                folder = raw_root / path
                (folder / "images" if path == "h/c" else folder).joinpath(
                    f"{name}.jpg"
                ).write_bytes(b"")
    text(raw_root / "wp" / "train.txt", "\n".join([*wider, "gone", "../out"]))
    text(raw_root / "fall set" / "data.yaml", "names: [other, fall, third]")
    text(raw_root / "coco" / "annotations" / "instances_train2017.json", coco_json(images, rows))
    return [aihub(), yolo(), voc(), WIDER, COCO, BACKGROUND]


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_lost_and_nothing_comes_from_nowhere(tmp_path, seed):
    rng = random.Random(seed)
    for source in fill(tmp_path, rng):
        reader = open_source(source, tmp_path)
        whole = reader.read()
        assert_conserved(whole)
        assert whole.images_in == len(reader.image_ids()) == 40
        assert (whole.samples.decisions.images_removed <= 1).all()
        again = open_source(source, tmp_path).read()
        assert again.samples.data_version() == whole.samples.data_version()
        assert again.samples.decisions.equals(whole.samples.decisions)
        some = rng.sample(reader.image_ids(), 15)
        part = reader.read(some)
        assert_conserved(part)
        assert part.images_in == 15
        kept = whole.samples.images.image_id.isin(some)
        assert part.samples.images.image_id.tolist() == whole.samples.images.image_id[kept].tolist()
        mine = whole.samples.boxes[whole.samples.boxes.image_id.isin(some)]
        assert part.samples.boxes.equals(mine.reset_index(drop=True))


def fallen(name: str, *classes: str) -> RawSource:
    return RawSource(name, f"{name}.yolo26", "yolo", dict.fromkeys(classes, "fallen"))


HEADS = {"person_with_helmet": 525, "person_without_helmet": 455}
REAL = [
    (aihub("helmet_60k"), 403, HEADS),
    (COCO, 270, {"person": 899}),
    (RawSource("background", "background", "background", labelled_classes=CLASS_NAMES), 25, {}),
    (fallen("fall detection ip camera.v3i", "fall"), 160, {"fallen": 160}),
    (
        fallen("Fall Detection.v4-resized640_aug3x-accurate", "Fall-Detected"),
        110,
        {"fallen": 110},
    ),
    (fallen("Fall.v1i", "down"), 110, {"fallen": 12}),
    (fallen("fall.v1i (2)", "fall"), 110, {"fallen": 110}),
    (fallen("fall.v2i", "fall"), 110, {"fallen": 8}),
    (fallen("Fall.v3i", "Fall-person", "fall"), 97, {"fallen": 97}),
    (fallen("fall.v4i", "falling"), 110, {"fallen": 9}),
    (fallen("fallen.v2i", "2_fallen"), 110, {"fallen": 30}),
]


@pytest.mark.parametrize(
    ("source", "pictures", "boxes"), REAL, ids=[source.name for source, *_ in REAL]
)
def test_the_real_photographs_are_read_completely(real_raw, source, pictures, boxes):
    result = open_source(source, real_raw).read()
    assert_conserved(result)
    assert result.images_in == pictures
    assert result.samples.box_counts() == dict.fromkeys(CLASS_NAMES, 0) | boxes
