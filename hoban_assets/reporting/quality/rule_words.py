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
    "ignore_region": "The row says that objects here are not marked one by one, or are too "
    "difficult to judge (difficult). It became an ignore region.",
    "class_not_used": "The row is of a class that is not one of our four. It was left out.",
    "class_out_of_range": "The row names a class that the source does not have. It was left out.",
    "count_mismatch": "The number of rows differs from what the file announces. The rows that "
    "are there were read.",
    "label_missing": "The image has no label file. It was left out, since unlabelled is not the "
    "same as empty.",
    "label_unparseable": "The label file cannot be read. Its image was left out.",
    "label_twice": "Several entries or label files list the image. The boxes of all of them "
    "were taken.",
    "image_missing": "A label names an image that is not there. It was left out.",
    "image_unreadable": "The image file has no readable header. It was left out.",
    "undecodable": "The image file is damaged and cannot be decoded. It was left out.",
    "path_outside": "A path or link leads out of the source folder. It was not followed.",
    "resolution_missing": "The label does not say how large its image is. The size of the file "
    "was taken.",
    "size_scaled": "The label was made for another size of the same image. Boxes are shares of "
    "the image, so they still fit.",
    "size_mismatch": "The label states another size than its image has, and nothing shows which of "
    "the two its boxes belong to. They were left out.",
    "exif_rotated": "The camera stored the photograph turned or mirrored. The boxes were turned "
    "with it.",
    "other_unit": "The numbers of the row are in another unit: shares of the image where pixels "
    "are due, or the reverse. It was left out.",
    "confidence_row": "The row has more numbers than a box, such as the confidence of a model. "
    "Its image was left out, since a model's guess is no label.",
    "half_labelled": "The row is sound, but other rows of its image could not be read. It was "
    "left out, since a half labelled image teaches that the rest is background.",
    "frame_of_file": "The rows do not fit the image size that the label states, but all of them "
    "fit the file. The size of the file was taken.",
    "frame_unknown": "Many boxes of this image or source lie outside the picture, so where the "
    "others lie is not certain either. It was left out.",
    "encoding_differs": "Too many rows of this source can only be right if their four numbers "
    "mean something else (width and height where corners are due, or the reverse). All of them "
    "were left out.",
    "identity_unclear": "An id, a name or a label stands for two different images. None of them "
    "was read.",
    "category_unclear": "The row's category id has two names. It was left out.",
    "path_of_elsewhere": "The label names the image with the folders of another machine. The "
    "only image of that name was taken.",
    "box_contradicted": "The box is not that of its own outline or area. It became an ignore "
    "region until somebody has looked.",
    "size_transposed": "The label states width and height of the image the wrong way round, as "
    "others of this source do. The boxes were put right.",
    "exif_undecided": "The camera stored the photograph turned or mirrored, and nothing says "
    "whether the boxes follow it. Worth a look.",
    "copies_contradict": "Copies of the same photograph give one object different classes. None "
    "of them was taken.",
    "no_annotations": "The label file lists no object at all. Worth a look.",
    "name_no_utf8": "The file's name is no UTF-8 text, so it was not opened.",
    "names_alike": "Two names look the same and are not: letters composed in one, apart in the "
    "other.",
    "not_read": "An image or label file that the reader of this source passes over.",
    "not_utf8": "The text is no UTF-8; it was read as cp949 (EUC-KR) or UTF-16.",
    "filename_differs": "The label names another file than the one beside it. Worth a look.",
    "background_has_label": "The image was said to be empty but has labels. It was left out.",
    "background_labelled_elsewhere": "The image was said to be empty but is labelled in another "
    "source. It was left out.",
    "no_label_left": "No label of our classes is left on the image. It was left out, since it "
    "is not empty either.",
    "near_duplicate": "The image is nearly the same as another one that was kept. It was left out.",
    "labels_disagree": "Two nearly equal images have different labels. Worth a look.",
    "area_too_small": "The box is smaller than the limit of its class. It became an ignore region.",
    "area_too_large": "The box is larger than the limit of its class. It was left out.",
    "area_outlier": "The box is far too large for its class. It was left out.",
    "box_moved": "A person moved the box or changed its size.",
    "class_changed": "A person gave the box another class.",
    "ignore_changed": "A person made a label an ignore region, or the reverse.",
    "box_added": "A person drew the box; the raw label did not have it.",
    "box_removed": "A person took the box out: nothing of its class is there.",
    "picture_rejected": "A person rejected the picture. It was left out.",
    "picture_accepted": "A person looked at the picture and found its labels right.",
    "classes_complete": "A person said which classes are labelled completely on this picture.",
    "correction_picture_gone": "A correction is about a picture that is not there any more. It "
    "was not applied.",
    "correction_picture_changed": "A correction is about a picture whose file was changed since. "
    "It was not applied.",
    "correction_label_changed": "A correction is about labels that were changed in the raw file "
    "since. It was not applied: look at the picture again.",
    "duplicate_label": "The same label stands twice on the image. It counts once.",
    "crowded": "More persons are on the image than the limit allows. It was left out.",
    "over_quota": "The quota was full without the image. It was left out.",
}
"""English; Korean in ``korean/quality.yaml``. A test finds rules that have no words."""
