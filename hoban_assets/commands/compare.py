"""`hoban compare`: models side by side, and what is behind their differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hoban_assets.catalog.asked import Ask
from hoban_assets.commands.app import LOOK, app, asking_catalog, built_one, here, nearest
from hoban_assets.commands.options import AsJson, Partition
from hoban_assets.commands.printing import print_json, progress_bar, show_blocks
from hoban_assets.errors import HobanError
from hoban_assets.settings import Settings

if TYPE_CHECKING:
    from hoban_assets.evaluation.comparing import Paired
    from hoban_assets.evaluation.noise import Noise
    from hoban_assets.evaluation.subjects import Subject


@app.command(rich_help_panel=LOOK)
def compare(
    models: Annotated[
        list[str], typer.Argument(help="model_v8 model_v9 ..., or v8 v9; the first is the base")
    ],
    partition: Partition = "sub",
    page: Annotated[
        bool, typer.Option("--page", help="Write the page with pictures too, and say where.")
    ] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    on: Annotated[
        str | None,
        typer.Option(
            "--on",
            metavar="SET",
            help="A benchmark, or val; by default the first benchmark, val where there is none.",
        ),
    ] = None,
    recorded: Annotated[
        bool, typer.Option("--recorded", help="Only figures that are recorded; look at no picture.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare models with the first one: on the same pictures, then figures, recipes and data.

    The same pictures are a benchmark, or of their validation what none of them was trained on;
    difference and 95 % interval are of both models drawn together. Recorded figures are
    label-aware (each class only on images whose source labels it); 'all (stock)' is what
    Ultralytics counts. Columns ending in ± are differences to the first model.

    Example: hoban compare model_v8 model_v9 --partition sub
    """
    from hoban_assets.reporting.comparison.data import as_json as json_of
    from hoban_assets.reporting.comparison.document import document
    from hoban_assets.reporting.comparison.figures import compare as compared
    from hoban_assets.reporting.evaluation import paired
    from hoban_assets.reporting.markdown import markdown as as_markdown

    settings, say = here()
    with asking_catalog() as ask:
        found = compared(ask, _known(ask, models, partition), partition)
        subjects = _with_weights(ask, [model.name for model in found.models], partition)
        benchmark = _benchmark(ask, on, partition)
    noise = _noise([model.name for model in found.models], partition, settings)
    same, reason = (
        ((), say("asked for"))
        if recorded
        else _on_the_same(subjects, benchmark, partition, settings)
    )
    if as_json:
        print_json({**json_of(found), "same_pictures": paired.as_json(same), "reason": reason})
        return
    told, first = list(document(found, say)), paired.blocks(same, reason, say, noise)
    if markdown:
        typer.echo(as_markdown([told[0], *first, *told[1:]]), nl=False)
        return
    show_blocks([*first, *told])
    if page:
        from hoban_assets.reporting.comparison.writing import write_comparison

        names = [model.name for model in found.models]
        report = write_comparison(settings, partition, typer.echo, names)
        typer.echo("\n" + "\n".join(map(str, report.files)))


def _noise(names: list[str], partition: str, settings: Settings) -> Noise | None:
    """The seed noise of one of the models, the last one first."""
    if not (settings.data_root / "noise").is_dir():
        return None  # nothing heavy is imported for that answer
    from hoban_assets.evaluation.noise import read_noise

    found = (read_noise(settings, name, partition) for name in reversed(names))
    return next((each for each in found if each is not None), None)


def _with_weights(ask: Ask, names: list[str], partition: str) -> list[Subject] | HobanError:
    """The models that can look at pictures again, or what keeps one from it."""
    from hoban_assets.evaluation.subjects import trained_model

    try:
        return [trained_model(ask, name, partition) for name in names]
    except HobanError as error:
        return error


def _benchmark(ask: Ask, on: str | None, partition: str) -> str | None:
    """The benchmark to compare on; None: validation images that no model was trained on.

    Raises:
        HobanError: there is no such benchmark.
    """
    rows = ask(
        "SELECT asset FROM images JOIN assets USING (asset, partition) "
        "WHERE partition = ? AND kind = 'benchmark' GROUP BY asset ORDER BY asset",
        [partition],
    )
    known = [row["asset"] for row in rows]
    if on is None:
        return known[0] if known else None
    return None if on == "val" else nearest(on, known, "benchmark")


def _on_the_same(
    subjects: list[Subject] | HobanError, benchmark: str | None, partition: str, settings: Settings
) -> tuple[tuple[Paired, ...], str]:
    """What comes out on the same pictures, or why there is nothing."""
    if isinstance(subjects, HobanError):
        return (), str(subjects)
    from hoban_assets.catalog.store import Catalog
    from hoban_assets.evaluation.pictures import benchmark_pictures
    from hoban_assets.evaluation.same_pictures import hold_together, pictures_for

    try:
        if benchmark is None:
            pictures = pictures_for(subjects)
        else:
            catalog = Catalog(settings.catalog_path, deadline=settings.catalog_wait)
            pictures = benchmark_pictures(catalog, benchmark, partition, settings.raw_root)
        return hold_together(subjects, pictures, settings, progress_bar), ""
    except HobanError as error:
        return (), str(error)


def _known(ask: Ask, typed: list[str], partition: str) -> list[str]:
    from hoban_assets.reporting.comparison.figures import named, never_trained, trained_models

    anywhere, here = trained_models(ask), trained_models(ask, partition)
    names = list(
        dict.fromkeys(built_one(named(t, anywhere), anywhere, "model", partition) for t in typed)
    )
    for name in names:
        if name not in here:
            raise never_trained(name, partition)
    if len(names) < 2:
        raise HobanError(
            "a comparison needs two models",
            f"trained for {partition}: {', '.join(here)}; for one: hoban results {names[0]}",
        )
    return names
