"""COCO: whole persons only, all labels in one JSON, with what was seen to be wrong with it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hoban_assets.sample_data import scenes
from hoban_assets.sample_data.figures import Box
from hoban_assets.sample_data.output import Output, jpeg
from hoban_assets.sample_data.scenes import Scene, Shot
from hoban_assets.sample_data.textures import Size

LABELS = "coco/annotations/instances_train2017.json"
CAPTIONS = "coco/annotations/captions_train2017.json"
FOLDER = "coco/train2017"
SIZES: tuple[Size, ...] = ((400, 300), (426, 320), (300, 400), (360, 270))
CATEGORIES = (
    {"id": 0, "name": "objects", "supercategory": "none"},
    {"id": 1, "name": "person", "supercategory": "person"},
    {"id": 8, "name": "truck", "supercategory": "vehicle"},
)

COUNTS = ("Nobody", "One person", "Two people", "Three people", "Four people")
PLACES = (
    "in front of a wall",
    "on a street",
    "beside a heap of boxes",
    "on a yard, with tools lying on the ground",
    "under trees from which leaves fall",
)


class CocoFile:
    """Images and annotations of one instances_*.json, filled image by image."""

    def __init__(self, out: Output) -> None:
        self.out = out
        self.images: list[dict[str, Any]] = []
        self.annotations: list[dict[str, Any]] = []

    def entry(self, name: str, size: Size) -> int:
        """Enter an image and return its id."""
        key = 1000 + 7 * len(self.images)
        self.images.append({"id": key, "file_name": name, "width": size[0], "height": size[1]})
        return key

    def annotate(self, image: int, box: list[Any], category: int = 1, crowd: bool = False) -> int:
        """Enter an annotation and return its index."""
        content: dict[str, Any] = {"id": len(self.annotations) + 1, "image_id": image}
        content |= {"category_id": category, "iscrowd": int(crowd), "bbox": box}
        content["area"] = round(float(box[2]) * float(box[3]), 2)
        self.annotations.append(content)
        return len(self.annotations) - 1

    def picture(self, name: str, shot: Shot, mode: str = "RGB") -> int:
        """Write an image, enter it with its persons, and return its id."""
        self.out.image(f"{FOLDER}/{name}", jpeg(shot.picture, mode=mode), shot)
        height, width = shot.picture.shape[:2]
        key = self.entry(name, (width, height))
        for _, box in shot.boxes("person"):
            self.annotate(key, corner_size(box))
        return key

    def finish(self) -> None:
        """Write the JSON of the labels, and that of the captions."""
        content = {"images": self.images, "annotations": self.annotations}
        self.out.json(LABELS, content | {"categories": list(CATEGORIES)})
        self.out.json(CAPTIONS, {"images": self.images, "annotations": self._captions()})

    def _captions(self) -> list[dict[str, Any]]:
        """One caption an image. Some speak of lying and falling, none of a fallen person."""
        persons = Counter(row["image_id"] for row in self.annotations if row["category_id"] == 1)
        captions = []
        for number, image in enumerate(self.images):
            count = persons[image["id"]]
            who = COUNTS[count] if count < len(COUNTS) else "Many people"
            text = f"{who} {PLACES[number % len(PLACES)]}."
            captions.append({"id": number + 1, "image_id": image["id"], "caption": text})
        return captions


def corner_size(box: Box) -> list[float]:
    """x, y, width, height of a box, two decimals."""
    x1, y1, x2, y2 = box
    return [round(x1, 2), round(y1, 2), round(x2 - x1, 2), round(y2 - y1, 2)]


def person_scene(name: str, seed: int, number: int) -> Scene:
    """Plan scene `number`: one to four large persons, whole or cut, some far away, some a crowd.

    Of 698 persons labelled on real photographs and large enough for version 9, the lower edge cuts
    41 %; every other scene is of that kind.
    """
    rng = scenes.rng_of(seed, name, "people")
    size = SIZES[rng.integers(len(SIZES))]
    count, tall = int(rng.integers(1, 5 if size[0] > size[1] else 3)), (0.5, 0.9)
    if number % 9 == 4:  # below 2 % of the picture
        tall = (0.13, 0.2)
    elif number % 20 == 11:  # more than ten persons
        size, count, tall = SIZES[0], int(rng.integers(11, 14)), (0.3, 0.45)
    elif number % 2:
        return scenes.cut_people(name, seed, size, count, (0.6, 2.4))
    return scenes.people(name, seed, size, count, tall)


def write(out: Output, seed: int, images: int) -> None:
    """Write the COCO source: `images` scenes with persons, and the defects."""
    file = CocoFile(out)
    for number in range(images):
        shot = person_scene(f"coco/{number}", seed, number).frame()
        file.picture(f"{number * 37 + 9:012d}.jpg", shot)
    _row_defects(file, seed)
    _image_defects(file, seed)
    file.finish()
    out.say(f"coco: {images} images and the defects")


def _one_person(seed: int, number: int) -> tuple[str, Shot]:
    shot = scenes.people(f"coco/defect/{number}", seed, SIZES[0], 1, (0.6, 0.8)).frame()
    return f"{900000 + number:012d}.jpg", shot


def _row_defects(file: CocoFile, seed: int) -> None:
    """Annotations that are odd, each on an image of its own that is right otherwise."""
    boxes: tuple[tuple[str, list[Any], str | None, str, str], ...] = (
        ("zero_height", [50.0, 60.0, 40.0, 0.0], "box_empty", "drop", "height is 0"),
        ("text_numbers", ["39.00", "41.50", "80.00", "150.00"], None, "keep", "numbers as text"),
        ("overrun", [340.0, 40.0, 68.0, 200.0], "clipped", "repair", "8 pixels past the edge"),
        ("outside", [420.0, 40.0, 60.0, 100.0], "outside_image", "drop", "beside the picture"),
        ("three_numbers", [50.0, 60.0, 40.0], "box_malformed", "drop", "bbox of 3 numbers"),
    )
    for number, (defect, box, rule, action, note) in enumerate(boxes):
        key = file.picture(*_one_person(seed, number))
        row = file.annotate(key, [*box, 0.0][:4])
        file.annotations[row]["bbox"] = box
        file.out.defect(LABELS, f"coco_{defect}", rule, action, "row", note, row)

    key = file.picture(*_one_person(seed, 10))
    row = file.annotate(key, file.annotations[-1]["bbox"])
    note = "equals the row before"
    file.out.defect(LABELS, "coco_row_repeated", "duplicate_row", "merge", "row", note, row)

    key = file.picture(*_one_person(seed, 11))
    row = file.annotate(key, [20.0, 60.0, 110.0, 70.0], crowd=True)
    file.annotations[row]["segmentation"] = {"counts": [24000, 6000, 90000], "size": [300, 400]}
    note = "iscrowd 1: persons are there that nobody marked one by one"
    file.out.defect(LABELS, "coco_crowd", "crowd", "ignore", "row", note, row)

    key = file.picture(*_one_person(seed, 12))
    file.annotate(key, [200.0, 120.0, 90.0, 60.0], category=8)
    note = "category truck is not used; the image stays"
    file.out.defect(LABELS, "coco_other_category", "class_not_used", "drop", "row", note)


def _image_defects(file: CocoFile, seed: int) -> None:
    """Images that are not what the JSON says, or that only look wrong."""
    out = file.out
    note = "a category with id 0 comes first: positions in the list are no ids"
    out.defect(LABELS, "coco_dummy_category", None, "keep", "source", note)
    for number in range(3):
        name = f"{910000 + number:012d}.jpg"
        file.picture(name, scenes.empty(f"coco/empty/{number}", seed, SIZES[0]).frame())
        note = "an image without annotations"
        out.defect(f"{FOLDER}/{name}", "coco_no_annotations", None, "keep", "image", note)
    for mode, defect in (("L", "greyscale"), ("CMYK", "cmyk")):
        name, shot = _one_person(seed, 20 + (mode == "L"))
        file.picture(name, shot, mode)
        out.defect(f"{FOLDER}/{name}", defect, None, "keep", "image", f"a JPEG of mode {mode}")

    file.annotate(file.entry("000000990001.jpg", SIZES[0]), [50.0, 60.0, 40.0, 90.0])
    note = "the JSON lists 000000990001.jpg, which is not there"
    out.defect(LABELS, "coco_no_image", "image_missing", "drop", "image", note)

    file.annotate(file.entry("../../defects.json", SIZES[0]), [50.0, 60.0, 40.0, 90.0])
    note = "file_name leads out of the source: it must not be opened"
    out.defect(LABELS, "coco_path_escape", "path_outside", "drop", "image", note)

    name, shot = _one_person(seed, 22)
    out.image(f"{FOLDER}/{name}", jpeg(shot.picture))
    note = "an image that the JSON does not list"
    out.defect(f"{FOLDER}/{name}", "coco_not_listed", "label_missing", "drop", "image", note)

    name, _ = _one_person(seed, 23)
    out.image(f"{FOLDER}/{name}", b"")
    file.annotate(file.entry(name, SIZES[0]), [50.0, 60.0, 40.0, 90.0])
    note = "a file of zero bytes"
    out.defect(f"{FOLDER}/{name}", "zero_bytes", "undecodable", "drop", "image", note)

    name, shot = _one_person(seed, 24)
    file.picture(name, shot)
    file.images[-1]["width"], file.images[-1]["height"] = 500, 500
    note = f"the JSON says 500x500 of {name}, which is 400x300: no box can be trusted"
    out.defect(f"{FOLDER}/{name}", "coco_size_wrong", "size_mismatch", "drop", "row", note)
