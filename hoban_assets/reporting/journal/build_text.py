"""What one materialisation says in a journal: counts, inputs, what was taken out, figures. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from hoban_assets.language import Say
from hoban_assets.reporting.journal.entries import Build, ModelFigures, Removal
from hoban_assets.reporting.markdown import markdown_cell

TOP_RULES = 4
SHORT = 8
"""Digits of a data version or a run id that are shown."""


def build_lines(build: Build, say: Say) -> Iterator[str]:
    """Lines of a build: counts or figures, inputs, what was taken out, where it lies."""
    if build.images is not None:
        yield counts(build, say)
    if build.model:
        yield from _model(build.model, say)
    if build.inputs:
        inputs = ", ".join(f"{name} `{version[:SHORT]}`" for name, version in build.inputs)
        yield say("Inputs: {inputs}", inputs=inputs)
    if build.removed:
        yield say("Taken out: {rules}", rules="; ".join(_removed(build, say)))
    if build.path:
        yield say("Where: {path}", path=f"`{build.path}`")


def counts(build: Build, say: Say, *, with_input: bool = True) -> str:
    """Images (given and kept), boxes of each class, ignore regions; '' where it has no rows."""
    if build.images is None:
        return ""
    images = many(build.images, "image", say)
    if with_input and build.images_in not in (None, build.images):
        images = say("{n} images", n=f"{build.images_in:,} → {build.images:,}")
    text = f"{images}, {many(build.boxes or 0, 'box', say)}"
    if build.classes:
        text += f" ({', '.join(f'{say(n)} {c:,}' for n, c in build.classes.items())})"
    if build.ignore_regions:
        text += f", {many(build.ignore_regions, 'ignore region', say)}"
    return text


def model_line(model: ModelFigures, say: Say) -> str:
    """Epochs and figures of a model."""
    epochs = many(model.epochs, "epoch", say)
    if model.map50 is None:
        return say("{epochs}, not evaluated", epochs=epochs)
    return say(
        "{epochs}, best epoch {best}: mAP50 {map50}, mAP50-95 {map50_95} "
        "(each class only where its source labels it)",
        epochs=epochs,
        best=model.best_epoch,
        map50=figure(model.map50),
        map50_95=figure(model.map50_95),
    )


def _model(model: ModelFigures, say: Say) -> Iterator[str]:
    yield model_line(model, say)
    if model.classes:
        figures = ", ".join(f"{say(n)} {figure(v)}" for n, v in model.classes.items())
        yield say("AP50 of each class: {figures}", figures=figures)


def _removed(build: Build, say: Say) -> Iterator[str]:
    for removal in build.removed[:TOP_RULES]:
        yield f"`{removal.rule}` {_amount(removal, say)}"
    if len(build.removed) > TOP_RULES:
        yield many(len(build.removed) - TOP_RULES, "more rule", say)


def _amount(removal: Removal, say: Say) -> str:
    counted = ((removal.images, "image"), (removal.boxes, "box"))
    return ", ".join(many(n, what, say) for n, what in counted if n)


def many(n: int, what: str, say: Say) -> str:
    """'1 image', '2 images'; the key of the translation is '{n} images' for both."""
    plural = "boxes" if what == "box" else f"{what}s"
    if n == 1 and say("image") == "image":
        return f"1 {what}"
    return say(f"{{n}} {plural}", n=f"{n:,}")


def figure(value: float | None) -> str:
    """A metric with 3 decimals, '-' for none."""
    return markdown_cell(value)
