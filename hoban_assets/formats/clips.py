r"""Which images of a source belong together by their names: clips, augmentation families, copies.

Groups decide one thing only: the split does not take them apart. A group too many costs balance, a
group too few lets val be learnt by heart. What a source's `clip_pattern` matches, it decides itself
(``^(?P<clip>.*)$``: every image is alone). Of other names the whole listing is judged once, so
that `sub` and `full` agree:

1. **Families.** What stands before ``.rf.`` (Roboflow), and copies: ``(1)``, ``copy``, ``복사본``,
   ``_flip``, ``_aug2``, ``_rot90`` ... at the end of a name, ``flip_``, ``aug_2_`` ... before
   it. Marks are taken off; images with the
   same rest, of which one has a mark, are a family. Where the name without marks is not there, more
   than `COPIES` are none: 'photo (1)' to 'photo (900)' is how Windows numbers a folder.
2. **Clips, surely.** A video's suffix within the name (``NAME_mp4-0007``, ``a.avi_12``): everything
   up to the suffix names the clip, however many frames it has.
3. **Clips, by word.** The name says a position (`positions`), and beside it stands a word for what
   moves (frame, cam, cctv, video, clip, 영상 ...), or the position is a time in a film
   (``walk_12s``). Of such names, every `STRETCH` numbers or seconds are a clip of their own: many
   videos are often counted through as one. Of names of digits only the folder's name counts
   (``cam1/000123``, ``walk.mp4/7``).
4. **Clips, by evidence.** Any other name with a number at its end is a clip where the text before
   it has letters, is none of a camera's or a phone's own (IMG, DSC ...), the numbers are dense (see
   `series.DENSE`; times of day are even), at least `FEWEST` images share it, and together they
   are at most `SHARE` of the source.
   Photographs that are numbered through (``helmet_0001`` to ``helmet_5000``) are more than that.

Never a clip: names of digits only (COCO) in other folders, dates and times, and hashes.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from hoban_assets.formats.clip_words import (
    ADDRESS,
    ALL_OF_IT,
    ANY_MARK,
    BEFORE,
    BRACKETS,
    COPY,
    COPY_BEFORE,
    FILM,
    HASH,
    MOVING_ENDS,
    NOT_SPECIFIC,
    ORIGINAL,
    STRUCTURE,
    SUFFIX,
    TOKEN,
    UPLOADED,
    VIDEO,
    WORDS,
)
from hoban_assets.formats.positions import Kind, numbered, position_of
from hoban_assets.formats.series import FEWEST, SHARE, is_dense, is_series

_DIGITS = "0123456789"
COPIES = 9
STRETCH = 1000


class _Name(NamedTuple):
    scope: str
    """Folders without those that only say which part it is; '' where the name travels."""
    base: str
    """Stem without marks of copies and augmentations."""
    marked: bool
    bracket: int | None
    """Number in brackets; `base` is without it."""
    travels: bool
    """Roboflow's names keep their meaning in other folders and sources."""


def groups_of(source: str, paths: Iterable[str], pattern: str | None = None) -> Mapping[str, str]:
    """Return the group of each path of a source; see the top of this module.

    Args:
        source: name of the source.
        paths: every image of it, below the source: a part of them would be judged otherwise.
        pattern: regular expression whose group ``clip`` names the video of a file stem. Stems
            that it does not match are grouped by family only.
    """
    names: dict[str, _Name] = {}
    groups: dict[str, str] = {}
    plain: dict[str, str] = {}
    for path in paths:
        stem = path.rpartition("/")[2].rpartition(".")[0]
        if pattern is not None and (match := re.search(pattern, stem)):
            groups[path] = f"clip:{match['clip']}"
        elif stem.isdecimal() and not _is_of_film(path.rpartition("/")[0]):  # most of COCO
            groups[path] = f"{source}/{path}"
            plain[path] = stem
        else:
            names[path] = _read(path)
    images = len(groups) + len(names)
    if copied := {name.base for name in names.values() if name.base.isdecimal()}:
        names |= {path: _read(path) for path, stem in plain.items() if stem in copied}
    families, clips = _families(names, images), _clips(names, images)
    for path, name in names.items():
        own = f"{source}/{path}"
        if name.travels:
            own = f"family:{path.rpartition('/')[2].partition('.rf.')[0]}"
        found = clips.get(path) or families.get(path)
        # One photograph of Roboflow lies in several sources, under one name.
        is_video = path in clips and VIDEO.match(name.base)
        where = "" if name.travels or is_video else f"{source}:"
        groups[path] = f"{where}{found}" if found else own
    return groups


class Proposal(NamedTuple):
    """A `clip_pattern` that numbered names would fit."""

    pattern: str
    images: int
    """Images of the largest series."""
    examples: list[str]


def proposed_pattern(paths: Iterable[str]) -> Proposal | None:
    """A `clip_pattern` for numbered names that were not taken for clips.

    None where no text before a number has at least `FEWEST` images with dense numbers: such a
    source has no clips by its names. Whether it shows video, only someone who looks can say.
    """
    series: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for path in paths:
        base = _read(path).base
        text, number, _ = numbered(base)
        if number is not None and is_specific(text) and not HASH.match(base):
            series[text].append((number, path.rpartition("/")[2]))
    dense = {k: v for k, v in series.items() if len(v) >= FEWEST and is_dense([n for n, _ in v])}
    if not dense:
        return None
    most = max(dense, key=lambda k: (len(dense[k]), k))
    mark = r"(?:_jpe?g|_png)?(?:\.rf\..*)?$"
    pattern = rf"^(?P<clip>.*?[^\d\s._-])[\s._-]*\d+{mark}"
    return Proposal(pattern, len(dense[most]), [name for _, name in sorted(dense[most])[:3]])


