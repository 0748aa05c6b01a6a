"""`hoban propose`: a model looks at photographs without labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hoban_assets.commands.app import FIX, app, nearest
from hoban_assets.commands.evaluate import subject_named
from hoban_assets.commands.options import Partition
from hoban_assets.commands.printing import progress_bar, tell
from hoban_assets.errors import HobanError
from hoban_assets.settings import Settings

if TYPE_CHECKING:
    pass

OfModel = Annotated[
    str | None, typer.Option("--model", help="Which model looks: model_v9, or a .pt or .onnx file.")
]
Predictions = Annotated[
    Path | None,
    typer.Option(
        help="What was found elsewhere: JSON lines of file (below the raw root), class_name, "
        "score, box."
    ),
]


@app.command(rich_help_panel=FIX)
def propose(
    source: Annotated[str, typer.Argument(help="A source of format pictures: site_a.")],
    model: OfModel = None,
    predictions: Predictions = None,
    partition: Partition = "sub",
) -> None:
    """Let a model propose boxes on photographs without labels; they are labels once accepted.

    What people have decided on stays decided. Objects of a video are followed through it.

    Example: hoban propose site_a --model model_v9
    """
    propose_for(source, model, predictions, partition, Settings.from_env())


def propose_for(
    name: str, model: str | None, predictions: Path | None, partition: str, settings: Settings
) -> None:
    """Write the proposals of a source, and say how many there are.

    Raises:
        HobanError: there is no such source, it has labels of its own, or nothing looks at it.
    """
    from hoban_assets.adding import proposing
    from hoban_assets.corrections.proposed import read_proposed, write_proposed
    from hoban_assets.declared.entries import UNLABELLED, entry_files

    known = {f.entry.name: f.entry.source for f in entry_files() if f.entry}
    unlabelled = {name: s for name, s in known.items() if s.format == UNLABELLED}
    source = unlabelled[nearest(name, unlabelled, "source without labels")]
    if bool(model) == bool(predictions):
        raise HobanError(
            f"nobody proposes boxes for {name}" if not model else "two propose at once",
            "give --model model_v9 (or a .pt file), or --predictions FILE",
        )
    paths = proposing.paths_of(source, settings.raw_root)
    if predictions:
        found = proposing.found_in_file(predictions.expanduser(), source, paths)
    else:
        subject = subject_named(str(model), partition)
        if subject.is_predictions:
            raise HobanError(f"{model} is no weights", f"give it as --predictions {model}")
        with progress_bar("looking at pictures") as bar:
            found = proposing.found_by_model(subject, source, paths, settings, {}, bar)
    before = read_proposed(settings.proposals, name)
    clips = before.clips if before else ()
    who = str(model or predictions)
    made = proposing.proposed_from(found, source, settings.raw_root, who, clips)
    write_proposed(settings.proposals, made)
    boxes = [p for looked in made.looked.values() for p in looked.proposals]
    tell(
        "{who} proposes {boxes} boxes on {pictures} pictures ({tracks} objects followed)",
        who=who,
        boxes=f"{len(boxes):,}",
        pictures=f"{len(made.looked):,}",
        tracks=f"{len({p.track for p in boxes if p.track is not None}):,}",
    )
