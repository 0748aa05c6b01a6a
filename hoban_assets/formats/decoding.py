"""Bytes of a label to text, whatever wrote them; the locale of this machine decides nothing.

Korean Windows tools write cp949 (EUC-KR is part of it), Notepad and Excel UTF-16 or UTF-8 with a
mark at the start. UTF-8 is tried first: text that is valid UTF-8 by chance, and is not, does not
occur with more than a few Hangul syllables.
"""

from __future__ import annotations

import codecs
import errno
import json
import os
import re
import stat
import sys
from typing import Any, NamedTuple

import orjson

_READ_SIZE = 1 << 16
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
UTF8 = "utf-8"
_GIVEN_ONCE = {
    key: f'"{key}"'.encode() for key in ("annotations", "images", "categories", "image", "shapes")
}
"""Keys that hold labels or name their image, once in a file: cheap to count before all is asked."""
_GIVEN_ONCE_A_ROW = {
    rows: {key: f'"{key}"'.encode() for key in keys}
    for rows, keys in (
        ("annotations", ("class", "box", "bbox", "category_id", "image_id")),
        ("images", ("file_name",)),
    )
}
"""List of a file -> keys that say what a row is and where it lies, once in each."""
LARGEST_LABEL = 1 << 25
"""Bytes of the label of one image, or of class names, above which it is something else: 32 MiB are
a million rows. Labels of many images (COCO) are larger, and not meant."""

_HALF = re.compile(
    r"((?<!\\)(?:\\\\)*)"
    r"(\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F]..)"
)
"""Half of a character (a surrogate without the other one), which is no text: it cannot be stored or
shown. Its escape is kept as the six letters that it is."""


_LARGE = 1 << 16
"""Bytes from which on counting all pairs of a JSON at once is faster than counting key by key."""


class GivenTwiceError(ValueError):
    """A key of a JSON object stands there twice, with two values."""


class Decoded(NamedTuple):
    """A text, and the encoding that it was read as."""

    text: str
    encoding: str


