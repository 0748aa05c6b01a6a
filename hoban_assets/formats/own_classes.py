"""A source read with its own classes, all of them, instead of those that a recipe uses.

The readers are the same: every own class is mapped to itself (`RawSource.taxonomy`). What the
classes are is in the source: data.yaml, the categories of COCO, the codes in AI Hub's labels.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from hoban_assets.collector import paused_collector
from hoban_assets.errors import HobanError
from hoban_assets.formats import READERS
from hoban_assets.formats.aihub import normal_code
from hoban_assets.formats.class_names import ClassNames, read_class_names
from hoban_assets.formats.coco import CocoReader
from hoban_assets.formats.decoding import decode, parse_json, read_label, text_lines
from hoban_assets.formats.listed import Listed
from hoban_assets.formats.naming import nfc, part_of
from hoban_assets.formats.source import RawSource, Reader
from hoban_assets.formats.voc import VocReader
from hoban_assets.formats.voc_xml import parse_voc
from hoban_assets.formats.widerperson import WiderPersonReader
from hoban_assets.formats.yolo import YoloReader

Progress = Callable[[int, int], None]

WIDERPERSON_CLASSES = {
    "1": "pedestrian",
    "2": "rider",
    "3": "partially visible person",
    "4": "ignore region",
    "5": "crowd",
}
AIHUB_TEXTS = ("middle classification", "category")
_MOST_TEXTS = 3  # of one code, the most frequent ones
_INDEX = re.compile(r"\d{1,6}", re.ASCII)


@dataclass(frozen=True)
class OwnClass:
    """A class of a source: its name as recipes match it, and what else the source says of it."""

    name: str
    texts: tuple[str, ...] = ()
    """AI Hub: classification and category; COCO: supercategory; WiderPerson: its meaning."""

    @property
    def text(self) -> str:
        """The most frequent texts."""
        return ", ".join(self.texts[:_MOST_TEXTS])


@dataclass(frozen=True)
class Note:
    """Something odd about a source as a whole, and what to do.

    Texts are English keys with {fields}, filled in from `facts`.
    """

    text: str
    remedy: str
    facts: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class OwnSource:
    """An opened source that reads every own class as itself."""

    reader: Reader
    listed: Listed
    """The reader again, as what was listed of the folder."""
    classes: tuple[OwnClass, ...]
    notes: tuple[Note, ...]


def open_own(source: RawSource, raw_root: Path, progress: Progress | None = None) -> OwnSource:
    """Open a source such that its reader gives every class of its own.

    Args:
        source: its `classes` are not looked at.
        raw_root: folder that it is below.
        progress: gets (label files, of) where all of them must be searched for classes.

    Raises:
        HobanError: the source is missing, empty or not readable.
    """
    bare = replace(source, classes={}, taxonomy=(), labelled_classes=None)
    notes: list[Note] = []
    if source.format == "yolo":
        reader: Any = _yolo(bare, raw_root, notes, progress)
    else:
        reader = READERS[source.format](bare, raw_root)
    classes = tuple(_classes(reader, source.format, progress))
    reader.use_own_classes(c.name for c in classes)
    return OwnSource(reader, reader, classes, tuple(notes))


def _classes(reader: Any, format_name: str, progress: Progress | None) -> Iterator[OwnClass]:
    if isinstance(reader, YoloReader):
        yield from (OwnClass(name) for name in dict.fromkeys(reader.names.values()))
    elif isinstance(reader, CocoReader):
        yield from (OwnClass(name, (kind,)) for name, kind in reader.categories.items())
    elif isinstance(reader, WiderPersonReader):
        yield from (OwnClass(code, (text,)) for code, text in WIDERPERSON_CLASSES.items())
    elif isinstance(reader, VocReader):
        yield from voc_names(reader, progress)
    elif format_name == "aihub":
        yield from aihub_codes(reader, progress)


@paused_collector()
def aihub_codes(listed: Listed, progress: Progress | None = None) -> list[OwnClass]:
    """Every class code in the labels of an AI Hub export, with the texts that stand beside it."""
    texts: dict[str, Counter[str]] = {}
    for data in _label_bytes(listed, progress):
        try:
            document = parse_json(data)
        except ValueError:
            continue  # the reader records it
        annotations = document.get("annotations") if isinstance(document, dict) else None
        for annotation in annotations if isinstance(annotations, list) else ():
            code = normal_code(annotation.get("class")) if isinstance(annotation, dict) else None
            if code is not None:
                said = (annotation.get(key) for key in AIHUB_TEXTS)
                text = " · ".join(str(value) for value in said if value not in (None, ""))
                texts.setdefault(code, Counter())[text] += 1
    return [
        OwnClass(code, tuple(text for text, _ in texts[code].most_common() if text))
        for code in sorted(texts)
    ]


@paused_collector()
def voc_names(listed: Listed, progress: Progress | None = None) -> list[OwnClass]:
    """Every class name in the labels of a Pascal VOC set."""
    names = set()
    for data in _label_bytes(listed, progress):
        try:
            names |= {nfc(each.name) for each in parse_voc(data).objects}
        except ValueError:
            continue  # the reader records it
    return [OwnClass(name) for name in sorted(names) if name]


def _yolo(
    source: RawSource, raw_root: Path, notes: list[Note], progress: Progress | None
) -> YoloReader:
    """Open a YOLO folder; where it has no names, the class numbers of its rows are the names."""
    reader = YoloReader(source, raw_root, names={})
    root = Path(reader.tree.root)
    files = reader.readable_name_files()
    if not files and part_of(root.name) and (root.parent / "data.yaml").is_file():
        remedy = "Inspect the folder above to see all parts of the source."
        notes.append(Note("Class names are from the data.yaml above this folder.", remedy))
        root, files = root.parent, ["data.yaml"]
    try:
        found = read_class_names(str(root), files)
        _note_names(root, found, notes)
        reader.use_names(found)
    except HobanError as error:
        text = "Classes are shown by number: {problem}."
        remedy = "Recipes need their names: {way_out}."
        facts: dict[str, object] = {"problem": error.problem, "way_out": error.way_out}
        notes.append(Note(text, remedy, facts))
        indices = {
            int(index)
            for data in _label_bytes(reader, progress)
            for line in text_lines(data) or ()
            if _INDEX.fullmatch(index := line.partition(" ")[0])
        }
        reader.names = {index: str(index) for index in sorted(indices)}
    return reader


def _note_names(root: Path, found: ClassNames, notes: list[Note]) -> None:
    """What is odd about the file of the names."""
    if found.file != "data.yaml":
        text = "Class names are from {file}."
        notes.append(Note(text, "Compare them with the labels.", {"file": found.file}))
    if found.are_numbers:
        text = "{file} says how many classes there are (nc), not what they are called."
        notes.append(Note(text, "Add their names to it.", {"file": found.file}))
    if found.contradiction is not None:
        facts: dict[str, object] = {"stated": found.announced, "count": len(found.names)}
        text = "data.yaml states {stated} classes (nc) and names {count}."
        notes.append(Note(text, "Find out which is right before you use a class by name.", facts))
    if found.disagreement is not None:
        text = "Two lists of class names differ: {problem}."
        remedy = "Find out which is right before you use a class by name."
        notes.append(Note(text, remedy, {"problem": found.disagreement}))
    try:
        decoded = decode(read_label(str(root / found.file)))
        document = yaml.safe_load(decoded.text) if decoded else None
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return  # its names were found nevertheless
    if not isinstance(document, dict):
        return
    train, val = document.get("train"), document.get("val")
    if isinstance(train, str) and train == val:
        text = "data.yaml validates on what it trains on: {path}."
        remedy = "Trust no result that was measured with it. The readers do not use these paths."
        notes.append(Note(text, remedy, {"path": train}))


def _label_bytes(listed: Listed, progress: Progress | None) -> Iterator[bytes]:
    """Content of every label file that can be read and lies inside the source."""
    of = len(listed.label_files)
    for done, path in enumerate(listed.label_files):
        if progress is not None and done % 100 == 0:
            progress(done, of)
        if path in listed.tree.outside_files:
            continue
        try:
            yield read_label(listed.tree.absolute(path))
        except OSError:
            continue  # the reader records it


def own_splits(listed: Listed, paths: Iterable[str]) -> list[tuple[str, ...]]:
    """Parts of its own split that each image is in: () where there is none, seldom two.

    WiderPerson has lists; elsewhere the folders tell: train, training, val2017 ...
    """
    if isinstance(listed, WiderPersonReader):
        return [
            tuple(part_of(name) or name for name in listed.lists.get(path, ())) for path in paths
        ]
    by_folder: dict[str, tuple[str, ...]] = {}
    out = []
    for path in paths:
        folder = path.rpartition("/")[0]
        if folder not in by_folder:
            found = next(filter(None, map(part_of, folder.split("/"))), None)
            by_folder[folder] = (found,) if found else ()
        out.append(by_folder[folder])
    return out
