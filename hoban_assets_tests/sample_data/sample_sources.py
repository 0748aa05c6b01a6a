"""The sources of a sample tree, declared as a recipe would."""

from pathlib import Path

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.formats import RawSource, open_source
from hoban_assets.formats.image_facts import apply_facts, read_facts
from hoban_assets.sample_data.falls import FOLDERS
from hoban_assets.samples import Samples

HELMETS = {"07": "person_with_helmet", "08": "person_without_helmet"}
AIHUB = tuple(
    RawSource(name, folder, "aihub", HELMETS)
    for name, folder in (
        ("helmet_60k", "helmet_60k/helmet_60k"),
        ("helmet_21k", "helmet_21k"),
        ("helmet_30k", "helmet_30k"),
    )
)
COCO = RawSource("coco", "coco", "coco", {"person": "person"})
WIDER = RawSource("wider", "WiderPerson", "widerperson", dict.fromkeys("123", "person"))
FALLEN_NAMES = {"fall", "Fall-Detected", "down", "Fall-person", "falling", "2_fallen"}
FALLS = tuple(
    RawSource(f.name, f.path, "yolo", {c: "fallen" for c in f.classes if c in FALLEN_NAMES})
    for f in FOLDERS
)
BACKGROUND = RawSource("background", "background", "background", labelled_classes=CLASS_NAMES)
BACKGROUND_21K = RawSource(
    "background_21k",
    "helmet_21k/background",
    "background",
    labelled_classes=CLASS_NAMES,
    labels_elsewhere=("helmet_21k",),
)
SOURCES = (*AIHUB, COCO, WIDER, *FALLS, BACKGROUND, BACKGROUND_21K)
FOLDER_OF = {source.name: source.folder for source in SOURCES}


def read_tree(tree: Path, cache: Path) -> Samples:
    """Rows of every source, with the facts of the image files."""
    parts = []
    for source in SOURCES:
        read = open_source(source, tree).read().samples
        facts = read_facts(list(read.images.file), tree, cache / f"{source.name}.parquet", 2)
        parts.append(apply_facts(read, facts))
    return Samples.concat(parts)


def raw_path(image_id: str) -> str:
    """Path below the raw root of an image id."""
    source, _, rest = image_id.partition("/")
    return f"{FOLDER_OF[source]}/{rest}"
