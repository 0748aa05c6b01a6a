r"""Which images of a source belong together by their names: clips, augmentation families, copies.

Groups decide one thing only: the split does not take them apart. A group too many costs balance, a
group too few lets val be learnt by heart. What a source's `clip_pattern` matches, it decides itself
(``^(?P<clip>.*)$``: every image is alone). Of other names the whole listing is judged once, so
that `sub` and `full` agree:

1. **Families.** What stands before ``.rf.`` (Roboflow), and copies: ``(1)``, ``copy``, ``복사본``,
   ``_flip``, ``_aug2``, ``_rot90`` ... at the end of a name. Marks are taken off; images with the
   same rest, of which one has a mark, are a family. Where the name without marks is not there, more
   than `COPIES` are none: 'photo (1)' to 'photo (900)' is how Windows numbers a folder.
2. **Clips, surely.** A video's suffix within the name (``NAME_mp4-0007``, ``a.avi_12``): everything
   up to the suffix names the clip, however many frames it has.
3. **Clips, by word.** The name ends with a number, and before it stands a word for moving pictures
   (frame, cam, cctv, video, clip, 영상 ...). Of such names, every `STRETCH` numbers are a clip of
   their own: many videos are often counted through as one.
4. **Clips, by evidence.** Any other name with a number at its end is a clip where the text before
   it has letters, is none of a camera's or a phone's own (IMG, DSC ...), the numbers are dense (see
   `DENSE`), at least `FEWEST` images share it, and together they are at most `SHARE` of the source.
   Photographs that are numbered through (``helmet_0001`` to ``helmet_5000``) are more than that.

Never a clip: names of digits only (COCO), dates and times, and hashes.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

COPIES = 9
STRETCH = 1000
FEWEST, SHARE = 3, 0.05
_LONGEST = 12
DENSE = 0.25
"""Of the numbers from the first to the last, at least so many are there, or they go in steps."""

_ORIGINAL = re.compile(r"[_.-](?:jpe?g|png|bmp|webp|tiff?)$", re.IGNORECASE)
_BRACKETS = re.compile(r"\s*\((\d{1,4})\)$")
_COPY = re.compile(
    r"(?:\s*-\s*복사본|[\s_-]+(?:복사본|사본|copy|copia|kopie)|\s+-\s+copy)(?:[\s_-]*\(?\d{1,3}\)?)?$"
    r"|[\s_.-]+(?:[hv]?flip(?:ped)?(?:[_-]?(?:[hvxy]|lr|ud))?|mirror(?:ed)?|rot(?:ate[d]?)?[_-]?\d{0,3}"
    r"|aug(?:mented|mentation)?|bright(?:ness|er)?|dark(?:er)?|blur(?:red)?|noise|noisy|crop(?:ped)?"
    r"|gr[ae]y(?:scale)?|hsv|contrast|mosaic)(?:[_-]?\d{1,4})?$",
    re.IGNORECASE,
)
_VIDEO = re.compile(
    r"^(.*?[A-Za-z0-9가-힣)\]][._ -](?:mp4|avi|mov|mkv|wmv|webm|m4v|mpe?g|flv|3gp|mts|ts))"
    r"(?=[._ -]).*\d",
    re.IGNORECASE,
)
_SUFFIX = re.compile(r"[._ -](?:mp4|avi|mov|mkv|wmv|webm|m4v|mpe?g|flv|3gp|mts|ts)[._ -]", re.I)
_ANY_MARK = re.compile(
    r"\(|cop[yi]|kopie|본|flip|mirr|rot|aug|bright|dark|blur|nois|crop|gr[ae]y|hsv|contr|mosa", re.I
)
"""Quick looks that spare most names the exact ones."""
_DIGITS = "0123456789"
_MOVING = """
frame frames frm cam camera cctv ipcam webcam video vid clip seq sequence stream
프레임 카메라 캠 영상 비디오 동영상 클립
"""
_ANY_PHOTOGRAPH = """
img image images dsc dscn dscf dscnn dji pic pict picture photo photos p pxl mvimg gopr gh sam wp
win screenshot kakaotalk whatsapp scan sdc cimg imag 사진 이미지 그림 캡처 스크린샷 화면
"""
_WORDS, _NOT_SPECIFIC = frozenset(_MOVING.split()), frozenset(_ANY_PHOTOGRAPH.split())
_TOKEN = re.compile(r"[^\W\d_]+")
_STRUCTURE = re.compile(
    r"(?:train|training|val|valid|validation|test|images?|labels?|jpegimages|img|imgs|raw|data"
    r"|(?:train|val|test)\d{4}|원천데이터|라벨링데이터|[tv][sl](?:_.*)?|\d\.\s?(?:training|validation))",
    re.IGNORECASE,
)
_HASH = re.compile(r"^[0-9a-f]{12,}$", re.IGNORECASE)


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
        elif stem.isdecimal():  # spares the rest for most of COCO
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
        is_video = path in clips and _VIDEO.match(name.base)
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
    numbered: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for path in paths:
        base = _read(path).base
        text, number = _numbered(base)
        if number is not None and is_specific(text) and not _HASH.match(base):
            numbered[text].append((number, path.rpartition("/")[2]))
    dense = {k: v for k, v in numbered.items() if len(v) >= FEWEST and _is_dense([n for n, _ in v])}
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
    base = _ORIGINAL.sub("", base)
    marked, bracket = False, None
    while _ANY_MARK.search(base):
        if (match := _COPY.search(base)) and match.start():
            base, marked = base[: match.start()], True
        elif bracket is None and (match := _BRACKETS.search(base)) and match.start():
            base, bracket = base[: match.start()], int(match[1])
        else:
            break
    return _Name("" if mark else _scope(folder), base, marked, bracket, bool(mark))


@lru_cache(maxsize=1024)
def _scope(folder: str) -> str:
    return "/".join(p for p in folder.split("/") if p and not _STRUCTURE.fullmatch(p))


def _numbered(base: str) -> tuple[str, int | None]:
    """Text before the number at the end of a name, and the number."""
    text = base.rstrip(_DIGITS)
    digits = base[len(text) :]
    return text.rstrip(" \t._-"), int(digits) if 0 < len(digits) <= _LONGEST else None


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
    numbered: dict[tuple[str, str, bool], list[tuple[int, str]]] = defaultdict(list)
    for path, name in names.items():
        if _SUFFIX.search(name.base) and (match := _VIDEO.match(name.base)):
            clips[path] = f"clip:{match[1]}"
            continue
        text, number = _numbered(name.base)
        if number is not None and not _HASH.match(name.base):
            numbered[name.scope, text, name.travels].append((number, path))
    for (scope, text, _), members in numbered.items():
        words = {word.lower() for word in _TOKEN.findall(text)}
        clip = _named("clip", scope, text)
        if words & _WORDS:
            clips |= {path: f"{clip}/{number // STRETCH}" for number, path in members}
        elif is_specific(text) and _is_clip([n for n, _ in members], images):
            clips |= {path: clip for _, path in members}
    return clips


def _named(kind: str, scope: str, name: str) -> str:
    return f"{kind}:{scope}/{name}" if scope else f"{kind}:{name}"


def is_specific(text: str) -> bool:
    """Whether the text before a number says more than that it is a photograph."""
    return bool({word.lower() for word in _TOKEN.findall(text)} - _NOT_SPECIFIC)


def without_marks(stem: str) -> str:
    """Return a file stem without what marks it as a copy or an augmentation."""
    return _read(f"{stem}.").base


def _is_clip(numbers: list[int], images: int) -> bool:
    return FEWEST <= len(numbers) <= SHARE * images and _is_dense(numbers)


def _is_dense(numbers: list[int]) -> bool:
    """Whether numbers follow each other closely, or all at the same distance."""
    distinct = sorted(set(numbers))
    if len(distinct) < FEWEST:
        return False
    gaps = [b - a for a, b in pairwise(distinct)]
    step = sorted(gaps)[len(gaps) // 2]
    return len(gaps) >= DENSE * (distinct[-1] - distinct[0]) / max(1, min(step, 100))
