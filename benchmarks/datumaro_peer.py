"""Datumaro's side of row 2, run by the interpreter of .venv-bench (no import of the platform)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.worker import Work

SEED = 9


def lay_out(source: Path) -> None:
    """Show the source in the folders that Datumaro asks for: images below ``images/``.

    COCO as it is downloaded has its image folders beside ``annotations``. Two links suffice.
    """
    view = _view(source)
    view.mkdir()
    (view / "annotations").symlink_to(source / "annotations")
    (view / "images").symlink_to(source)


def _view(source: Path) -> Path:
    return source.parent.parent / "datumaro"


def publish(raw_root: str, destination: str) -> Work:
    """Time import, filter to person, 9:1 split and export with images, as its manual does it."""
    import datumaro  # type: ignore[import-not-found] # only .venv-bench has it

    def work() -> Work:
        dataset = datumaro.Dataset.import_from(str(_view(Path(raw_root, "coco"))), "coco_instances")
        labels = dataset.categories()[datumaro.AnnotationType.label]
        person = labels.find("person")[0]
        # A function is the faster of its two kinds of filter; the other is an XPath.
        dataset.filter(
            lambda item, annotation: annotation.label == person,
            filter_annotations=True,
            remove_empty=True,
        )
        dataset.transform("random_split", splits=[("train", 0.9), ("val", 0.1)], seed=SEED)
        dataset.export(destination, "yolo_ultralytics", save_media=True)
        return lambda: _count(Path(destination), datumaro.__version__)

    return work


def _count(destination: Path, version: str) -> dict[str, Any]:
    images = list(destination.glob("images/*/*.jpg"))
    links = Counter(path.stat().st_nlink > 1 for path in images)
    rows = sum(path.read_bytes().count(b"\n") for path in destination.glob("labels/*/*.txt"))
    return {
        "counted": {"images": len(images), "boxes": rows},
        "did": f"Datumaro {version}: {links[False]:,} copies, {links[True]:,} hard links",
    }