def decode(data: bytes) -> Decoded | None:
    """Decode the content of a label file; None where it is no text in any encoding in use here."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _tried(data, encoding)
    found = _tried(data.removeprefix(codecs.BOM_UTF8), UTF8)
    if found is not None and "\0" not in found.text:
        return found
    if b"\0" in data:  # no text of one byte a letter; UTF-16 without a mark has a zero every other
        little = data[1::2].count(0) >= data[::2].count(0)
        return _tried(data, "utf-16-le" if little else "utf-16-be") if len(data) % 2 == 0 else None
    return _tried(data, "cp949")


def _tried(data: bytes, encoding: str) -> Decoded | None:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    if encoding != UTF8 and "\0" in text:
        return None
    return Decoded(text, encoding)


def foreign_encoding(data: bytes) -> str | None:
    """Encoding of a text that is no UTF-8 and can be read nevertheless, else None."""
    try:
        if "\0" not in data.decode():
            return None
    except UnicodeDecodeError:
        pass
    found = decode(data)
    return None if found is None or found.encoding == UTF8 or not found.text else found.encoding


def text_lines(data: bytes) -> list[str] | None:
    """Lines of a text label; None where it is no text."""
    found = decode(data)
    return None if found is None or "\0" in found.text else found.text.splitlines()


def parse_json(data: bytes) -> object:
    """Parse JSON; what orjson refuses but Python writes (NaN, a byte order mark) is accepted.

    Raises:
        ValueError: it is no JSON text, or gives a list of labels twice.
    """
    try:
        return _plain_json(data)
    except orjson.JSONDecodeError as error:
        found = decode(data)
        if found is None:
            raise ValueError("neither UTF-8 nor cp949 (EUC-KR) nor UTF-16 text") from error
        try:
            has_escapes = "\\ud" in found.text or "\\uD" in found.text
            text = _HALF.sub(r"\1\\\2", found.text) if has_escapes else found.text
            return json.loads(text, object_pairs_hook=_once)
        except GivenTwiceError:
            raise
        except (ValueError, RecursionError):
            raise ValueError(str(error)) from error


def _plain_json(data: bytes) -> object:
    document = orjson.loads(data)
    if type(document) is dict and _may_say_twice(data, document):
        json.loads(data, object_pairs_hook=_once)
    return document


def _may_say_twice(data: bytes, document: dict[str, object]) -> bool:
    """Whether keys stand more often in the text than in what was parsed: some may be elsewhere."""
    colons = data.count(b":")
    if colons == _pairs(document):  # a colon each, so none was lost
        return False
    if len(data) > _LARGE and b"\\" not in data and colons == _colons(document):
        return False
    for key in document:
        if key in _GIVEN_ONCE and data.count(_GIVEN_ONCE[key]) > 1:
            return True
    for of, keys in _GIVEN_ONCE_A_ROW.items():
        rows = document.get(of)
        if not isinstance(rows, list):
            continue
        objects = [row for row in rows if type(row) is dict]
        for key, text in keys.items():
            there = data.count(text)
            if there > 1 and 0 < len([1 for row in objects if key in row]) < there:
                return True
    return False


def _pairs(document: dict[str, Any]) -> int:
    """Pairs of an object, of objects in it and in its lists; what lies deeper is not counted."""
    count = len(document)
    for value in document.values():
        if type(value) is dict:
            count += len(value)
        elif type(value) is list:
            count += sum([len(row) for row in value if type(row) is dict])
    return count


def _colons(found: dict[str, Any]) -> int:
    """Colons of an object's text where nothing was escaped, at the most: a pair each, and in texts.

    A key that is given twice has one more than that. What lies in lists of anything but objects is
    not counted, as polygons are long.
    """
    count = len(found)
    for value in found.values():
        kind = type(value)
        if kind is int or kind is float:  # most of a large file: passed over first
            continue
        if kind is str:
            count += value.count(":")
        elif kind is dict:
            count += _colons(value)
        elif kind is list and value and type(value[0]) is dict:
            for row in value:
                if type(row) is dict:
                    count += _colons(row)
    return count


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """One object of a JSON.

    Raises:
        GivenTwiceError: one key has two values. Parsers take the last one, which loses the labels
            of the first: nobody knows which is meant.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        for key, value in pairs:
            if found[key] != value:
                raise GivenTwiceError(f"it gives {key!r} twice, and not the same")
    return found


def read_json(path: str) -> tuple[object, str | None]:
    """Parse the JSON in a file; also its encoding where that is not UTF-8.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no JSON text, or gives a list of labels twice.
    """
    data = read_bytes(path)
    try:
        return _plain_json(data), None
    except orjson.JSONDecodeError:
        return parse_json(data), foreign_encoding(data)


def open_regular(path: str) -> int:
    """Open a regular file for reading and return its descriptor; never waits for a writer.

    Raises:
        OSError: it cannot be opened, or is a pipe, a socket or a device.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "no regular file", path)
    return descriptor


def read_bytes(path: str) -> bytes:
    """Content of a small file, with as few system calls as there can be.

    Raises:
        OSError: it cannot be read, or is no regular file.
    """
    return _content(path, sys.maxsize)


def read_label(path: str) -> bytes:
    """Content of the label of one image; as `read_bytes`, but never more than `LARGEST_LABEL`.

    Raises:
        OSError: it cannot be read, is no regular file, or is larger.
    """
    return _content(path, LARGEST_LABEL)


def _content(path: str, most: int) -> bytes:
    descriptor = open_regular(path)
    try:
        data = os.read(descriptor, _READ_SIZE)
        size = len(data)
        if size == _READ_SIZE:
            parts = [data]
            while size <= most and (part := os.read(descriptor, 1 << 24)):
                parts.append(part)
                size += len(part)
            data = b"".join(parts)
    finally:
        os.close(descriptor)
    if size > most:
        text = f"larger than {most >> 20} MiB, so no label of one image"
        raise OSError(errno.EFBIG, text, path)
    return data


def read_head(path: str, most: int = _READ_SIZE) -> bytes:
    """The first bytes of a regular file; b'' where it cannot be read."""
    try:
        descriptor = open_regular(path)
    except OSError:
        return b""
    try:
        return os.read(descriptor, most)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
