"""What each rule of the readers means, in plain words: English keys, Korean in inspection.yaml."""

from __future__ import annotations

from collections.abc import Mapping

MEANINGS: Mapping[str, str] = {
    "background_has_label": "image called a background has a label with rows",
    "box_empty": "box without width or height",
    "box_malformed": "row is no box: not four numbers",
    "class_not_used": "class that was not asked for",
    "class_out_of_range": "class number that no list of classes names",
    "clipped": "box reaches slightly over the edge, cut off there",
    "corners_swapped": "corners in the wrong order, put right",
    "count_mismatch": "stated number of rows is not the number there is",
    "crowd": "crowd marked as a whole, kept as ignore region",
    "duplicate_row": "same box twice in one label",
    "exif_rotated": "photograph is turned by EXIF, boxes turned with it",
    "filename_differs": "label names another file than the one beside it",
    "ignore_region": "region that the source says to ignore",
    "image_missing": "label without an image",
    "image_unreadable": "image without a readable header",
    "label_missing": "image without a label",
    "label_twice": "image or id listed twice, the second one is not read",
    "label_unparseable": "label file cannot be parsed",
    "no_annotations": "label without any row",
    "obb_to_box": "turned box, replaced by the box around it",
    "outside_image": "box lies outside the image by more than half",
    "path_outside": "path or link that leads out of the source, not followed",
    "polygon_to_box": "polygon, replaced by the box around it",
    "resolution_missing": "label states no image size, taken from the file",
    "size_mismatch": "label is of an image of another shape: boxes cannot be trusted",
    "size_scaled": "label states the size before scaling, boxes fit nevertheless",
    "undecodable": "image cannot be decoded",
}
"""Rule of a decision to its meaning."""
