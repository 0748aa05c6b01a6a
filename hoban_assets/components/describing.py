"""What the UI says of an asset: what it holds, and which rules made it.

In the language of documents (``HOBAN_LANG``), as text that reads alike as Markdown and as it is:
the catalog shows it raw. So there are paragraphs and lists in it, and no other mark.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from hoban_assets.formats.source import RawSource
from hoban_assets.language import Say, speaker
from hoban_assets.pipeline.recipe import Recipe
from hoban_assets.pipeline.stage import Stage
from hoban_assets.pipeline.sub import is_part_of_full
from hoban_assets.reporting.metadata import in_english
from hoban_assets.reporting.status.recipe_words import recipe_sentences
from hoban_assets.settings import PARTITIONS, Settings
from hoban_assets.tables import COLUMNS, Column

TELLS_OF = "tells of"
"""Metadata of a report: the assets whose changes make it stale."""


def words() -> Say:
    """Speaker of the language that the environment asks for."""
    return speaker(Settings.from_env().language)


def source_text(source: RawSource, is_here: bool, say: Say) -> str:
    """What a raw folder is read as, and which classes it labels completely."""
    absent = f"{say('Not on this machine.')} " if not is_here else ""
    labels = ", ".join(say(name) for name in source.labels) or say("nothing")
    text = say(
        "{folder}, below the raw root, read as {format}. Labels completely: {classes}.",
        folder=source.folder,
        format=source.format,
        classes=labels,
    )
    taken = [f"- {own} → {say(name)}" for own, name in source.classes.items()]
    return (
        "\n".join([absent + text, "", say("Classes that are used:"), "", *taken]).strip()
        if (taken)
        else absent + text
    )


def stage_text(stage: Stage, say: Say) -> str:
    """What a stage holds, and the rules of its making."""
    names = ", ".join(source.name for source in stage.sources)
    rules = [
        say("Read from, best first: {sources}.", sources=names),
        say("Every image is decoded once; broken ones, and labels that cannot be, are decided on."),
    ]
    if stage.backgrounds:
        rules.append(say("An image that any label file names with an object is thrown out."))
        elsewhere = sorted({name for source in stage.sources for name in source.labels_elsewhere})
        if folders := ", ".join(elsewhere):
            rules.append(say("Also compared with the labels below {folders}.", folders=folders))
    if stage.dedupe is not None:
        text = "Of images that are similar by {limit} or more, the one of the earlier source stays."
        rules.append(say(text, limit=stage.dedupe))
        if stage.duplicates == "event":
            rules.append(say("Only where their labels agree as well."))
    if stage.complete is not None:
        teachers = ", ".join(teacher.name for teacher in stage.complete.teachers)
        text = (
            "Classes that the sources do not label are completed by {teachers}: boxes of origin "
            "teacher, and ignore regions where it is not sure. Human boxes stay as they are."
        )
        rules.append(say(text, teachers=teachers))
    text = (
        "sub reads up to {n} of each class; full reads everything. Where full is built from "
        "the same files, sub is the part of its rows."
    )
    rules.append(say(text, n=f"{stage.sub_target:,}"))
    return _text(say(stage.description), rules, say)


def dataset_text(recipe: Recipe, say: Say) -> str:
    """What a dataset is for, and its recipe in sentences."""
    kept = recipe.as_recipe()
    told = {p: recipe_sentences(kept, p, say) for p in PARTITIONS}
    rules = []
    for sub, full in zip(told["sub"], told["full"], strict=True):
        rules += [sub] if sub == full else [f"sub: {sub}", f"full: {full}"]
    part = (
        "Where full is built, sub is chosen out of it: the same boxes, on the same side of "
        "the split."
        if is_part_of_full(recipe)
        else "sub is not part of full, as they are made from other stages: images may be "
        "missing in full, or lie on the other side of the split."
    )
    rules.append(say(part))
    rules.append(say("sub is for the laptop, full for the GPU server."))
    tree = say("A YOLO tree (data.yaml, images, labels, manifest); path says where it lies.")
    return _text(say(recipe.description), [*rules, tree], say)


PARTIAL_LABELS = {
    "mask": "A class that a photograph's source does not label is not known there, and does not "
    "count in training (partial_labels: mask).",
    "naive": "A class that a photograph's source does not label counts as background in training "
    "(partial_labels: naive).",
}


def model_text(recipe: Recipe, say: Say) -> str:
    """What a model is trained on, and what happens to a training that stops."""
    rules = [
        say(
            "SGD from {lr0}, seed {seed}; ends after {patience} epochs without a better mAP50-95.",
            **recipe.training.model_dump(include={"lr0", "seed", "patience"}),
        ),
        say("A killed training goes on from its last epoch; a finished one is not trained again."),
        say(PARTIAL_LABELS[recipe.partial_labels]),
        say("Each class is judged only on images whose source labels it."),
        say("sub is for the laptop, full for the GPU server."),
        say("Check map50 warns below mAP50 {gate}.", gate=recipe.map50_gate),
    ]
    return _text(say("A YOLO detector trained on {dataset}.", dataset=recipe.dataset), rules, say)


def schemas(say: Say) -> dict[str, Any]:
    """Metadata of an asset that holds `Samples`: the columns of its three tables.

    None is ``dagster/column_schema``: the UI would show all its rows before what was built.
    """
    return {f"columns of {name}": _schema(columns, say) for name, columns in COLUMNS.items()}


def with_reports(specs: Mapping[dg.AssetKey, dg.AssetSpec]) -> dict[dg.AssetKey, dict[str, Any]]:
    """Metadata that leads from an asset to the reports that tell of it."""
    links: dict[dg.AssetKey, dict[str, Any]] = {}
    for key, spec in specs.items():
        for name in in_english(spec.metadata).get(TELLS_OF, ()):
            link = dg.MetadataValue.asset(key)
            links.setdefault(dg.AssetKey(name), {})[f"report/{key.path[-1]}"] = link
    return links


def _text(first: str, rules: list[str], say: Say) -> str:
    return "\n".join([first, "", f"{say('Rules')}:", "", *(f"- {rule}" for rule in rules)])


def _schema(columns: tuple[Column, ...], say: Say) -> dg.TableSchema:
    return dg.TableSchema([dg.TableColumn(n, str(kind), say(note)) for n, kind, note in columns])
