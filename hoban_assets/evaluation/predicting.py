"""Use a model on photographs and videos, with the confidence that was chosen for each class."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hoban_assets.classes import COLOURS
from hoban_assets.errors import HobanError
from hoban_assets.evaluation.detecting import Progress, run_worker
from hoban_assets.evaluation.subjects import Subject
from hoban_assets.settings import Settings
from hoban_assets.suffixes import IMAGE_SUFFIXES, is_image

WORKER = Path(__file__).parents[1] / "workers" / "yolo_predict.py"
VIDEOS = frozenset(
    {".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".ts"}
)


@dataclass(frozen=True)
class Predicted:
    """What was found. `counts`: class -> boxes; `with_any`: class -> files that hold it."""

    file: Path
    """Lines of detections, as `predictions` reads them."""
    pictures: Path | None
    files: int
    counts: Mapping[str, int]
    with_any: Mapping[str, int]
    unread: Mapping[str, str]
    """File that could not be read -> why."""


def files_below(target: Path) -> list[tuple[str, Path]]:
    """Return the photographs and videos of a file or folder, each with its name below it.

    Raises:
        HobanError: there is nothing of the kind.
    """
    if target.is_file():
        return [(target.name, target.absolute())]
    if not target.exists():
        raise HobanError(
            f"{target} is not there", "give a photograph, a video, or a folder of them"
        )
    found = sorted(p for p in target.rglob("*") if is_image(p.name) or is_video(p))
    if not found:
        endings = sorted({*VIDEOS, *(f".{suffix}" for suffix in IMAGE_SUFFIXES)})
        raise HobanError(
            f"{target} holds no photograph and no video", f"their names end in {', '.join(endings)}"
        )
    return [(p.relative_to(target).as_posix(), p.absolute()) for p in found if p.is_file()]


def is_video(file: Path) -> bool:
    """Whether a file is called like a video, and not hidden."""
    return file.suffix.lower() in VIDEOS and not file.name.startswith(".")


def predict(
    subject: Subject,
    files: Sequence[tuple[str, Path]],
    out: Path,
    confidences: Mapping[str, float],
    settings: Settings,
    *,
    otherwise: float,
    tiles: int = 0,
    every: int = 1,
    draw: bool = False,
    progress: Progress = lambda done, of: None,
) -> Predicted:
    """Find what is on `files`.

    Args:
        subject: weights.
        files: name and path of each, see `files_below`.
        out: folder for the lines and pictures; made.
        confidences: class -> confidence from which a detection counts.
        settings: device.
        otherwise: confidence of all other classes.
        tiles: side in pixels of squares that large photographs are cut into; 0: as a whole.
        every: take each nth frame of a video.
        draw: write the pictures with their boxes too.
        progress: gets (files done, of).

    Raises:
        HobanError: the weights cannot be read, or none of the files.
    """
    out = out.absolute()  # the worker has a folder of its own
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HobanError(
            f"{out} cannot be made: {error.strerror}", "name another folder: --to FOLDER"
        ) from error
    job = {
        "weights": str(subject.file),
        "files": [(name, str(path)) for name, path in files],
        "out": str(out),
        "image_size": subject.image_size,
        "nms": subject.nms,
        "device": settings.device,
        "confidences": dict(confidences),
        "confidence": otherwise,
        "tiles": tiles,
        "every": every,
        "save": draw,
        "colours": dict(COLOURS),
    }
    run_worker(WORKER, job, progress)
    lines = out / "predictions.jsonl"
    counts: dict[str, int] = {}
    holders: dict[str, set[str]] = {}
    for line in lines.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        counts[row["class_name"]] = counts.get(row["class_name"], 0) + 1
        holders.setdefault(row["class_name"], set()).add(row["file"])
    with_any = {name: len(each) for name, each in holders.items()}
    unread = json.loads((out / "unread.json").read_text(encoding="utf-8"))
    pictures = out / "pictures" if draw else None
    return Predicted(lines, pictures, len(files), counts, with_any, unread)
