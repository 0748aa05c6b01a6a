"""What to do with labels that no reader reads as they lie: texts in English, with {fields}."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from hoban_assets.formats.scanning import Tree
from hoban_assets.formats.sniffing import sniff
from hoban_assets.formats.voc import LEAST_LABELLED

PACKED = (
    "it holds {packed} archives: unpack them first (parts of one, x.zip.part0 ...: "
    "cat x.zip.part* > x.zip); labels may be in them"
)
WITHOUT_IMAGES = "labels without images ({labels}, the first is {first}): give the folder above"
BESIDE = "there are labels of these images beside this folder ({first}): give the folder above"
MASKS = (
    "{labels} pictures have the names of others and look like masks of them (the first is "
    "{first}): export the set with boxes, as YOLO or COCO"
)
OTHERS = (
    "{labels} files may be labels of another program (the first is {first}): export them as YOLO "
    "or COCO; if they are none, put them elsewhere"
)
_SAME_FOLDER = (
    "{labels} labels lie in the same folder as the images (the first is {first}): put the images "
    "into images/ and the labels into labels/ beside it"
)
_OTHER_FOLDERS = (
    "{labels} files look like labels (the first is {first}): name the folder of the images images "
    "and that of the labels labels, side by side"
)
_FEW = (
    "{labels} of its files look like labels (the first is {first}), for {count} images: too few "
    "for a labelled set. As a background (--format background) the images with labels are left out"
)
HOW_TO: Mapping[str, str] = {
    "voc": "the .xml files look like Pascal VOC, but only few have the name of an image beside "
    "them: put the images into images/ and the .xml files into Annotations/ beside it",
    "createml": "{first} is CreateML: export the set as YOLO or COCO instead",
    "odgt": "{first} is odgt (CrowdHuman): write its boxes (fbox: x y width height) as COCO, "
    "annotations/instances_train.json",
    "csv": "{first} is a table of boxes: export the set as YOLO or COCO instead",
    "labelme": "labelme wrote {first}: convert the set with labelme2yolo, or export it as COCO",
    "via": "{first} is of the VGG annotator: export the set as COCO there",
    "cvat": "{first} is CVAT's own XML: export the task as 'COCO 1.0' or 'YOLO' there",
    "labelstudio": "{first} is of Label Studio: export the project as YOLO or COCO there",
    "supervisely": "{first} is of Supervisely: export the project as COCO there",
    "kitti": "{first} has rows of KITTI (a name, then numbers): convert them to YOLO or COCO",
    "dota": "{first} has rows of DOTA (eight corners, a name): convert them to YOLO or COCO",
}
"""Kind of label (`sniffing`) that no reader reads, and the way out."""

MANY = frozenset({"coco", "createml", "csv", "odgt", "via", "cvat", "labelstudio", "widerperson"})
"""Kinds of which one file may be for all images."""


def advice(tree: Tree, labels: list[str]) -> str:
    """How to lay out labels that no reader fits, by what they are."""
    kinds = Counter(sniff(tree.absolute(path)) for path in labels[:: max(1, len(labels) // 9)])
    kind = next((kind for kind, _ in kinds.most_common() if kind), None)
    if len(labels) < LEAST_LABELLED * sum(1 for _ in tree.images()) and kind not in MANY:
        return _FEW
    if kind is None and labels[0].lower().endswith(".xml"):
        kind = "voc"
    folders = {path.rpartition("/")[0] for path in labels}
    with_images = {path.rpartition("/")[0] for path in tree.images()}
    if kind in {"yolo", "aihub", None} and folders & with_images:
        return _SAME_FOLDER
    return HOW_TO.get(kind or "", _OTHER_FOLDERS)
