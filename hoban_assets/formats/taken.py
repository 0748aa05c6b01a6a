"""Which camera took a photograph and on which day, as its path tells; no file is opened."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

_DAY = r"(?P<day>(?:19|20)\d{2}[-_.]?[01]\d[-_.]?[0-3]\d)"
_CAMERA = r"(?P<camera>(?:cam(?:era)?|ch|cctv|ipc?)[-_ ]?\d+|카메라[-_ ]?\d+)"
FOLDERS = r"^(?P<camera>[^/]+)/(?P<day>[^/]+)/"
USUAL = (
    rf"(?i)(?<![^\W\d_]){_CAMERA}(?!\d).*?(?<!\d){_DAY}(?!\d)",
    rf"(?i)(?<!\d){_DAY}(?!\d).*?(?<![^\W\d_]){_CAMERA}(?!\d)",
    FOLDERS,
    rf"(?i)(?<![^\W\d_]){_CAMERA}(?!\d)",
    rf"(?<!\d){_DAY}(?!\d)",
)
"""How cameras and days are named mostly; the first that fits most is proposed."""
MOST = 0.5
"""Share of the paths that a pattern must fit to be proposed."""


class Taken(NamedTuple):
    """'' is not known."""

    camera: str = ""
    day: str = ""


def taken_of(path: str, pattern: str | None) -> Taken:
    """What `pattern` (groups ``camera``, ``day``, or one of them) finds in a path."""
    found = re.search(pattern, path) if pattern else None
    named = found.groupdict() if found else {}
    return Taken(*(named.get(name) or "" for name in Taken._fields))


def with_taken(source: str, groups: Mapping[str, str], pattern: str) -> dict[str, str]:
    """Put photographs of one camera and day in one group, where names say no clip or family.

    Args:
        source: name of the source.
        groups: path -> group, as `clips.groups_of` returns.
        pattern: see `taken_of`.
    """
    result = dict(groups)
    for path, group in groups.items():
        taken = taken_of(path, pattern)
        if group == f"{source}/{path}" and any(taken):
            result[path] = f"{source}:taken:{taken.camera}/{taken.day}"
    return result


def proposed_pattern(paths: Sequence[str]) -> str | None:
    """The usual pattern that fits these paths; None where none fits half of them.

    A pattern of both comes before one of a camera or a day alone. Folders count as camera and day
    where at least two photographs lie in one of them.
    """
    for pattern in USUAL:
        found = [taken_of(path, pattern) for path in paths]
        fits = sum(map(any, found)) > MOST * len(paths)
        if fits and (pattern != FOLDERS or _repeats(found)):
            return pattern
    return None


def _repeats(found: Iterable[Taken]) -> bool:
    return max(Counter(each for each in found if any(each)).values(), default=0) > 1
