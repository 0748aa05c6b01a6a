"""CVAT for images 1.1: one ``annotations.xml``.

CVAT rounds coordinates to hundredths of a pixel. Ignore regions are an attribute of a box;
'rejected' and the classes that are complete are tags of an image.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from hoban_assets.classes import CLASSES
from hoban_assets.corrections.rows import Box
from hoban_assets.corrections.taking import Refused
from hoban_assets.exchange.pictures import (
    Picture,
    Returned,
    each_returned,
    from_pixels,
    refuse_turned,
)
from hoban_assets.files import save
from hoban_assets.formats.voc_xml import parse_xml

FILE = "annotations.xml"
LEFT_BEHIND: tuple[str, ...] = ()
REJECT, COMPLETE, IGNORE, NAMES = "reject", "complete", "ignore", "classes"
_SHAPES = ("polygon", "polyline", "points", "mask", "ellipse", "cuboid", "skeleton")


def write(folder: Path, pictures: Sequence[Picture]) -> None:
    """Write the file into `folder`, and the labels for CVAT's project as ``labels.json``."""
    root = ElementTree.Element("annotations")
    ElementTree.SubElement(root, "version").text = "1.1"
    _add_meta(root)
    for number, picture in enumerate(pictures):
        image = ElementTree.SubElement(
            root,
            "image",
            id=str(number),
            name=picture.name,
            width=str(picture.width),
            height=str(picture.height),
        )
        for box in picture.boxes:
            _add_box(image, box, picture)
        tag = ElementTree.SubElement(image, "tag", label=COMPLETE, source="file")
        ElementTree.SubElement(tag, "attribute", name=NAMES).text = ",".join(picture.complete)
    ElementTree.indent(root)
    save(folder / FILE, ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
    save(folder / "labels.json", _labels())


def _add_meta(root: ElementTree.Element) -> None:
    """Name the labels and their attributes, as CVAT does: other readers of its format want them."""
    task = ElementTree.SubElement(ElementTree.SubElement(root, "meta"), "task")
    labels = ElementTree.SubElement(task, "labels")
    for each in json.loads(_labels()):
        label = ElementTree.SubElement(labels, "label")
        ElementTree.SubElement(label, "name").text = each["name"]
        of_label = ElementTree.SubElement(label, "attributes")
        for attribute in each["attributes"]:
            made = ElementTree.SubElement(of_label, "attribute")
            for name, value in attribute.items():
                told = "\n".join(value) if isinstance(value, list) else str(value)
                ElementTree.SubElement(made, name).text = told


def _add_box(image: ElementTree.Element, box: Box, picture: Picture) -> None:
    left, top, right, bottom = box.corners
    drawn = ElementTree.SubElement(
        image,
        "box",
        label=box.class_name,
        source="file",
        occluded="0",
        xtl=repr(left * picture.width),
        ytl=repr(top * picture.height),
        xbr=repr(right * picture.width),
        ybr=repr(bottom * picture.height),
        z_order="0",
    )
    ElementTree.SubElement(drawn, "attribute", name=IGNORE).text = str(box.ignore).lower()


def _labels() -> str:
    """What CVAT's page 'Raw' of a project's labels takes."""
    flag = {"name": IGNORE, "mutable": False, "input_type": "checkbox", "default_value": "false"}
    text = {"name": NAMES, "mutable": False, "input_type": "text", "default_value": ""}
    lines = [
        *(
            {
                "name": c.name,
                "color": c.colour,
                "type": "rectangle",
                "attributes": [{**flag, "values": ["false"]}],
            }
            for c in CLASSES
        ),
        {"name": REJECT, "type": "tag", "attributes": []},
        {"name": COMPLETE, "type": "tag", "attributes": [{**text, "values": [""]}]},
    ]
    return json.dumps(lines, indent=1)


def read(data: bytes) -> list[Returned]:
    """Read an XML; a document type is refused, as only there entities can be declared.

    Raises:
        KeyError, ValueError: it is no such document.
    """
    root = parse_xml(data)
    if root.tag != "annotations":
        raise ValueError(f"its root is <{root.tag}>, and not <annotations>")
    if root.find("track") is not None:
        raise ValueError("it holds tracks (CVAT for video): export 'CVAT for images 1.1'")
    return each_returned(root.findall("image"), _returned, _name)


def _name(image: ElementTree.Element) -> str:
    return image.attrib["name"].replace("\\", "/").rpartition("/")[2]


def _returned(image: ElementTree.Element) -> Returned:
    width, height = float(image.attrib["width"]), float(image.attrib["height"])
    tags = {tag.attrib["label"]: tag for tag in image.findall("tag")}
    complete = _attribute(tags[COMPLETE], NAMES) if COMPLETE in tags else None
    other = [shape for shape in _SHAPES if image.find(shape) is not None]
    if other:
        raise Refused(f"it holds a {other[0]}: draw a rectangle instead")
    boxes = [_box(box, width, height) for box in image.findall("box")]
    return Returned(
        name=_name(image),
        boxes=tuple(boxes),
        size=(int(width), int(height)),
        rejected=REJECT in tags,
        complete=None if complete is None else tuple(n for n in complete.split(",") if n),
    )


def _box(box: ElementTree.Element, width: float, height: float) -> Box:
    refuse_turned(box.attrib.get("rotation"))
    left, top, right, bottom = (float(box.attrib[name]) for name in ("xtl", "ytl", "xbr", "ybr"))
    ignore = _attribute(box, IGNORE) == "true"
    place = (left, top, right - left, bottom - top)
    return from_pixels(box.attrib["label"], place, width, height, ignore=ignore)


def _attribute(of: ElementTree.Element, name: str) -> str | None:
    found = (a.text or "" for a in of.findall("attribute") if a.attrib.get("name") == name)
    return next(found, None)
