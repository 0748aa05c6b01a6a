"""Everything that was seen to be wrong with YOLO folders, once each, and odd image files."""

from __future__ import annotations

from hoban_assets.sample_data import falls, scenes
from hoban_assets.sample_data.falls import FALLEN, TRIPLED, V1, V1_2, V2, V3, V4, FallFolder
from hoban_assets.sample_data.output import Output, jpeg, png
from hoban_assets.sample_data.scenes import Shot

UNDECLARED = "fall_extra.yolo26"
TWIN = FallFolder("fall.v3i", ("fall",), {"fallen": "fall"}, 0)
"""Differs from the declared Fall.v3i in the case of one letter only."""


def _shot(seed: int, name: str) -> Shot:
    return scenes.fall(f"fall defect/{name}", seed, (320, 240), (0.6, 0.85)).frame()


def write(out: Output, seed: int) -> None:
    """Write all of them."""
    _rows(out, seed)
    _pairs(out, seed)
    _names(out, seed)
    _pictures(out, seed)
    _folders(out)
    _undeclared(out, seed)


def _rows(out: Output, seed: int) -> None:
    """Rows that are odd, after a row that is right."""
    polygon = "0.20 0.60 0.50 0.52 0.80 0.62 0.78 0.80 0.40 0.84"
    cases: tuple[tuple[FallFolder, str, str, str | None, str, str], ...] = (
        (V2, "polygon_row", f"0 {polygon}", "polygon_to_box", "repair", "a polygon of 5 points"),
        (V2, "obb_row", "0 0.2 0.5 0.7 0.6 0.66 0.8 0.16 0.7", "obb_to_box", "repair",
         "9 numbers: the corners of a turned box"),
        (V1, "overrun_row", "1 0.930000 0.500000 0.200000 0.300000", "clipped", "repair",
         "3 % of the width past the right edge"),
        (V1, "outside_row", "1 1.300000 0.500000 0.200000 0.300000", "outside_image", "drop",
         "beside the picture"),
        (V1, "empty_row", "1 0.500000 0.500000 0.000000 0.300000", "box_empty", "drop",
         "width is 0"),
        (V1_2, "class_index", "3 0.500000 0.500000 0.200000 0.300000", "class_out_of_range",
         "drop", "class 3 of a list of one"),
        (V1_2, "short_row", "0 0.500000 0.500000 0.200000", "box_malformed", "drop",
         "4 numbers"),
        (V1_2, "text_row", "0 0.5 0.5 wide 0.3", "box_malformed", "drop", "no number"),
        (V1, "unused_class", "0 0.300000 0.300000 0.200000 0.300000", "class_not_used", "drop",
         "class '10-' means nothing"),
        (FALLEN, "repeated_row", "", "duplicate_row", "merge", "equals row 0"),
    )  # fmt: skip
    for folder, defect, text, rule, action, note in cases:
        shot = _shot(seed, defect)
        rows = folder.rows(shot)
        rows.append(text or rows[0])
        path = falls.write_pair(out, folder, "train", defect, jpeg(shot.picture), rows)
        row = None if rule == "class_not_used" else len(rows) - 1
        out.defect(path, defect, rule, action, "row", note, row)


def _pairs(out: Output, seed: int) -> None:
    """Images without labels, labels without images, empty labels."""
    out.write(f"{V4.path}/train/labels/no_image.txt", "0 0.5 0.5 0.3 0.3\n")
    path = f"{V4.path}/train/labels/no_image.txt"
    out.defect(path, "yolo_no_image", "image_missing", "drop", "file", "no image of this name")
    path = f"{V4.path}/train/images/no_label.jpg"
    out.image(path, jpeg(_shot(seed, "no_label").picture))
    out.defect(path, "yolo_no_label", "label_missing", "drop", "image", "no label of this name")
    empty = scenes.empty("fall defect/empty", seed, (320, 240)).frame()
    path = falls.write_pair(out, V4, "valid", "empty_label", jpeg(empty.picture), [])
    out.defect(path, "yolo_empty_label", None, "keep", "image", "an empty label: nobody is there")
    out.write(f"{V3.path}/train/labels.cache", b"\x80\x04no pickle, and never to be loaded")
    note = "a cache that another tool left: never load it"
    out.defect(f"{V3.path}/train/labels.cache", "labels_cache", None, "ignore", "file", note)


