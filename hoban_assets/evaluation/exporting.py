"""A model as ONNX, handed out only where it finds what the model finds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from hoban_assets.errors import HobanError
from hoban_assets.evaluation.detecting import Progress, run_worker
from hoban_assets.evaluation.figures import average_precisions, view
from hoban_assets.evaluation.looking import look
from hoban_assets.evaluation.matches import match
from hoban_assets.evaluation.pictures import Pictures
from hoban_assets.evaluation.subjects import Subject
from hoban_assets.settings import Settings

WORKER = Path(__file__).parents[1] / "workers" / "yolo_export.py"
TOLERANCE = 0.005
"""Difference of AP50-95 that an export may make, of the mean and of each class."""


@dataclass(frozen=True)
class Exported:
    """An export, and AP50-95 of each class on the same pictures: (before, after)."""

    file: Path
    images: int
    figures: dict[str, tuple[float, float]]


def export_onnx(
    subject: Subject,
    pictures: Pictures,
    file: Path,
    settings: Settings,
    progress: Progress = lambda done, of: None,
) -> Exported:
    """Write `file`, then judge both on `pictures`.

    Raises:
        HobanError: the export failed, or differs by more than `TOLERANCE`; then it is removed.
    """
    new = file.with_name(f"{file.stem}.new.onnx")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        new.touch()
    except OSError as error:
        raise HobanError(
            f"{file} cannot be written: {error.strerror}", "name another place: --to FILE.onnx"
        ) from error
    job = {
        "weights": str(subject.file),
        "image_size": subject.image_size,
        "nms": subject.nms,
        "out": str(new),
    }
    try:
        run_worker(WORKER, job, progress)
        figures = _figures(subject, pictures, new, settings, progress)
        worse = {k: v for k, v in figures.items() if abs(v[1] - v[0]) > TOLERANCE}
        if worse:
            told = ", ".join(f"{k} {a:.3f} -> {b:.3f}" for k, (a, b) in worse.items())
            raise HobanError(
                f"the export finds other objects than {subject.name} (AP50-95 {told})",
                "nothing was written; install the releases that constraints/ names and try again",
            )
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)
    return Exported(file, len(pictures), figures)


def _figures(
    subject: Subject, pictures: Pictures, file: Path, settings: Settings, progress: Progress
) -> dict[str, tuple[float, float]]:
    sides = []
    for each in (subject, replace(subject, file=file)):
        found, size = look(each, pictures, settings, {}, progress)
        matches = match(pictures, found, size)
        views = {name: view(matches, number) for number, name in enumerate(pictures.names)}
        sides.append(
            {k: float(average_precisions(v).mean()) for k, v in views.items() if v.labels.any()}
        )
    return {name: (value, sides[1][name]) for name, value in sides[0].items()}
