"""Knows each picture again that comes back from a tool, and makes corrections of edits."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import xxhash

from hoban_assets.catalog.asked import Ask
from hoban_assets.corrections.edits import counted
from hoban_assets.corrections.pictures import in_stages
from hoban_assets.corrections.proposed import Proposed
from hoban_assets.corrections.rows import Box, Boxes, Correction
from hoban_assets.corrections.standing import Standing
from hoban_assets.corrections.taking import Edited, Maker, Refused, overruled_by, taken
from hoban_assets.errors import HobanError
from hoban_assets.exchange.pictures import (
    MANIFEST,
    Returned,
    export_of,
    missing,
    told_by_name,
)
from hoban_assets.suffixes import is_image

STRETCH = 0.02
"""Share by which the proportions of a picture may differ after a tool has scaled it."""


@dataclass(frozen=True)
class Shown:
    """A picture as an export showed it."""

    image_id: str
    content_hash: str
    width: int
    height: int
    boxes: Boxes
    time: datetime
    complete: tuple[str, ...] | None
    export: str = ""
    form: str = ""


@dataclass
class Collected:
    """What a file of a tool comes to."""

    tool: str
    rows: list[Correction] = field(default_factory=list)
    unchanged: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Name of a picture, and why nothing of it was taken."""
    overruled: list[tuple[Correction, Correction]] = field(default_factory=list)
    """A new row, and the word of somebody else since it was shown."""
    boxes: Counter[str] = field(default_factory=Counter)
    """Boxes by what was done to them on the pictures that are not rejected."""


def exports(folder: Path) -> dict[str, list[Shown]]:
    """What was ever shown, newest last, by content hash."""
    found: dict[str, list[Shown]] = {}
    for file in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            manifest = json.loads(file.read_bytes())
            time = datetime.fromisoformat(manifest["time"])
            time = time if time.tzinfo else time.replace(tzinfo=UTC)
            for line in manifest["pictures"]:
                shown = replace(
                    _shown(line, time),
                    export=str(manifest.get("id", "")),
                    form=str(manifest.get("format", "")),
                )
                found.setdefault(shown.content_hash, []).append(shown)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise HobanError(
                f"{file} is damaged: {missing(error)}",
                "move it away; what that export showed cannot be collected then",
            ) from error
    return found


def _shown(line: dict[str, Any], time: datetime) -> Shown:
    boxes = tuple(Box(*box) for box in line["boxes"])
    complete = None if line["complete"] is None else tuple(line["complete"])
    width, height = line["size"]
    return Shown(line["image_id"], line["content_hash"], width, height, boxes, time, complete)


def known_again(
    returned: Returned,
    shown: dict[str, list[Shown]],
    hash_of: Callable[[str], str | None],
    tag_of: Callable[[str], str],
    tool: str = "",
    export: str = "",
) -> Shown:
    """Find the picture that this is: by the bytes of its file, else by what label or name tell.

    Args:
        returned: a picture of a tool's file.
        shown: `exports`.
        hash_of: content hash of a file of that name beside the labels, None where there is none.
        tag_of: tag of an image id (`naming.image_tag`).
        tool: what wrote the file (`Read.tool`).
        export: id of the export beside the file (`export_in`), for pictures that were renamed.

    Returns:
        What the export that it comes from showed. Where nothing tells which that was: the newest
        of that format.

    Raises:
        Refused: it was never shown, or what its export showed is not known any more; file, name and
            label tell of different pictures; its file was written anew by a tool; its size is in
            no proportion to that of the picture.
    """
    by_bytes = hash_of(returned.name)
    told = told_by_name(returned.name)
    names = [told[1]] if told else []
    if by_bytes and names and by_bytes != names[0]:
        if by_bytes in shown:
            raise Refused("its file holds another picture than its name says")
        raise Refused(
            "its file has other bytes than were exported under its name: another picture, or the "
            "same written anew by a tool (then collect the label file from a folder without them)"
        )
    if returned.content_hash and {returned.content_hash} < {
        *filter(None, (returned.content_hash, by_bytes, *names))
    }:
        raise Refused("its label tells of another picture than its file and its name")
    for content_hash in filter(None, (by_bytes, returned.content_hash, *names)):
        found = shown.get(content_hash, [])
        mine = [s for s in found if told is None or tag_of(s.image_id) == told[0]]
        if mine or found:
            named = export_of(returned.name)
            return _of_its_size(returned, _as_shown(mine or found, named, export, tool))
    raise Refused("it was not exported from here: neither its bytes nor its name is known")


def _as_shown(found: Sequence[Shown], named: str, beside: str, tool: str) -> Shown:
    for export in filter(None, (named, beside)):
        if mine := [s for s in found if s.export == export]:
            return mine[-1]
    if named:
        raise Refused("what its export showed is not known any more")
    return ([s for s in found if s.form == tool] or found)[-1]


