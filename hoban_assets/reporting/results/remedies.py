"""What to do about what a model gets wrong: sentences in English, keys of their translation.

The fields in braces are values of `findings.Finding`; `name_id` is the raw class name.
"""

LOOK_AT_WORST = "Look at the worst images on the page (worst_images.json in the run folder)."
LOOK_AT_LABELS = (
    "Look at its labels: hoban gallery {dataset} --class {name_id} --partition {partition}"
)
LOOK_AT_SMALL = (
    "Look at the smallest heads: hoban gallery {dataset} --class {name_id} --order smallest "
    "--partition {partition}"
)
SIZES = (
    "Small boxes are hard: hoban sizes {dataset} --class {name_id} --partition {partition}, then "
    "raise area: {name_id}: least in the recipe, or HOBAN_IMAGE_SIZE."
)
COMPLETE_LABELS = (
    "{unlabelled:.0f} % of the training images are from sources that do not label this class. "
    "Where they show it, training teaches 'background': complete those labels, or use fewer such "
    "images."
)
EMPTY_SCENES = "Add images without objects: background and backgrounds in the recipe."
LOWER = (
    "It is found, but not surely: at the confidence of the best F1 recall is {recall:.2f} "
    "(BoxF1_curve.png). A lower threshold, or longer training."
)
PRETRAINED = "Start from trained weights (HOBAN_WEIGHTS), not from a .yaml."
MORE_VALIDATION = "Raise val_share or quota in the recipe."
MORE_EPOCHS = "Train longer: HOBAN_EPOCHS_{partition}."
OVERFITTED = (
    "best.pt is of the best epoch, so nothing is lost; fewer epochs or a lower training: patience "
    "save time, more or more varied images help."
)
EVALUATE_AGAIN = (
    "Materialise it once more, which records them (same dataset and settings: it is only "
    "evaluated again): dagster asset materialize --select {model} --partition {partition}"
)
TRAIN_AGAIN = "To use it: dagster asset materialize --select {model} --partition {partition}"
