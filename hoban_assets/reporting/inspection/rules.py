"""What each rule of the readers means, in plain words: English keys, Korean in inspection.yaml."""

from __future__ import annotations

from collections.abc import Mapping

MEANINGS: Mapping[str, str] = {
    "background_has_label": "image called a background has a label with rows",
    "box_contradicted": "box that its own outline or area contradicts, kept as ignore region",
    "box_empty": "box without width or height",
    "box_malformed": "row is no box: not four numbers",
    "category_unclear": "category id with two names",
    "class_not_used": "class that was not asked for",
    "class_out_of_range": "class number that no list of classes names",
    "clipped": "box reaches slightly over the edge, cut off there",
    "confidence_row": "row with a confidence or track number behind the box: written by a model",
    "copies_contradict": "copies of one photograph with different classes for one object",
    "corners_swapped": "corners in the wrong order, put right",
    "count_mismatch": "stated number of rows is not the number there is",
    "crowd": "crowd marked as a whole, kept as ignore region",
    "duplicate_row": "same box twice in one label",
    "encoding_differs": "rows of a source whose four numbers mean something else than its format "
    "says",
    "exif_rotated": "photograph is turned by EXIF, boxes turned with it",
    "exif_undecided": "photograph turned or mirrored by EXIF, whether its boxes are is not known",
    "filename_differs": "label names another file than the one beside it",
    "frame_of_file": "rows fit the size of the file and not the stated one, which was replaced",
    "frame_unknown": "box of an image whose other boxes lie outside: it may have been drawn on a "
    "larger picture",
    "half_labelled": "sound row of an image whose other rows could not be read",
    "identity_unclear": "id, name or label that stands for two images",
    "ignore_region": "region that the source says to ignore",
    "image_missing": "label without an image",
    "image_unreadable": "image without a readable header",
    "label_missing": "image without a label",
    "label_twice": "image in several entries or label files, boxes of all taken",
    "label_unparseable": "label file cannot be parsed",
    "name_no_utf8": "file name that is no UTF-8 text, not opened",
    "names_alike": "two names that look the same and are not (composed and decomposed letters)",
    "not_read": "image or label that this format does not read",
    "not_utf8": "text that is no UTF-8, read as cp949 (EUC-KR) or UTF-16",
    "no_annotations": "label without any row",
    "obb_to_box": "turned box, replaced by the box around it",
    "other_unit": "numbers in another unit: shares for pixels, or pixels for shares",
    "outside_image": "box lies outside the image by more than half",
    "path_of_elsewhere": "image named with the folders of another machine, found by its name",
    "path_outside": "path or link that leads out of the source, not followed",
    "polygon_to_box": "polygon, replaced by the box around it",
    "resolution_missing": "label states no image size, taken from the file",
    "size_mismatch": "label is of an image of another shape: boxes cannot be trusted",
    "size_scaled": "label states the size before scaling, boxes fit nevertheless",
    "size_transposed": "width and height of the image swapped in the label, boxes put right",
    "undecodable": "image cannot be decoded",
}
"""Rule of a decision to its meaning."""
