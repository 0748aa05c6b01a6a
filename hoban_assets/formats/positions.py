"""Where in a film a name says that its picture was taken: frame number, time, timecode or clock.

Programs that take frames out of films, and cameras that take series, write it in their own ways:
``walk_12``, ``walk_1.5s``, ``현장_1분12초``, ``site_00_01_12`` (hours, minutes, seconds),
``gate_frame_12_of_300``, ``[site][0012]``, ``vlcsnap-2023-05-11-14h05m12s345``.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

DIGITS = "0123456789"
_LONGEST = 12
_SEPARATORS = " \t._-"


class Kind(Enum):
    """What a position is, as far as the name tells."""

    NUMBER = 0
    """Any number at the end: a frame, or one of many photographs."""
    TIME = 1
    """Time within a film, or a picture of one burst: nothing else is called so."""
    CLOCK = 2
    """Date and time of day: of a grabbed frame, or of a photograph."""


class Position(NamedTuple):
    """A name taken apart."""

    text: str
    """What stands before the position: the film, and with a clock its day."""
    number: int | None
    """Frame, seconds of the film or seconds of the day; None where the name has no position."""
    kind: Kind = Kind.NUMBER


_TIME = re.compile(
    r"(?<!\d)(?:(\d{1,2})\s?(?:h|시간)[\s._-]?)?(?:(\d{1,3})\s?(?:m|min|분)[\s._-]?)?"
    r"(?:(\d{1,6})(?:[.,]\d{1,3})?\s?(?:s|secs?|seconds?|초)|(\d{1,9})\s?(?:ms|msec|밀리초)"
    r"|(\d{1,7})\s?(?:프레임|frames?)|(?<=분)|(?<=min))$",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"(?<!\d)((?:19|20)\d\d[-_.]?(?:0[1-9]|1[0-2])[-_.]?(?:0[1-9]|[12]\d|3[01]))[\sT._-]{0,3}"
    r"([01]\d|2[0-3])[h시._:-]?([0-5]\d)[m분._:-]?([0-5]\d)(?:[s초]?\.?(\d{3})?|[s초])$",
    re.IGNORECASE,
)
_SERIES = re.compile(r"^(?:19|20)\d{6}_\d{6}(?=_\d{1,3}$)|burst_?\d{14,20}(?=\D|$)", re.IGNORECASE)
_STILL = re.compile(r"(?<=\d)\.still\d+$", re.IGNORECASE)
_TIMECODE = re.compile(r"(?<!\d)00?[_:;.-]([0-5]\d)[_:;.-]([0-5]\d)(?:[_:;.,-]\d{2,3})?$")
_FRAME = re.compile(r"((?:^|[\W_])(?:frame|frm|프레임))[\W_]*(\d{1,12})(?=\D)", re.IGNORECASE)
_GLUED = re.compile(r"(?:^|[\W_])(?:f\d{3,12}|fr\d{1,12})$", re.IGNORECASE)
_OTHER_END = re.compile(r"\[(\d{1,12})\]$|(?<=[\s_-])(\d{1,12})번$")
_DECIMAL = re.compile(r"(?<![\d.])(\d{1,6})\.(\d{1,3})$")


def position_of(base: str) -> Position:
    """Take the stem of a name apart, without marks of copies."""
    if "till" in base:
        base = _STILL.sub("", base)
    if match := _SERIES.search(base):
        return Position(match[0], 0, Kind.TIME)
    if ("ram" in base or "RAM" in base or "프레임" in base) and (match := _FRAME.search(base)):
        return Position(f"{base[: match.start()]}{match[1]}", int(match[2]))
    if base[-1:] not in DIGITS:
        return _ended_otherwise(base)
    plain = numbered(base)
    may_be_timecode = base[-3:-2] in "_:;.-" or base[-4:-3] in "_:;.,-"
    if may_be_timecode and (match := _TIMECODE.search(base)):
        text = base[: match.start()].rstrip(_SEPARATORS)
        return Position(text, 60 * int(match[1]) + int(match[2]))
    if ("20" in base or "19" in base) and (match := _CLOCK.search(base)):
        return _at_clock(base, match)
    if plain.text[-1:] in {"f", "F", "r", "R"} and (match := _GLUED.search(base)):
        return Position(f"{base[: match.start()]} frame", plain.number)
    if plain.text[-1:] in DIGITS and (match := _DECIMAL.search(base)):
        return Position(base[: match.start()].rstrip(_SEPARATORS), int(match[1] + match[2]))
    return plain


def numbered(base: str) -> Position:
    """Text before the number at the end of a name, and the number."""
    text = base.rstrip(DIGITS)
    digits = base[len(text) :]
    number = int(digits) if 0 < len(digits) <= _LONGEST else None
    return Position(text.rstrip(_SEPARATORS), number)


def _ended_otherwise(base: str) -> Position:
    if (match := _TIME.search(base)) and match[0]:
        hours, minutes, seconds, thousandths, frame = (int(each or 0) for each in match.groups())
        total = (60 * hours + minutes) * 60 + seconds + thousandths // 1000 + frame
        return Position(base[: match.start()].rstrip(_SEPARATORS), total, Kind.TIME)
    if match := _OTHER_END.search(base):
        return Position(base[: match.start()].rstrip(_SEPARATORS), int(match[1] or match[2]))
    if match := _CLOCK.search(base):
        return _at_clock(base, match)
    return Position(base, None)


def _at_clock(base: str, match: re.Match[str]) -> Position:
    hours, minutes, seconds = (int(match[each]) for each in (2, 3, 4))
    text = base[: match.end(1)]
    return Position(text, (60 * hours + minutes) * 60 + seconds, Kind.CLOCK)
