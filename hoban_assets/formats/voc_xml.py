"""One Pascal VOC label (labelImg and many exports): the XML, and nothing that XML could do else.

Parsed with the standard library after two precautions, so that no further library is needed: a
document type (DOCTYPE) is refused, as only there entities can be declared that grow or name files;
and the text is decoded here and handed over as UTF-8, so that no declared encoding is believed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree

from hoban_assets.formats.decoding import decode
from hoban_assets.formats.numbers import number

_DECLARATION = re.compile(r"\s*<\?xml\b[^>]*\?>")
_DOCUMENT_TYPE = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_POINT = re.compile(r"([xy])(\d{1,6})", re.ASCII)
CORNERS = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True)
class VocObject:
    """One ``<object>``: what it says, as text or numbers; nothing is judged."""

    name: str
    """'' where there is none."""
    box: list[object] | None
    """xmin, ymin, xmax, ymax; text where it is no number; None without ``<bndbox>``."""
    outline: list[float] = field(default_factory=list)
    """x, y, x, y ... of ``<polygon>`` or of a turned box (roLabelImg); else empty."""
    is_turned: bool = False
    """The outline is that of a turned box."""
    is_difficult: bool = False
    is_deleted: bool = False
    """LabelMe keeps what was taken away."""

    @property
    def seen(self) -> dict[str, object]:
        """What stands in the file, for a decision."""
        out: dict[str, object] = {"name": self.name, "bndbox": self.box}
        return {**out, "difficult": 1} if self.is_difficult else out


@dataclass(frozen=True)
class VocLabel:
    """What the XML of one image says."""

    filename: str | None
    size: tuple[int, int] | None
    """Stated width and height; None where they are missing or not above zero."""
    size_text: str
    objects: list[VocObject]


def parse_voc(data: bytes) -> VocLabel:
    """Parse one label.

    Raises:
        ValueError: it is no XML, has a DOCTYPE, or its root is not ``<annotation>``.
    """
    root = parse_xml(data)
    if _tag(root) != "annotation":
        raise ValueError(f"its root is <{_tag(root)[:40]}>, not <annotation>")
    size = _child(root, "size")
    sides = [_text(size, side) for side in ("width", "height")]
    return VocLabel(
        _text(root, "filename") or None,
        _size(sides),
        "x".join(sides),
        [_object(each) for each in root if _tag(each) == "object"],
    )


def parse_xml(data: bytes) -> ElementTree.Element:
    """Parse XML of any encoding that declares no document type.

    Raises:
        ValueError: it does, or is no XML.
    """
    found = decode(data)
    if found is None:
        raise ValueError("neither UTF-8 nor cp949 (EUC-KR) nor UTF-16 text")
    if _DOCUMENT_TYPE.search(found.text):
        raise ValueError("it declares a document type (DOCTYPE), which no label needs")
    text = _DECLARATION.sub("", found.text.lstrip("\ufeff"), count=1)
    try:
        parser = ElementTree.XMLParser(encoding="utf-8")  # noqa: S314 - no DOCTYPE gets here
        return ElementTree.fromstring(text.encode(), parser)  # noqa: S314
    except (ElementTree.ParseError, UnicodeEncodeError) as error:
        raise ValueError(f"no XML: {error}") from None


def _object(element: ElementTree.Element) -> VocObject:
    bound = _child(element, "bndbox")
    box: list[object] | None = None
    if bound is not None:
        box = [_number_or_text(_text(bound, side)) for side in CORNERS]
    turned = _turned(_child(element, "robndbox"))
    return VocObject(
        _text(element, "name"),
        box,
        turned or list(_polygon(_child(element, "polygon"))),
        bool(turned),
        _is_yes(element, "difficult"),
        _is_yes(element, "deleted"),
    )


def _is_yes(element: ElementTree.Element, tag: str) -> bool:
    return _text(element, tag).lower() in {"1", "true", "yes"}


def _number_or_text(text: str) -> float | str:
    value = number(text)
    return float(value) if math.isfinite(value) else text


def _turned(element: ElementTree.Element | None) -> list[float]:
    """Corners of a turned box: centre, size and an angle in radians."""
    if element is None:
        return []
    cx, cy, w, h, angle = (number(_text(element, key)) for key in ("cx", "cy", "w", "h", "angle"))
    if not all(map(math.isfinite, (cx, cy, w, h, angle))):
        return []
    cos, sin = math.cos(angle), math.sin(angle)
    half = [(-w / 2, -h / 2), (w / 2, -h / 2), (w / 2, h / 2), (-w / 2, h / 2)]
    return [v for x, y in half for v in (cx + x * cos - y * sin, cy + x * sin + y * cos)]


def _polygon(element: ElementTree.Element | None) -> Iterator[float]:
    """x1 y1 x2 y2 ... (Roboflow) or pt/x, pt/y (LabelMe), in the order of the file."""
    if element is None:
        return
    for each in element:
        if _tag(each) == "pt":
            yield number(_text(each, "x"))
            yield number(_text(each, "y"))
        elif _POINT.fullmatch(_tag(each)):
            yield number((each.text or "").strip())


def _size(sides: list[str]) -> tuple[int, int] | None:
    width, height = map(number, sides)
    # False for NaN too.
    return (int(width), int(height)) if 1 <= width < 2**31 and 1 <= height < 2**31 else None


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2].lower()


def _child(element: ElementTree.Element, tag: str) -> ElementTree.Element | None:
    """A direct child: parts of a person (``<part>``) have boxes of their own.

    An empty one where there are several that differ: which of them is meant is not known.
    """
    found = [each for each in element if _tag(each) == tag]
    if any(_said(each) != _said(found[0]) for each in found[1:]):
        return ElementTree.Element(tag)
    return found[0] if found else None


def _said(element: ElementTree.Element) -> list[tuple[str, str]]:
    return [(_tag(each), (each.text or "").strip()) for each in element.iter()]


def _text(element: ElementTree.Element | None, tag: str) -> str:
    child = None if element is None else _child(element, tag)
    return "" if child is None else _CONTROL.sub("", child.text or "").strip()
