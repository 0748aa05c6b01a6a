"""Everything that was seen to be wrong with AI Hub exports, once each, in helmet_60k."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from hoban_assets.sample_data import aihub, scenes
from hoban_assets.sample_data.output import Output, jpeg, turned_jpeg
from hoban_assets.sample_data.textures import Picture

ROOT = "helmet_60k/helmet_60k"
FIRST_CLIP = 8001
Label = dict[str, Any]


class _Spoil(NamedTuple):
    """A way to spoil a label: `change` edits it and names the row, or None for the whole."""

    defect: str
    change: Callable[[Label], int | None]
    rule: str | None
    action: str
    scope: str
    note: str


def _row(number: int, **values: object) -> Callable[[Label], int | None]:
    """Overwrite fields of annotation `number`."""

    def change(label: Label) -> int | None:
        label["annotations"][number].update(values)
        return number

    return change


def _image(**values: object) -> Callable[[Label], int | None]:
    def change(label: Label) -> int | None:
        label["image"].update(values)
        return None

    return change


def _reshaped(key: str) -> Callable[[Label], int | None]:
    """Replace the first box by a polygon around it, or by its middle as a point."""

    def change(label: Label) -> int | None:
        entry = label["annotations"][0]
        x1, y1, x2, y2 = entry.pop("box")
        middle = [(x1 + x2) // 2, (y1 + y2) // 2]
        corners = [[middle[0], y1], [x2, middle[1]], [middle[0], y2], [x1, middle[1]]]
        entry[key] = corners if key == "polygon" else middle
        return 0

    return change


def _edge(x: Callable[[list[int], int], list[int]]) -> Callable[[Label], int | None]:
    """Rewrite the first box from itself and the width of the picture."""

    def change(label: Label) -> int | None:
        entry = label["annotations"][0]
        entry["box"] = x(entry["box"], label["image"]["resolution"][0])
        return 0

    return change


def _repeat(label: Label) -> int | None:
    label["annotations"].append(dict(label["annotations"][0]))
    return len(label["annotations"]) - 1


def _other_class(label: Label) -> int | None:
    """Add a row of a class that is not used; those are counted by image, so no row is named."""
    label["annotations"].append(
        {"data ID": "S2", "middle classification": "02", "flags": {}, "class": "16",
         "polygon": [[10, 200], [90, 205], [95, 260], [12, 255]], "category": "비계"}
    )  # fmt: skip
    return None


def _no_annotations(label: Label) -> int | None:
    label["annotations"] = []
    return None


def _scaled(label: Label) -> int | None:
    """Describe the picture at four times its size, boxes too: the export shrank the file."""
    label["image"]["resolution"] = [4 * v for v in label["image"]["resolution"]]
    for entry in label["annotations"]:
        entry["box"] = [4 * v for v in entry["box"]]
    return None


SPOILS: tuple[_Spoil, ...] = (
    _Spoil("class_integer", _row(0, **{"class": 7}), None, "keep", "row", "7 means 07"),
    _Spoil("class_one_digit", _row(0, **{"class": "7"}), None, "keep", "row", "'7' means 07"),
    _Spoil("class_other", _other_class, "class_not_used", "drop", "row", "code 16 is not used"),
    _Spoil("box_null", _row(0, box=None), "box_malformed", "drop", "row", "box is null"),
    _Spoil("box_short", _row(0, box=[10, 20, 60]), "box_malformed", "drop", "row", "3 numbers"),
    _Spoil("box_flat", _edge(lambda b, w: [b[0], b[1], b[2], b[1]]), "box_empty", "drop", "row",
           "height is 0"),
    _Spoil("corners_swapped", _edge(lambda b, w: [b[2], b[3], b[0], b[1]]), "corners_swapped",
           "repair", "row", "the lower right corner stands first: width and height below 0"),
    _Spoil("box_overrun", _edge(lambda b, w: [w - 60, b[1], w + 6, b[3]]), "clipped", "repair",
           "row", "reaches 6 pixels past the right edge"),
    _Spoil("box_outside", _edge(lambda b, w: [w + 20, b[1], w + 90, b[3]]), "outside_image",
           "drop", "row", "lies beside the picture"),
    _Spoil("row_repeated", _repeat, "duplicate_row", "merge", "row", "equals row 0"),
    _Spoil("polygon_for_box", _reshaped("polygon"), "polygon_to_box", "repair", "row",
           "a polygon stands in place of the box"),
    _Spoil("point_for_box", _reshaped("point"), "box_malformed", "drop", "row",
           "a point has no extent"),
    _Spoil("resolution_zero", _image(resolution=[0, 0]), "resolution_missing", "repair", "image",
           "the size is that of the file"),
    _Spoil("path_null", _image(path="NULL"), None, "keep", "image", "the file name has the clip"),
    _Spoil("no_annotations", _no_annotations, None, "keep", "image", "an image without a box"),
    _Spoil("size_times_four", _scaled, "size_scaled", "repair", "image",
           "resolution and boxes are those of the original, four times the file's size"),
    _Spoil("size_of_another", _image(resolution=[640, 640]), "size_mismatch", "drop", "row",
           "resolution has another aspect ratio than the file: no box can be trusted"),
)  # fmt: skip


def write(out: Output, seed: int) -> None:
    """Write one image and label for each defect, with two helmets in it."""
    for number, spoil in enumerate(SPOILS):
        stem, label, data = _sound(seed, number, count=2)
        row = spoil.change(label)
        _image_file(out, stem, data)
        path = _labels(stem)
        out.json(path, label)
        out.defect(path, spoil.defect, spoil.rule, spoil.action, spoil.scope, spoil.note, row)
    _whole_files(out, seed)
    _equal_stems(out, seed)


def _sound(seed: int, number: int, count: int = 1) -> tuple[str, Label, bytes]:
    stem = aihub.stem_of(FIRST_CLIP + number)
    shot = scenes.heads(f"defect/{number}", seed, aihub.SIZE, [True] * count, 0.06).frame()
    return stem, aihub.label(stem, shot), jpeg(shot.picture)


def _labels(stem: str) -> str:
    return f"{ROOT}/helmet_wearing/labels/{stem}.json"


def _image_file(out: Output, stem: str, data: bytes) -> str:
    path = f"{ROOT}/helmet_wearing/images/{stem}.jpg"
    out.image(path, data)
    return path


def _whole_files(out: Output, seed: int) -> None:
    """Labels that cannot be parsed, lonely files, files that do not decode, turned pictures."""
    stem, label, data = _sound(seed, 50)
    _image_file(out, stem, data)
    out.write(_labels(stem), json.dumps(label, ensure_ascii=False)[:-40])
    note = "the JSON text ends early"
    out.defect(_labels(stem), "json_cut", "label_unparseable", "drop", "image", note)

    stem, label, data = _sound(seed, 51)
    path = _image_file(out, stem, data)
    out.defect(path, "no_label", "label_missing", "drop", "image", "no JSON of this stem")

    stem, label, data = _sound(seed, 52)
    out.json(_labels(stem), label)
    out.defect(_labels(stem), "no_image", "image_missing", "drop", "file", "no image of this stem")

    stem, label, data = _sound(seed, 53)
    path = _image_file(out, stem, data[: len(data) // 2])
    out.json(_labels(stem), label)
    out.defect(path, "jpeg_truncated", "undecodable", "drop", "image", "half of the file is gone")

    stem, label, data = _sound(seed, 54)
    path = _image_file(out, stem, data.removesuffix(b"\xff\xd9"))
    out.json(_labels(stem), label)
    note = "only the end marker FFD9 is missing: Ultralytics would rewrite the file"
    out.defect(path, "jpeg_without_end", None, "keep", "image", note)

    stem, label, picture = _turned(seed, 55)
    path = _image_file(out, stem, turned_jpeg(picture))
    out.json(_labels(stem), label)
    note = "EXIF orientation 6; the label is that of the upright picture"
    out.defect(path, "exif_upright_label", None, "keep", "image", note)

    stem, label, picture = _turned(seed, 56)
    _image_file(out, stem, turned_jpeg(picture))
    label["image"]["resolution"].reverse()
    for entry in label["annotations"]:  # upright x, y lie at y, width - x of the stored picture
        x1, y1, x2, y2 = entry["box"]
        entry["box"] = [y1, picture.shape[1] - x2, y2, picture.shape[1] - x1]
    out.json(_labels(stem), label)
    note = "EXIF orientation 6; the label is that of the picture as it is stored"
    out.defect(_labels(stem), "exif_stored_label", "exif_rotated", "repair", "image", note)


def _turned(seed: int, number: int) -> tuple[str, Label, Picture]:
    stem = aihub.stem_of(FIRST_CLIP + number)
    shot = scenes.heads(f"defect/{number}", seed, (300, 400), [True], 0.08).frame()
    return stem, aihub.label(stem, shot), shot.picture


def _equal_stems(out: Output, seed: int) -> None:
    """Two different images of one name, one in each class folder."""
    stem = aihub.stem_of(FIRST_CLIP + 60)
    for helmet, folder in aihub.FOLDERS.items():
        shot = scenes.heads(f"defect/60/{folder}", seed, aihub.SIZE, [helmet], 0.06).frame()
        aihub.write_pair(out, f"{ROOT}/{folder}", stem, shot)
        path = f"{ROOT}/{folder}/images/{stem}.jpg"
        note = "the other class folder has a different image of this name"
        out.defect(path, "equal_stems", None, "keep", "image", note)