def export_in(folder: Path | None) -> str:
    """Id of the export that a folder holds, '' where it does not tell."""
    try:
        return str(json.loads((folder / MANIFEST).read_bytes())["id"]) if folder else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _of_its_size(returned: Returned, shown: Shown) -> Shown:
    """Boxes are shares of a picture, so one that a tool has scaled is taken, and no other.

    Raises:
        Refused: width and height stand in another proportion.
    """
    if returned.size and shown.width and shown.height:
        width, height = returned.size
        if not abs(width * shown.height - height * shown.width) <= STRETCH * height * shown.width:
            raise Refused(
                f"its file says {width} x {height} pixels, and the picture has "
                f"{shown.width} x {shown.height}: its boxes are those of another one"
            )
    return shown


def files_below(root: Path | None) -> Callable[[str], str | None]:
    """Content hashes of the image files below a folder, by name or, for YOLO, by stem."""
    files: dict[str, Path] = {}
    for file in root.rglob("*") if root else ():
        if is_image(file.name) and file.is_file():
            files[file.name] = files[file.stem] = file

    def hash_of(name: str) -> str | None:
        file = files.get(name)
        try:
            return xxhash.xxh3_128_hexdigest(file.read_bytes()) if file else None
        except OSError as error:
            raise Refused(f"its picture cannot be read: {error.strerror}") from error

    return hash_of


def collected(
    tool: str,
    pictures: Iterable[tuple[Returned, Shown | Refused]],
    ask: Ask,
    log: Standing,
    by: Maker,
    new_id: Callable[[], str],
    *,
    accept: bool = False,
    emptied: bool = False,
    file: str = "the file",
    proposed: Mapping[str, Proposed] = MappingProxyType({}),
) -> Collected:
    """Make a correction of each picture that a person changed; what cannot be taken is told.

    `accept`: pictures that came back unchanged were looked at, and are right. `emptied`: that no
    box is left on any of them is meant. `file`: what was read, for a message. `proposed`: what
    models propose, by source.

    Raises:
        HobanError: several pictures had boxes and none has one now, which is how a file looks
            whose labels a tool has lost.
    """
    found = Collected(tool)
    known: list[tuple[Returned, Shown]] = []
    for returned, shown in pictures:
        if returned.problem:
            found.refused.append((returned.name, returned.problem))
        elif isinstance(shown, Refused):
            found.refused.append((returned.name, str(shown)))
        else:
            known.append((returned, shown))
    if not emptied:
        _refuse_all_emptied(known, file)
    now = in_stages(ask, [shown.image_id for _, shown in known], proposed, log)
    said: dict[tuple[str, str], list[Returned]] = {}
    for returned, shown in known:
        said.setdefault((shown.content_hash, shown.image_id), []).append(returned)
    for returned, shown in known:
        first, *more = said[shown.content_hash, shown.image_id]
        if any((m.boxes, m.rejected) != (first.boxes, first.rejected) for m in more):
            found.refused.append((returned.name, "it is listed twice, with other boxes"))
            continue
        if returned is not first:
            continue
        edited = _edited(returned, shown, accept)
        try:
            row = taken(edited, now.get((shown.content_hash, shown.image_id)), log, by, new_id())
        except Refused as error:
            found.refused.append((returned.name, str(error)))
            continue
        if row is None:
            found.unchanged += 1
            continue
        found.rows.append(row)
        if row.kind != "reject":
            word = log.of(row.content_hash, row.image_id)
            was = word.after if word and word.kind != "reject" else row.before
            found.boxes += counted([(was, row.after)])
        if word := overruled_by(row, log, shown.time):
            found.overruled.append((row, word))
    return found


def _refuse_all_emptied(known: Iterable[tuple[Returned, Shown]], file: str) -> None:
    had = [returned for returned, shown in known if shown.boxes]
    if len(had) > 1 and not any(returned.boxes or returned.rejected for returned in had):
        raise HobanError(
            f"{file}: none of the {len(had)} pictures that had boxes has one now, as in a file "
            "whose labels a tool has lost (CVAT does that when it imports YOLO); nothing was taken",
            "import the labels again and export; where all boxes were taken out on purpose: "
            "hoban collect FILE --emptied",
        )


def _edited(returned: Returned, shown: Shown, accept: bool) -> Edited:
    told = returned.complete if returned.complete != shown.complete else None
    return Edited(
        shown.image_id,
        shown.content_hash,
        shown.width,
        shown.height,
        shown.boxes,
        returned.boxes,
        rejected=returned.rejected,
        accepted=accept and not returned.rejected,
        complete=told,
    )
