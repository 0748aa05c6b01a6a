"""Words for rules in a diff. English; Korean in ``korean/diff.yaml``."""

from __future__ import annotations

RULES = {
    "near_duplicate": "near-duplicate of an image that stays",
    "over_quota": "the quota was full",
    "no_label_left": "no label was left",
    "crowded": "too many persons on the image",
    "area_too_small": "box too small, now an ignore region",
    "area_too_large": "box too large",
    "area_outlier": "box far too large for its class",
    "duplicate_label": "the same label twice",
    "duplicate_row": "the same label twice",
    "background_has_label": "background with a label",
    "background_labelled_elsewhere": "background that is labelled elsewhere",
    "image_missing": "the image file is missing",
    "undecodable": "the image file cannot be read",
    "image_unreadable": "the image file cannot be read",
    "label_missing": "there is no label file",
    "label_unparseable": "the label file cannot be read",
    "path_outside": "link that leads out of the source",
    "size_mismatch": "label and image differ in size",
    "half_labelled": "other labels of its image could not be read",
    "frame_unknown": "its frame is not known",
    "encoding_differs": "the four numbers mean something else",
    "identity_unclear": "its label may be that of another image",
    "box_contradicted": "its outline says another place",
    "exif_undecided": "its frame is not known",
    "copies_contradict": "copies of it have other classes",
    "box_added": "drawn by a person",
    "box_removed": "taken out by a person",
    "ignore_changed": "made an ignore region, or a label, by a person",
    "picture_rejected": "rejected by a person",
    "source_not_used": "never among its inputs: source not used",
    "not_read": "its source is used, but this image was not read",
    "same_photograph_kept": "the same photograph is there under another id",
    "no_decision_recorded": "no decision names it",
    "not_known_any_more": "not known any more: decisions were pruned",
    "label_differs": "the label itself differs",
}
"""Why an image or a label is not there any more, short enough for a table (`rule_words` has the
sentences): rules of decisions, and what differences_reasons.sql answers where none removed it."""
