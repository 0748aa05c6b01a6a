"""What names of files and folders say: images, labels, parts of a split, what was thrown away.

Names are compared in Unicode's composed form (NFC): macOS writes Hangul decomposed (NFD), other
tools composed, and both look the same. Nothing here opens a file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from hoban_assets.suffixes import is_image, suffix_of

PUBLISHED_AS = {"jpe": "jpg", "jfif": "jpg", "jif": "jpg", "jfi": "jpg", "dib": "bmp"}
"""Suffixes that Ultralytics passes over, and what the same format is called there."""
OTHER_IMAGES = frozenset(
    {"gif", "avif", "heic", "heif", "jp2", "j2k", "jxl", "ppm", "pgm", "pnm", "dng", "cr2", "cr3"}
    | {"nef", "arw", "tga", "exr", "psd"}
)
"""Pictures in formats that are not decoded: never read, always told."""
OTHER_LABELS = frozenset({"mat", "pkl", "pickle", "npz", "npy", "h5", "hdf5"}) | frozenset(
    {
        "tfrecord",
        "tfrecords",
        "parquet",
        "arrow",
        "feather",
        "mdb",
        "accdb",
        "sqlite",
        "db",
        "xls",
        "xlsx",
        "xlsm",
        "ods",
    }
)
"""What labels are kept in by other programs: never opened, always told."""
NO_LABELS = (
    frozenset({"xmp", "thm", "aae", "lrv", "srt", "gpx", "ini", "url", "lnk", "bak", "log"})
    | frozenset({"cache", "md5", "sha1", "sha256", "md", "html", "htm", "pdf", "doc", "docx"})
    | frozenset({"hwp", "hwpx", "pptx", "mp4", "mov", "avi", "mkv", "wmv", "m4v", "webm", "mp3"})
    | frozenset({"wav", "py", "sh", "bat", "ipynb", "pt", "onnx"})
)
"""What lies beside pictures, and may be called like them, and is no label."""
ARCHIVES = frozenset(["zip", "tar", "tgz", "gz", "7z", "rar", "egg", "alz"])

_ARCHIVE_PART = re.compile(r"\.(?:zip|tar|tgz|gz|7z|rar)\.?(?:part\d*|\d{3})$|\.z\d\d$", re.I)
_WORDS = {
    "train": "train training trn 학습 훈련 트레이닝",
    "valid": "valid validation val dev eval evaluation 검증 밸리데이션",
    "test": "test testing tst 테스트 시험 평가",
}
_PART = re.compile(
    r"(?:\d{1,2}[ ._-]+)?(?:"
    + "|".join(f"(?P<{part}>{'|'.join(words.split())})" for part, words in _WORDS.items())
    + r")(?:[ ._-]*(?:set|split|data|dataset|용|셋|세트|데이터|데이터셋|자료|\d{1,4}))*",
    re.IGNORECASE,
)
_BATCH = re.compile(
    r"(?:(?:batch|part|set|subset|split|fold|chunk|shard|group|session|배치|묶음|세트|파트)"
    r"[ ._-]*)?"
    r"\d{1,8}(?:차|회차|회|일차)?",
    re.IGNORECASE,
)
_LEFT_OUT = re.compile(
    r"(?:__macosx|lost\+found|system volume information|recycler|recycled|recycle[ ._]?bin|#recycle"
    r"|#snapshot|[._~-]*(?:trash(?:ed)?|deleted?|thumb(?:nail)?s)|휴지통|쓰레기통|삭제(?:됨|함|본)?"
    r"|삭제[ _]?(?:예정|대상)|(?:삭제된|지운)[ _]?(?:항목|파일|사진|이미지)|썸네일)"
    r"(?:\s*[-_]?\s*(?:\(\d+\)|copy|복사본|\d+))*",
    re.IGNORECASE,
)
_LABEL_FOLDER = re.compile(
    r"label|annotation|annot\b|^ann(?:s|o)?$|xmls?$|bbox|라벨|레이블|주석|어노테이션|정답|좌표|바운딩",
    re.IGNORECASE,
)
_MASK_FOLDER = re.compile(
    r"masks?|segmentation(?:class|object)?(?:aug|png)?|segs?|semantic|instance|panoptic|gtfine"
    r"|gtcoarse|ground[ _-]?truth|gt|마스크|세그멘테이션",
    re.IGNORECASE,
)
_MASK_MARK = re.compile(r"[ ._-](?:masks?|segs?|gt|label|labelids|마스크)$", re.IGNORECASE)
_NO_LABEL = re.compile(
    r"(?:readme|license|licence|notice|changelog|requirements|predefined_classes|classes|obj|labels"
    r"|설명|이용약관)[ ._-].*",
    re.IGNORECASE,
)


def join(folder: str, name: str) -> str:
    """Path of `name` in `folder`, where '' is the source folder."""
    return f"{folder}/{name}" if folder else name


def stem(name: str) -> str:
    """File name without its last suffix ('a.rf.1.jpg' -> 'a.rf.1')."""
    return name.rpartition(".")[0] or name


def is_archive(name: str) -> bool:
    """Whether it is a packed file, or a part of one as AI Hub hands them out (x.zip.part0)."""
    return suffix_of(name) in ARCHIVES or _ARCHIVE_PART.search(name) is not None


def nfc(text: str) -> str:
    """The composed form. Costs nothing for ASCII."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def part_of(folder: str) -> str | None:
    """Part of a split that a folder name says: 'train', 'valid' or 'test', else None.

    Numbers and words such as 'data' may stand around it (train2, val2017, 1.Training, 학습용
    데이터). A name with anything else in it (train_old, '학습 - 복사본') says none.
    """
    match = _PART.fullmatch(nfc(folder).strip())
    return None if match is None else match.lastgroup