def _read(path: str) -> _Name:
    folder, _, name = path.rpartition("/")
    stem = name.rpartition(".")[0] or name
    if not stem.isascii():
        stem = unicodedata.normalize("NFC", stem)  # macOS takes Korean letters apart
    base, mark, _ = stem.partition(".rf.")
    base = ORIGINAL.sub("", UPLOADED.sub("", base))
    marked, bracket = False, None
    while ANY_MARK.search(base):
        if (match := COPY.search(base)) and match.start():
            base, marked = base[: match.start()], True
        elif bracket is None and (match := BRACKETS.search(base)) and match.start():
            base, bracket = base[: match.start()], int(match[1])
        elif match := COPY_BEFORE.search(base):
            base, marked = base[match.end() :], True
        else:
            break
    return _Name("" if mark else _scope(folder), base, marked, bracket, bool(mark))


@lru_cache(maxsize=1024)
def _scope(folder: str) -> str:
    return "/".join(p for p in folder.split("/") if p and not STRUCTURE.fullmatch(p))


@lru_cache(maxsize=1024)
def _is_of_film(folder: str) -> bool:
    """Whether a folder is called like what moves: its pictures may be numbers alone."""
    last = _scope(folder).rpartition("/")[2]
    return _says_film(unicodedata.normalize("NFC", last)) or FILM.search(last) is not None


def _says_film(text: str) -> bool:
    """Whether a word of it is one for what moves, or names a camera."""
    words = [word.lower() for word in TOKEN.findall(text)]
    if any(word in WORDS or word.endswith(MOVING_ENDS) for word in words):
        return True
    return text.lower() in ALL_OF_IT or ADDRESS.search(text) is not None


def _families(names: Mapping[str, _Name], images: int) -> dict[str, str]:
    """Path to family, of those that have one."""
    by_base: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path, name in names.items():
        by_base[name.scope, name.base].append(path)
    families: dict[str, str] = {}
    for (scope, base), members in by_base.items():
        copies = [m for m in members if names[m].marked or names[m].bracket is not None]
        if not copies or len(members) < 2:
            continue
        if len(copies) < len(members) or len(copies) <= max(COPIES, SHARE * images):
            families |= dict.fromkeys(members, _named("family", scope, base))
            continue
        numbered: dict[int | None, list[str]] = defaultdict(list)  # a folder, numbered through
        for member in members:
            numbered[names[member].bracket].append(member)
        for number, same in numbered.items():
            if number is not None and len(same) > 1:
                families |= dict.fromkeys(same, _named("family", scope, f"{base} ({number})"))
    return families


def _clips(names: Mapping[str, _Name], images: int) -> dict[str, str]:
    """Path to clip, of those that are frames of one by rules 2 to 4."""
    clips: dict[str, str] = {}
    series: dict[tuple[str, str, bool, Kind], list[tuple[int, str]]] = defaultdict(list)
    alone: list[str] = []
    for path, name in names.items():
        if SUFFIX.search(name.base) and (match := VIDEO.match(name.base)):
            clips[path] = f"clip:{match[1]}"
            continue
        text, number, kind = position_of(name.base)
        if number is None:
            alone.append(path)
        elif not HASH.match(name.base):
            series[name.scope, text, name.travels, kind].append((number, path))
    for (scope, text, _, kind), members in series.items():
        clip = _named("clip", scope, text)
        is_time = kind is Kind.TIME and (is_specific(text) or not TOKEN.search(text))
        if is_time or _says_film(text) or (not text and _is_of_film(scope)):
            clips |= {path: f"{clip}/{number // STRETCH}" for number, path in members}
        elif is_specific(text) and is_series([n for n, _ in members], images, kind):
            clips |= {path: clip for _, path in members}
        if len(members) == 1:
            alone.append(members[0][1])
    return clips | _numbered_before(names, alone)


def _numbered_before(names: Mapping[str, _Name], paths: Iterable[str]) -> dict[str, str]:
    """Path to clip, of those whose number stands before the word: ``00012_cam2``."""
    series: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    for path in paths:
        match = BEFORE.match(names[path].base)
        if match and _says_film(match[2]):
            series[names[path].scope, match[2]].append((int(match[1]), path))
    return {
        path: f"{_named('clip', scope, text)}/{number // STRETCH}"
        for (scope, text), members in series.items()
        for number, path in members
        if len(members) > 1
    }


def _named(kind: str, scope: str, name: str) -> str:
    return f"{kind}:{scope}/{name}" if scope else f"{kind}:{name}"


@lru_cache(maxsize=1024)
def is_specific(text: str) -> bool:
    """Whether the text before a number says more than that it is a photograph."""
    return bool({word.lower() for word in TOKEN.findall(text)} - NOT_SPECIFIC)


def without_marks(stem: str) -> str:
    """Return a file stem without what marks it as a copy or an augmentation."""
    return _read(f"{stem}.").base


def text_before_number(stem: str) -> str | None:
    """What stands before the number that ends `without_marks(stem)`; None where none ends it.

    Frames of a clip differ in that number only: what stands before it is read once.
    """
    text = stem.rstrip(_DIGITS)
    found = None if text == stem else _with_any_number(text)
    base = without_marks(stem) if found is None else found
    before = base.rstrip(_DIGITS)
    return None if before == base else before


@lru_cache(maxsize=1024)
def _with_any_number(text: str) -> str | None:
    """`without_marks` of `text` and a number; None where it may be part of a mark: _rot90."""
    return None if ANY_MARK.search(text) else without_marks(f"{text}0")
