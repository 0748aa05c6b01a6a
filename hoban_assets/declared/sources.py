"""What lies under the raw root: every source, declared; each becomes an asset ``raw/<name>``.

A folder that is not declared, here or in a defs.yaml (`declared.entries`), is not read, however its
name begins; but for benchmarks, which no training reads (`formats.benchmarks`).
"""

from dataclasses import replace

from hoban_assets.classes import AIHUB_CLASSES, CLASS_NAMES
from hoban_assets.declared.entries import entry_files
from hoban_assets.formats.benchmarks import benchmark_sources
from hoban_assets.formats.source import RawSource
from hoban_assets.settings import Settings

HELMET_60K = RawSource("helmet_60k", "helmet_60k/helmet_60k", "aihub", AIHUB_CLASSES)
HELMET_30K = RawSource("helmet_30k", "helmet_30k", "aihub", AIHUB_CLASSES)
HELMET_21K = RawSource("helmet_21k", "helmet_21k", "aihub", AIHUB_CLASSES, nested=("background",))
WIDER_PERSON = RawSource(
    "wider_person",
    "WiderPerson",
    "widerperson",
    {"1": "person", "2": "person", "3": "person"},  # pedestrian, rider, partially visible
)
COCO = RawSource("coco", "coco", "coco", {"person": "person"})

UR_FALL_CLIP = r"^(?P<clip>.+-cam\d+-rgb)-\d+"
"""UR Fall frames, ``adl-23-cam0-rgb-211``: one clip a camera and sequence."""


def _fall(name: str, folder: str, *fallen: str) -> RawSource:
    classes = dict.fromkeys(fallen, "fallen")
    return RawSource(name, f"{folder}.yolo26", "yolo", classes, clip_pattern=UR_FALL_CLIP)


FALL_FOLDERS = (  # best first, the order in which copies are kept
    _fall("fallen_v2i", "fallen.v2i", "2_fallen"),
    _fall("fall_v1i_2", "fall.v1i (2)", "fall"),
    _fall("fall_detection_ip_camera_v3i", "fall detection ip camera.v3i", "fall"),
    _fall("fall_v1i", "Fall.v1i", "down"),
    _fall("fall_v3i", "Fall.v3i", "Fall-person", "fall"),
    _fall("fall_v2i", "fall.v2i", "fall"),
    _fall("fall_v4i", "fall.v4i", "falling"),
    _fall("fall_detection_v4", "Fall Detection.v4-resized640_aug3x-accurate", "Fall-Detected"),
)

_UPRIGHT = {
    "fallen_v2i": ("1_standing",),
    "fall_v2i": ("nofall",),
    "fall_v4i": ("standing", "sitting"),
}
FALL_FOLDERS_WITH_PERSONS = tuple(
    replace(source, classes={**source.classes, **dict.fromkeys(_UPRIGHT[source.name], "person")})
    if source.name in _UPRIGHT
    else source
    for source in FALL_FOLDERS
)
"""The same folders, read for the persons too whom three of them label as standing or sitting."""

ALL_CLASSES = CLASS_NAMES
AIHUB_EXPORTS = ("helmet_21k", "helmet_30k", "helmet_60k")
BACKGROUND = RawSource(
    "background",
    "background",
    "background",
    labelled_classes=ALL_CLASSES,
    labels_elsewhere=AIHUB_EXPORTS,
)
HELMET_21K_BACKGROUND = RawSource(
    "helmet_21k_background",
    "helmet_21k/background",
    "background",
    labelled_classes=ALL_CLASSES,
    optional=True,
    labels_elsewhere=AIHUB_EXPORTS,
)

LEFT_OUT = frozenset[str]()
"""Folders of the raw root that look like sources and are left out on purpose: nothing warns."""
LEFT_OUT_OF_THE_SAMPLE = frozenset({"fall.v3i.yolo26", "fall_extra.yolo26"})


def left_out(settings: Settings) -> frozenset[str]:
    """`LEFT_OUT`, and what the drawn sample holds to show that it is not read."""
    return LEFT_OUT | LEFT_OUT_OF_THE_SAMPLE if settings.is_sample else LEFT_OUT


BENCHMARKS = benchmark_sources(Settings.from_env().raw_root)
"""A team's own fully labelled photographs, ``benchmark_<name>``: they judge models, and no more."""

HERE = (
    HELMET_60K,
    HELMET_30K,
    HELMET_21K,
    COCO,
    WIDER_PERSON,
    *FALL_FOLDERS,
    BACKGROUND,
    HELMET_21K_BACKGROUND,
    *BENCHMARKS,
)
"""Declared in this file, and benchmarks."""
ENTRY_FILES = entry_files([source.name for source in HERE])
"""Declared by a team, each in a defs.yaml, below `defs`."""
ENTRIES = tuple(found.entry for found in ENTRY_FILES if found.entry)

SOURCES = (*HERE, *(entry.source for entry in ENTRIES))
