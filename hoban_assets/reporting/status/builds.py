"""The parts of the status document that tell how each build came about and what it holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hoban_assets.catalog.asked import Ask, Row
from hoban_assets.freshness.declared import DATASET, MODEL, STAGE
from hoban_assets.language import Say
from hoban_assets.reporting.blocks import Bars, Block, Heading, Paragraph, Table, bullets, table
from hoban_assets.reporting.status.figures import Artifact, Status
from hoban_assets.reporting.status.recipe_words import recipe_sentences
from hoban_assets.reporting.status.words import survivals, time_text
from hoban_assets.yolo import SPLITS

STEPS = {
    "read": "label files are read; what is malformed is repaired or left out",
    "full": "of what was read, the rows of full are taken: they were decided on there",
    "facts": "every image is opened once; what cannot be decoded is left out",
    "corrections": "what people corrected by hand is put in",
    "contradicting_labels": "boxes that give one object two excluding classes become ignored",
    "contradictions": "copies of one photograph whose labels exclude each other are left out",
    "crowding": "images with too many persons are left out",
    "area": "boxes outside the limits become ignore regions, or are dropped",
    "equal_labels": "boxes that say the same are merged",
    "labels": "images that no label is left on are left out",
    "backgrounds": "scenes that hold an object after all are left out",
    "dedupe": "of near-duplicates only the best one stays",
    "groups": "near-duplicates are tied together for the split",
    "quota": "each class is cut to its quota",
    "background_quota": "empty scenes are cut to their number",
    "split": "images are divided into train and val",
}
"""What the steps of a stage or dataset do (`pipeline.stage`, `pipeline.dataset`)."""


@dataclass(frozen=True)
class Details:
    """What only the document tells: steps of every build, final figures of every model."""

    steps: Sequence[Row] = ()
    """asset, partition, stage, images_in, images_kept, boxes_in, boxes_kept"""
    metrics: Sequence[Row] = ()
    """asset, partition, class_name, mAP50, mAP50-95, precision, recall, best_epoch, epochs"""


def read_details(ask: Ask) -> Details:
    """Ask the catalog."""
    return Details(ask(_STEPS), ask(_METRICS))


def datasets(status: Status, details: Details, say: Say) -> Iterator[Block]:
    """Each dataset: its recipe in words, composition, and what each step removed."""
    yield Heading(2, say("Datasets"))
    tables = pivoted(status.composition)
    for a in _built(status, DATASET):
        yield from _title(a, say)
        yield Paragraph(
            say(
                "{images} images, {boxes} boxes, in {path}",
                images=f"{a.images:,}",
                boxes=f"{a.boxes:,}",
                path=f"`{a.path}`",
            )
        )
        if sentences := recipe_sentences(a.recipe, a.partition, say):
            yield Paragraph(f"**{say('Recipe')}**")
            yield bullets(sentences)
        yield Paragraph(f"**{say('Composition')}**")
        yield Bars({say(name): {"": count} for name, count in a.classes.items()})
        yield composition(tables.get((a.asset, a.partition), []), say)
        if lines := survivals(a, say):
            yield Paragraph(f"**{say('What is left of each source:')}**")
            yield bullets(lines)
        yield from _steps(a, details, say)


def composition(rows: Sequence[Row], say: Say) -> Table:
    """A dataset per class and source, splits side by side; rows of `composed.pivoted`."""
    counts = {
        f"{split}_{what}": f"{split} {say(what)}"
        for split in SPLITS
        for what in ("images", "boxes")
    }
    columns = {"class_name": say("class"), "source": say("source"), **counts}
    return table([{**row, "class_name": say(row["class_name"])} for row in rows], columns)


def models(status: Status, details: Details, say: Say) -> Iterator[Block]:
    """Each model: what it reached, each class judged only where it is labelled."""
    yield Heading(2, say("Models"))
    built = _built(status, MODEL)
    if not built:
        yield Paragraph(say("No model was trained yet."))
    else:
        yield Paragraph(say("Each class is judged only on images whose source labels it."))
    for a in built:
        rows = [
            r for r in details.metrics if (r["asset"], r["partition"]) == (a.asset, a.partition)
        ]
        yield from _title(a, say)
        if rows:
            yield Paragraph(
                say(
                    "Best epoch {best} of {epochs} trained; weights: {path}",
                    best=rows[0]["best_epoch"],
                    epochs=rows[0]["epochs"],
                    path=f"`{a.path}/best.pt`",
                )
            )
        told = ("model", "epochs", "imgsz", "batch", "lr0", "patience", "seed", "partial_labels")
        if given := [f"{key} {a.recipe[key]}" for key in told if key in a.recipe]:
            yield Paragraph(say("Trained with: {given}", given=", ".join(given)))
        figures = ("mAP50", "mAP50-95", "precision", "recall")
        if rows:
            columns = {"class_name": "class", **{name: name for name in figures}}
            yield table(rows, columns, say, ["class_name"])


def stages(status: Status, details: Details, say: Say) -> Iterator[Block]:
    """Each stage: what it reads, and what its steps removed."""
    yield Heading(2, say("Stages: raw sources, read and cleaned once for all versions"))
    for a in _built(status, STAGE):
        yield from _title(a, say)
        sources = a.declared.sources if a.declared else ()
        if sources:
            folders = ", ".join(f"`{s.folder}`" for s in sources)
            yield Paragraph(say("Reads {folders}.", folders=folders))
        yield from _steps(a, details, say)


def _built(status: Status, kind: str) -> list[Artifact]:
    return [a for a in status.built if a.kind == kind]


def _title(a: Artifact, say: Say) -> Iterator[Block]:
    yield Heading(3, a.name)
    state = f"**{say(a.verdict.state)}**, {time_text(a.built_at)}."
    description = _description(a, say)
    yield Paragraph(f"{state} {description}".strip())


def _description(a: Artifact, say: Say) -> str:
    if a.declared is None:
        return ""
    if a.kind != MODEL:
        return say(a.declared.description)
    (dataset,) = a.declared.inputs[a.partition]
    text = "A detector trained on {dataset}; a model below mAP50 {gate} warns."
    return say(text, dataset=dataset, gate=a.declared.gate)


def _steps(a: Artifact, details: Details, say: Say) -> Iterator[Block]:
    """Steps that took something away as a table; the others in a sentence."""
    mine = [r for r in details.steps if (r["asset"], r["partition"]) == (a.asset, a.partition)]
    rows: list[Row] = [
        {
            "step": r["stage"],
            "what it does": say(STEPS.get(r["stage"], "-")),
            **{
                what: f"{r[f'{what}_in']:,} → {r[f'{what}_kept']:,}" for what in ("images", "boxes")
            },
            "images removed": r["images_in"] - r["images_kept"],
            "boxes removed": r["boxes_in"] - r["boxes_kept"],
        }
        for r in mine
    ]
    busy = [r for r in rows if r["images removed"] or r["boxes removed"]]
    idle = [r["step"] for r in rows if r not in busy]
    if busy:
        yield Paragraph(f"**{say('What each step removed')}**")
        yield table(busy, None, say)
    if idle:
        yield Paragraph(say("Steps that removed nothing: {steps}", steps=", ".join(idle)))


_STEPS = """
SELECT asset, partition, stage, images_in, images_kept, boxes_in, boxes_kept FROM stages
"""
_METRICS = """
WITH trained AS (
    SELECT asset, partition, max(epoch) AS epochs FROM metrics GROUP BY ALL
)
FROM model_figures JOIN trained USING (asset, partition)
WHERE source = 'all' AND class_name <> 'background'
ORDER BY asset, partition, class_name <> 'all', class_name
"""


def pivoted(rows: Sequence[Row]) -> dict[tuple[str, str], list[Row]]:
    """Turn rows of `facts` (asset, partition, class_name, source, split, images, boxes).

    Returns:
        (asset, partition) -> rows with class_name, source, and ``<split>_images``,
        ``<split>_boxes`` of each split, 0 where there are none; in the order of the classes.
    """
    tables: dict[tuple[str, str], dict[tuple[str, str], Row]] = {}
    for row in rows:
        table = tables.setdefault((row["asset"], row["partition"]), {})
        empty = {f"{split}_{what}": 0 for split in SPLITS for what in ("images", "boxes")}
        line = table.setdefault(
            (row["class_name"], row["source"]),
            {"class_name": row["class_name"], "source": row["source"], **empty},
        )
        line[f"{row['split']}_images"] = row["images"]
        line[f"{row['split']}_boxes"] = row["boxes"]
    return {name: list(table.values()) for name, table in tables.items()}