def _names(out: Output, seed: int) -> None:
    """Names with spaces, brackets and Korean, and a suffix in capitals."""
    for name, suffix in (
        ("현장 쓰러짐 (1)", "jpg"),
        ("fall [12] copy", "jpg"),
        ("DSC_0031", "JPG"),
    ):
        shot = _shot(seed, name)
        falls.write_pair(out, FALLEN, "train", name, jpeg(shot.picture), FALLEN.rows(shot), suffix)
        path = f"{FALLEN.path}/train/images/{name}.{suffix}"
        out.defect(path, "odd_name", None, "keep", "image", "the name is odd, the image is not")


def _pictures(out: Output, seed: int) -> None:
    """Image files of other kinds than their names say, or than networks want."""
    for name, mode, defect in (("alpha", "RGBA", "rgba"), ("deep", "I;16", "sixteen_bit")):
        shot = _shot(seed, name)
        falls.write_pair(out, V2, "train", name, png(shot.picture, mode), V2.rows(shot), "png")
        path = f"{V2.path}/train/images/{name}.png"
        out.defect(path, defect, None, "keep", "image", f"a PNG of mode {mode}")
    shot = _shot(seed, "png")
    falls.write_pair(out, V4, "train", "png_inside", png(shot.picture), V4.rows(shot))
    path = f"{V4.path}/train/images/png_inside.jpg"
    out.defect(path, "png_named_jpg", None, "keep", "image", "the file is a PNG")
    shot = _shot(seed, "cut")
    data = jpeg(shot.picture)
    falls.write_pair(out, FALLEN, "train", "cut", data[: len(data) * 2 // 3], FALLEN.rows(shot))
    path = f"{FALLEN.path}/train/images/cut.jpg"
    out.defect(path, "yolo_jpeg_truncated", "undecodable", "drop", "image", "a third is missing")


def _folders(out: Output) -> None:
    """What is odd about whole folders."""
    cases = (
        (V4, "windows_paths", "paths of a D: drive; only the names are to be taken"),
        (V1_2, "val_is_train", "val points at train; no split that comes along is trusted"),
        (V2, "names_dict", "names is a dict"),
    )
    for folder, defect, note in cases:
        out.defect(f"{folder.path}/data.yaml", defect, None, "keep", "source", note)
    note = "each photograph three times, under one name up to .rf."
    out.defect(TRIPLED.path, "augmentation_family", None, "keep", "source", note)
    note = "some photographs are in the next folder or in another part, too: see near-duplicates"
    out.defect(V1.path, "photograph_twice", None, "keep", "source", note)


def _undeclared(out: Output, seed: int) -> None:
    """Folders that begin with 'fall' and that no recipe names: reported, never read."""
    for number in range(3):
        shot = _shot(seed, f"extra/{number}")
        out.image(f"{UNDECLARED}/train/images/extra{number}.jpg", jpeg(shot.picture))
        out.write(f"{UNDECLARED}/train/labels/extra{number}.txt", "\n".join(V1_2.rows(shot)))
    note = "not declared, and without data.yaml"
    out.defect(UNDECLARED, "undeclared_folder", None, "ignore", "source", note)
    if (out.root / TWIN.path).exists():  # this file system knows no case: it would mix the two
        out.say(f"{TWIN.path} is left out: the file system does not tell it from {V3.path}")
        return
    shot = _shot(seed, "twin")
    falls.write_pair(out, TWIN, "train", "twin", jpeg(shot.picture), TWIN.rows(shot))
    out.write(f"{TWIN.path}/data.yaml", TWIN.yaml())
    note = f"not declared; differs from {V3.path} in the case of a letter only"
    out.defect(TWIN.path, "letter_case", None, "ignore", "source", note)