def is_part(folder: str) -> bool:
    """Whether it is the source itself ('') or a folder directly below that names a part.

    A part of a split, or one of several batches (batch1, part_2, 3차). Other names may say that
    what is in them was put aside (old, rejected, backup): they are told and not read.
    """
    if "/" in folder:
        return False
    name = nfc(folder).strip()
    return not name or part_of(name) is not None or _BATCH.fullmatch(name) is not None


def left_out(folder: str) -> str | None:
    """Why a folder of this name is never entered, or None.

    Waste bins of desktops and NAS boxes, thumbnails, what macOS packs into archives, hidden ones.
    """
    name = nfc(folder).strip()
    if name[0:1] in {".", "$", "@"}:
        return "hidden or system folder"
    return "waste bin or thumbnails" if _LEFT_OUT.fullmatch(name) else None


def is_label_folder(folder: str) -> bool:
    """Whether the last name of a path is one that people give to folders of labels."""
    return _LABEL_FOLDER.search(nfc(folder.rpartition("/")[2])) is not None


def is_mask_folder(folder: str) -> bool:
    """Whether a name of a path is one of folders of masks: pictures that are labels."""
    return any(map(_MASK_FOLDER.fullmatch, nfc(folder).split("/"))) or is_label_folder(folder)


def mask_of(stem_of_mask: str) -> str:
    """Stem of the picture that a mask of this stem is of: its own, or without '_mask'."""
    return _MASK_MARK.sub("", nfc(stem_of_mask))


def is_no_label(name: str) -> bool:
    """Whether a text file explains or lists something by its name (README.txt, classes.txt)."""
    return _NO_LABEL.fullmatch(nfc(name)) is not None


def alike(names: Iterable[str]) -> list[list[str]]:
    """Groups of names that differ but look the same: equal in their composed form."""
    groups: dict[str, list[str]] = {}
    for name in names:
        if not name.isascii():
            groups.setdefault(nfc(name), []).append(name)
    return [group for group in groups.values() if len(group) > 1]


def spelled(text: str) -> str:
    """`text` with what cannot be seen in it: its Unicode form, or code points of odd characters.

    For messages in which two names look the same.
    """
    odd = {c for c in text if unicodedata.category(c) in {"Cf", "Zs", "Cc", "Co"} and c != " "}
    notes = [f"U+{ord(c):04X}" for c in sorted(odd)]
    if not text.isascii():
        forms = [form for form in ("NFC", "NFD") if unicodedata.is_normalized(form, text)]
        notes.insert(0, f"{forms[0] if forms else 'mixed form'}, {len(text)} characters")
    if text != text.strip():
        notes.append("a space at its end or start")
    return f"{text!r} ({', '.join(notes)})" if notes else repr(text)


def look_alike(first: str, second: str) -> bool:
    """Whether a reader of a screen would take two different texts for the same."""
    return first != second and _seen(first) == _seen(second)


def looks_like(wanted: Iterable[str], there: Iterable[str]) -> str:
    """A sentence about texts of which one looks like another and is not the same; '' for none."""
    pairs = [(one, other) for other in there for one in wanted if look_alike(one, other)]
    return "".join(f"; {spelled(a)} is not {spelled(b)}" for a, b in pairs)


def _seen(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if unicodedata.category(c) not in {"Cf", "Zs", "Cc"})


def images_of(folder: str, names: Iterable[str]) -> Iterator[str]:
    """Paths of those `names` that end like an image, in upper or lower case."""
    for name in names:
        if is_image(name):
            yield join(folder, name)


def labels_of(names: Iterable[str], suffix: str) -> dict[str, str]:
    """Stem to file name, of the `names` that end in '.`suffix`' (any case)."""
    return {stem(n): n for n in names if suffix_of(n) == suffix and not n.startswith(".")}
