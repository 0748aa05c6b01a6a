"""Every rule of a decision in a sentence: what it means, and what was done."""

from __future__ import annotations

from collections.abc import Mapping

RULE_WORDS: Mapping[str, str] = {
    "box_malformed": "The row holds no four numbers. It was left out.",
    "corners_swapped": "Left and right, or top and bottom, were the wrong way round. They were "
    "turned.",
    "box_empty": "The box has no width or no height. It was left out.",
    "outside_image": "Less than half of the box lies inside the image. It was left out.",
    "clipped": "The box reached over the border of the image. What was outside was cut off.",
    "duplicate_row": "The same row stood twice in one label file. It counts once.",
    "polygon_to_box": "The row was an outline. The box around it was taken.",
    "obb_to_box": "The row was a turned box. The upright box around it was taken.",
    "crowd": "The row marks a crowd, not one object. It became an ignore region.",
    "ignore_region": "The row says that objects here are not marked one by one. It became an "
    "ignore region.",
    "class_not_used": "The row is of a class that is not one of our four. It was left out.",
    "class_out_of_range": "The row names a class that the source does not have. It was left out.",
    "count_mismatch": "The number of rows differs from what the file announces. The rows that "
    "are there were read.",
    "label_missing": "The image has no label file. It was left out, since unlabelled is not the "
    "same as empty.",
    "label_unparseable": "The label file cannot be read. Its image was left out.",
    "label_twice": "The label file lists an image twice. The first entry was read.",
    "image_missing": "A label names an image that is not there. It was left out.",
    "image_unreadable": "The image file has no readable header. It was left out.",
    "undecodable": "The image file is damaged and cannot be decoded. It was left out.",
    "path_outside": "A path or link leads out of the source folder. It was not followed.",
    "resolution_missing": "The label does not say how large its image is. The size of the file "
    "was taken.",
    "size_scaled": "The label was made for another size of the same image. Boxes are shares of "
    "the image, so they still fit.",
    "size_mismatch": "The label was made for an image of another shape. What its boxes mean is "
    "not known; they were left out.",
    "exif_rotated": "The camera stored the photograph on its side. The boxes were turned with it.",
    "no_annotations": "The label file lists no object at all. Worth a look.",
    "filename_differs": "The label names another file than the one beside it. Worth a look.",
    "background_has_label": "The image was said to be empty but has labels. It was left out.",
    "background_labelled_elsewhere": "The image was said to be empty but is labelled in another "
    "source. It was left out.",
    "no_label_left": "No label of our classes is left on the image. It was left out, since it "
    "is not empty either.",
    "near_duplicate": "The image is nearly the same as another one that was kept. It was left out.",
    "labels_disagree": "Two nearly equal images have different labels. Worth a look.",
}
"""English; Korean in ``korean/quality.yaml``. A test finds rules that have no words."""
