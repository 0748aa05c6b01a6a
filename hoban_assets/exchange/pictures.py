"""What goes out to a tool, and what comes back from it; no format."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from hoban_assets.corrections.rows import Box, Boxes
from hoban_assets.corrections.taking import Refused
from hoban_assets.naming import image_tag

_HASH = re.compile(
    r"(?<![0-9a-f])([0-9a-f]{12})[._-]([0-9a-f]{32})(?:[._-]([0-9a-f]{8}))?(?![0-9a-f])"
)
"""Tag, content hash and export; some tools (Roboflow) write other signs for the dots of a name."""
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
Line = TypeVar("Line")
MANIFEST = "hoban-export.json"
"""File of an exported folder that tells what was shown."""
NO_PICTURE = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What reading a document raises that is not of its format."""
STEM = 40
"""Letters of the raw name that an exported name keeps, for the eye."""


@dataclass(frozen=True)
class Picture:
    """A picture of an asset with the boxes that a person is shown."""

    image_id: str
    file: str
    """Below the raw root."""
    content_hash: str
    width: int
    """Pixels, as displayed."""
    height: int
    boxes: Boxes
    complete: tuple[str, ...]
    """Classes that are labelled completely on it."""
    export: str = ""
    """Id of the export that shows it: 8 hex digits."""

    @property
    def name(self) -> str:
        """File name outside: it tells id, bytes and export, whatever a tool forgets."""
        stem, _, suffix = self.file.rpartition("/")[2].rpartition(".")
        short = _UNSAFE.sub("_", stem)[:STEM].strip("_") or "picture"
        parts = (short, image_tag(self.image_id), self.content_hash, self.export, suffix.lower())
        return ".".join(part for part in parts if part)


@dataclass(frozen=True)
class Returned:
    """A picture as a tool gives it back."""

    name: str
    """File name, without folders."""
    boxes: Boxes = ()
    """In the words of the tool's file: classes are not checked yet."""
    size: tuple[int, int] | None = None
    """Width and height that the file states."""
    content_hash: str = ""
    """Where the format carries it."""
    rejected: bool = False
    complete: tuple[str, ...] | None = None
    """None: the format does not tell."""
    problem: str = ""
    """What cannot be taken over as a box; then nothing of the picture is."""


def each_returned(
    lines: Iterable[Line], read: Callable[[Line], Returned | None], name_of: Callable[[Line], str]
) -> list[Returned]:
    """Read pictures one by one: one that cannot be read takes nothing away from the others.

    What `read` refuses (`Refused`), or cannot read, is the problem of its picture, which is called
    by its place in the file where it has no name. None: nobody has labelled it, and it is left out.

    Raises:
        LookupError, TypeError, ValueError, AttributeError, ArithmeticError: none can be read, so
            the file is of another format; what the first one raised.
    """
    found: list[Returned] = []
    problems: list[Exception] = []
    for number, line in enumerate(lines, start=1):
        try:
            if returned := read(line):
                found.append(returned)
            continue
        except Refused as error:
            said = str(error)
        except NO_PICTURE as error:
            problems.append(error)
            said = str(Refused(f"it cannot be read: {missing(error)}"))
        try:
            found.append(Returned(name_of(line), problem=said))
        except NO_PICTURE:
            found.append(Returned(f"#{number}", problem=said))
    if problems and len(problems) == len(found):
        raise problems[0]
    return found


def missing(error: Exception) -> str:
    """What an error of `NO_PICTURE` says, in one line."""
    if isinstance(error, KeyError):
        return f"{error} is missing"
    if isinstance(error, ValueError):
        return str(error).split("\n")[0]
    return "a value is missing, or of another kind than such a file has there"


def told_by_name(name: str) -> tuple[str, str] | None:
    """Tag of the id and content hash, as an exported name tells them; None for other names."""
    found = _HASH.search(name)
    return (found[1], found[2]) if found else None


def export_of(name: str) -> str:
    """Id of the export that an exported name tells; '' of other names."""
    found = _HASH.search(name)
    return (found[3] or "") if found else ""


def in_pixels(box: Box, width: float, height: float) -> tuple[float, float, float, float]:
    """Left, top, width, height in pixels."""
    left, top, _, _ = box.corners
    return (left * width, top * height, box.w * width, box.h * height)


def from_pixels(
    name: str, place: Sequence[float], width: float, height: float, *, ignore: bool = False
) -> Box:
    """Box from left, top, width, height in pixels.

    Raises:
        ValueError: these are not four numbers.
    """
    if len(place) != 4:
        raise ValueError(f"the box {list(place)} is not four numbers")
    left, top, w, h = place
    return Box(name, (left + w / 2) / width, (top + h / 2) / height, w / width, h / height, ignore)


def refuse_turned(degrees: Any) -> None:
    """Refuse a rectangle that a tool has turned, whose upright numbers are of another place.

    Raises:
        Refused: it does not stand upright.
    """
    if float(degrees or 0) % 180:
        raise Refused("it holds a turned rectangle: labels are upright")
