"""WiderPerson: text files with a count and rows of class and corners; ids in train.txt, val.txt."""

from __future__ import annotations

from hoban_assets.sample_data import scenes
from hoban_assets.sample_data.output import Output, jpeg
from hoban_assets.sample_data.scenes import Shot

ROOT = "WiderPerson"
SIZE = (400, 300)
PEDESTRIAN, RIDER, PARTIAL, IGNORE, CROWD = range(1, 6)


def rows_of(shot: Shot, rider: bool = False) -> list[str]:
    """Rows ``class x1 y1 x2 y2`` of the persons; those at the edge are partially visible.

    With `rider` the last one is called a rider, so that each class occurs.
    """
    rows = []
    for _, (x1, y1, x2, y2) in shot.boxes("person"):
        code = PARTIAL if x1 <= 0 or x2 >= SIZE[0] else PEDESTRIAN
        rows.append(f"{code} {x1:.0f} {y1:.0f} {x2:.0f} {y2:.0f}")
    return [*rows[:-1], f"{RIDER}{rows[-1][1:]}"] if rider else rows


def _pair(
    out: Output,
    key: str,
    shot: Shot,
    extra: tuple[str, ...] = (),
    count: int = 0,
    rider: bool = False,
) -> str:
    """Write an image and its label; `count` is added to the count of the first line."""
    rows = [*rows_of(shot, rider), *extra]
    out.image(f"{ROOT}/Images/{key}.jpg", jpeg(shot.picture), shot)
    path = f"{ROOT}/Annotations/{key}.jpg.txt"
    out.write(path, "\n".join([str(len(rows) + count), *rows]) + "\n")
    return path


def _shot(seed: int, name: str, persons: int) -> Shot:
    return scenes.people(f"wider/{name}", seed, SIZE, persons, (0.45, 0.85)).frame()


def write(out: Output, seed: int, images: int) -> None:
    """Write the source: `images` scenes, the defects, and a test part without labels."""
    keys = [f"{40 + 3 * number:06d}" for number in range(images)]
    for number, key in enumerate(keys):
        _pair(out, key, _shot(seed, key, 2 + number % 4), rider=number % 6 == 5)
    spoilt = _defects(out, seed)
    val = keys[4::5]
    out.write(f"{ROOT}/train.txt", "".join(f"{k}\n" for k in keys + spoilt if k not in val))
    out.write(f"{ROOT}/val.txt", "".join(f"{k}\n" for k in val))
    tests = ["070001", "070002"]
    for key in tests:
        out.image(f"{ROOT}/Images/{key}.jpg", jpeg(_shot(seed, key, 3).picture))
        note = "of the test part, which has no labels: in neither train.txt nor val.txt"
        path = f"{ROOT}/Images/{key}.jpg"
        out.defect(path, "wider_test_part", None, "ignore", "file", note)
    out.write(f"{ROOT}/test.txt", "".join(f"{k}\n" for k in tests))
    out.say(f"WiderPerson: {images} images and the defects")


def _defects(out: Output, seed: int) -> list[str]:
    path = _pair(out, "060001", _shot(seed, "060001", 2), count=2)
    note = "the first line counts two rows more than there are"
    out.defect(path, "wider_count", "count_mismatch", "repair", "file", note, 0)
    for key, code, rule in (("060002", CROWD, "crowd"), ("060003", IGNORE, "ignore_region")):
        path = _pair(out, key, _shot(seed, key, 1), (f"{code} 20 40 150 120",))
        note = f"class {code}: persons are there that nobody marked one by one"
        out.defect(path, f"wider_{rule}", rule, "ignore", "row", note, 2)
    path = _pair(out, "060004", _shot(seed, "060004", 1), (f"{PEDESTRIAN} 340 90 409 280",))
    note = "reaches 9 pixels past the edge"
    out.defect(path, "wider_overrun", "clipped", "repair", "row", note, 2)
    out.image(f"{ROOT}/Images/060005.jpg", jpeg(_shot(seed, "060005", 2).picture))
    path = f"{ROOT}/Images/060005.jpg"
    note = "listed in train.txt, but without annotations"
    out.defect(path, "wider_no_label", "label_missing", "drop", "image", note)
    note = "train.txt lists 060006, whose image is not there"
    out.defect(f"{ROOT}/train.txt", "wider_no_image", "image_missing", "drop", "image", note)
    return ["060001", "060002", "060003", "060004", "060005", "060006"]
