"""`hoban export MODEL --format onnx`: a model for another program, checked on val. No command."""

from __future__ import annotations

from pathlib import Path

from hoban_assets.commands.app import here
from hoban_assets.commands.evaluate import pictures_named, subject_named
from hoban_assets.commands.printing import progress_bar, show, tell
from hoban_assets.errors import HobanError


def export_model(model: str, partition: str, to: Path | None) -> None:
    """Write a trained model as ONNX, beside best.pt by default.

    Raises:
        HobanError: it is no trained model with its dataset, or the export finds other objects.
    """
    from hoban_assets.evaluation.exporting import export_onnx

    settings, say = here()
    subject = subject_named(model, partition)
    if subject.trained_on is None:
        raise HobanError(
            f"{model}: the dataset that it was trained on is not there, so nothing can be checked",
            "export a model of this platform: hoban export model_v9 --format onnx",
        )
    around = pictures_named(str(subject.trained_on), partition, settings, {})
    file = to or subject.file.with_suffix(".onnx")
    with progress_bar("looking at pictures") as bar:
        done = export_onnx(subject, around.part(None), file.absolute(), settings, bar)
    show(
        [
            {"class": say(name), "AP50-95 (.pt)": before, "AP50-95 (.onnx)": after}
            for name, (before, after) in done.figures.items()
        ]
    )
    tell("\n{file}: checked on {images:,} pictures", file=done.file, images=done.images)
