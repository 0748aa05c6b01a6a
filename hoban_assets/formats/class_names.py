"""Class names of a YOLO folder: data.yaml, its variants, or the lists that labelling tools leave.

Only names are wanted. Whatever else the file says (paths of the machine that wrote it, in quotes
that YAML does not allow) never costs a source. The text is looked at as a tree of nodes and never
built into objects, so nothing in it can be run, and aliases do not multiply.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import yaml

from hoban_assets.errors import HobanError
from hoban_assets.formats.decoding import decode, read_label
from hoban_assets.formats.naming import alike, join, nfc, spelled
from hoban_assets.suffixes import suffix_of

YAML_FILES = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")
"""Names of the file that describes a YOLO set, the usual one first."""
LIST_FILES = frozenset(
    {"classes.txt", "obj.names", "_darknet.labels", "class.txt", "classes.names"}
)
"""One name a line: what labelImg, CVAT and darknet write."""
_WAY_OUT = "put a file there with the line  names: [first class, second class]"
_NAMES_BLOCK = re.compile(r"^names[ \t]*:.*(?:\n(?:[ \t\-\]}#].*|\s*$))*", re.MULTILINE)
_SHAPE_LINE = re.compile(r"^kpt_shape[ \t]*:([^#\n]*)", re.MULTILINE)
_INDEX = re.compile(r"\d{1,6}", re.ASCII)
_MOST_NAMES = 100_000


@dataclass(frozen=True)
class ClassNames:
    """Names by class index, and where they are from."""

    names: dict[int, str]
    file: str
    """Below the source."""
    encoding: str
    are_numbers: bool = False
    """The file only says how many there are (nc): each is called by its number."""
    announced: int | None = None
    """How many classes the file that describes the set says that there are (nc)."""

    disagreement: str | None = None
    """Which other list of names calls a class something else."""

    @property
    def contradiction(self) -> str | None:
        """What is wrong where another number of classes is announced than is named."""
        fits = {len(self.names), max(self.names, default=-1) + 1}
        if self.announced is None or self.announced in fits:
            return None
        return f"{self.announced} classes are announced (nc), {len(self.names)} are named"


def name_files(folders: dict[str, list[str]]) -> list[str]:
    """Files of a listing that may hold the class names, the most usual one first."""
    top = folders.get("", [])
    by_lower = {name.lower(): name for name in top}
    usual = [by_lower[name] for name in YAML_FILES if name in by_lower]
    others = [n for n in top if suffix_of(n) in {"yaml", "yml"} and n not in usual and n[0] != "."]
    lists = [
        join(folder, name)
        for folder, names in folders.items()
        for name in names
        if name.lower() in LIST_FILES
    ]
    return [*usual, *others, *sorted(lists, key=lambda path: (path.count("/"), path))]


def read_class_names(root: str, files: Iterable[str]) -> ClassNames:
    """Read the names from the first of `files` (see `name_files`) that has any.

    Raises:
        HobanError: none has; the file cannot be read; two files of equal rank, or one index in
            one file, have different names; two names look the same.
    """
    files = list(files)
    usual = [file for file in files if file.lower() in YAML_FILES]
    rest = [file for file in files if file not in usual]
    numbers: ClassNames | None = None
    for file in usual:
        found = _read(root, file)
        if found is not None and not found.are_numbers:
            return _compared(root, _counted_by(found, numbers), rest)
        numbers = numbers or found
    found_all = [found for file in rest if (found := _read(root, file, is_usual=False)) is not None]
    named = [found for found in found_all if not found.are_numbers]
    for other in named[1:]:
        if other.names != named[0].names:
            raise HobanError(
                f"{root}: {named[0].file} and {other.file} name different classes",
                "keep the right one as data.yaml",
            )
    numbers = numbers or next(iter(found_all), None)
    if named:
        return _counted_by(named[0], numbers)
    if numbers is not None:
        return numbers
    if usual:
        raise HobanError(f"{root}/{usual[0]} has no names", _WAY_OUT)
    raise HobanError(f"{root}/data.yaml does not exist", _WAY_OUT)


def _compared(root: str, found: ClassNames, files: Iterable[str]) -> ClassNames:
    """Names of data.yaml, and which other list calls one of the classes something else."""
    for file in files:
        try:
            other = _read(root, file, is_usual=False)
        except HobanError:
            continue
        if other is None or other.are_numbers:
            continue
        for index, name in other.names.items():
            if found.names.get(index, name) != name:
                text = f"{file} calls class {index} {name!r}, {found.file} {found.names[index]!r}"
                return replace(found, disagreement=text)
    return found


def _counted_by(found: ClassNames, other: ClassNames | None) -> ClassNames:
    """Names of a file that does not count them, with the number in another that names none."""
    if found.announced is not None or other is None:
        return found
    return replace(found, announced=other.announced)


def read_keypoints(root: str, files: Iterable[str]) -> int:
    """Numbers of the keypoints behind each box, from ``kpt_shape`` in data.yaml; 0 without it.

    Raises:
        HobanError: it is not the number of keypoints and 2 or 3 numbers for each.
    """
    for file in files:
        if suffix_of(file) not in {"yaml", "yml"}:
            continue
        decoded = None
        try:
            decoded = decode(read_label(f"{root}/{file}"))
            node = _compose(decoded.text) if decoded else None
        except (OSError, ValueError, RecursionError, yaml.YAMLError):
            node = None
            line = _SHAPE_LINE.search(decoded.text) if decoded else None
            said = line[1] if line else None
        else:
            said = _shape_in(node)
        if said is None:
            continue
        parts = re.findall(r"[^\s,\[\]]+", said)
        if len(parts) == 2 and _INDEX.fullmatch(parts[0]) and parts[1] in {"2", "3"}:
            return int(parts[0]) * int(parts[1])
        raise HobanError(
            f"{root}/{file}: kpt_shape {said.strip()!r} is not a number of keypoints and 2 or 3",
            "write  kpt_shape: [17, 3]  with the numbers of this set, or take the line out where "
            "the rows are boxes or polygons",
        )
    return 0


def _shape_in(node: yaml.Node | None) -> str | None:
    """Value of ``kpt_shape`` as text; None where it is not there."""
    if not isinstance(node, yaml.MappingNode):
        return None
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value == "kpt_shape":
            items = value.value if isinstance(value, yaml.SequenceNode) else [value]
            return " ".join(str(item.value) for item in items[:9])
    return None


def _read(root: str, file: str, *, is_usual: bool = True) -> ClassNames | None:
    path = f"{root}/{file}"
    try:
        decoded = decode(read_label(path))
    except OSError as error:
        raise HobanError(f"{path} cannot be read: {error.strerror}", _WAY_OUT) from None
    if decoded is None:
        if not is_usual:
            return None
        raise HobanError(
            f"{path} is neither UTF-8 nor cp949 (EUC-KR) text", f"save it as UTF-8, or {_WAY_OUT}"
        )
    text, encoding = decoded
    if suffix_of(file) not in {"yaml", "yml"}:
        lines = [line.strip() for line in text.splitlines()]
        return ClassNames(_checked(path, [line for line in lines if line]), file, encoding)
    try:
        names, count = _in_yaml(path, text)
    except HobanError:
        if is_usual:
            raise
        return None
    if names:
        return ClassNames(_checked(path, names), file, encoding, announced=count)
    if count:
        by_number = {index: str(index) for index in range(count)}
        return ClassNames(by_number, file, encoding, are_numbers=True, announced=count)
    return None


def _in_yaml(path: str, text: str) -> tuple[list[str] | dict[int, str], int | None]:
    """Names and `nc` of a YAML text; ([], None) where it has neither."""
    try:
        node = _compose(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        block = _NAMES_BLOCK.search(text)
        try:
            node = _compose(block[0]) if block else None
        except (yaml.YAMLError, RecursionError, ValueError):
            node = None
        if node is None:
            said = " ".join(str(error).split())[:300]
            raise HobanError(f"{path} cannot be read: {said}", _WAY_OUT) from None
    if not isinstance(node, yaml.MappingNode):
        return [], None
    pairs = [(key.value, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)]
    for key in ("names", "nc"):
        if len({yaml.serialize(value) for name, value in pairs if name == key}) > 1:
            raise HobanError(
                f"{path} gives {key} twice, and not the same",
                "find out which is right and take the other one out",
            )
    values = dict(pairs)
    count = values.get("nc")
    is_count = isinstance(count, yaml.ScalarNode) and _INDEX.fullmatch(count.value)
    return _names_of(path, values.get("names")), int(count.value) if is_count and count else None


def _compose(text: str) -> yaml.Node | None:
    return yaml.compose(text, yaml.BaseLoader)


def _names_of(path: str, node: yaml.Node | None) -> list[str] | dict[int, str]:
    if isinstance(node, yaml.SequenceNode):
        if all(isinstance(each, yaml.ScalarNode) for each in node.value[:_MOST_NAMES]):
            return [each.value for each in node.value[:_MOST_NAMES]]
    elif isinstance(node, yaml.MappingNode):
        pairs = [
            (key.value, value.value)
            for key, value in node.value[:_MOST_NAMES]
            if isinstance(key, yaml.ScalarNode) and isinstance(value, yaml.ScalarNode)
        ]
        if len(pairs) == len(node.value):
            if all(_INDEX.fullmatch(value) for _, value in pairs) and not all(
                _INDEX.fullmatch(key) for key, _ in pairs
            ):
                pairs = [(value, key) for key, value in pairs]  # name: index, the other way round
            if all(_INDEX.fullmatch(key) for key, _ in pairs):
                return _by_index(path, pairs)
    return []


def _by_index(path: str, pairs: Iterable[tuple[str, str]]) -> dict[int, str]:
    names: dict[int, str] = {}
    for key, name in pairs:
        if names.setdefault(int(key), name) != name:
            raise HobanError(
                f"{path} gives class {int(key)} two names: {names[int(key)]!r} and {name!r}",
                "find out which is right and take the other one out",
            )
    return names


def _checked(path: str, names: list[str] | dict[int, str]) -> dict[int, str]:
    """Names by index, composed (NFC)."""
    by_index = names if isinstance(names, dict) else dict(enumerate(names))
    for group in alike(dict.fromkeys(by_index.values())):
        raise HobanError(
            f"{path} has class names that look the same: {' / '.join(map(spelled, group))}",
            "write the name in one form, or give the classes different names",
        )
    return {index: nfc(name) for index, name in by_index.items()}
