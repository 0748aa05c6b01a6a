"""`hoban build`: a dataset or a model, with all that it needs, without knowing Dagster."""

from __future__ import annotations

import os
import shlex
import signal
import time
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoban_assets.asset_names import DATASET, MODEL, kind_of, version_of
from hoban_assets.commands.app import BUILD, app, here
from hoban_assets.commands.options import Partition
from hoban_assets.commands.printing import show, tell
from hoban_assets.commands.wanted import wanted
from hoban_assets.errors import HobanError
from hoban_assets.settings import Settings

if TYPE_CHECKING:
    from hoban_assets.components.building.telling import Told
    from hoban_assets.language import Say
    from hoban_assets.reporting.status.figures import Artifact

_MARKS = {"begun": "…", "warning": "[yellow]![/yellow]", "done": "[green]✓[/green]"}
_EVERY_SECONDS = 5.0
"""Between two lines of progress where standard output is no terminal."""


@app.command(rich_help_panel=BUILD)
def build(
    what: Annotated[
        str, typer.Argument(help="Version (v9), dataset, model, or stage (coco_person).")
    ],
    partition: Partition = "sub",
    model: Annotated[
        bool, typer.Option("--model", help="Of a version: also train its model.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be built.")
    ] = False,
) -> None:
    """Build a dataset, and with --model its detector, with everything that they are made from.

    What is up to date is looked at and not read again. Ctrl-C ends it; the same command goes on.

    Example: hoban build v9
    Example: hoban build v9 --model --partition full
    """
    settings, say = here()
    again = _again(partition, what, model)
    try:
        assets = wanted(what, partition, settings, model=model)
        _build(settings, assets, partition, again, dry_run, say)
    except KeyboardInterrupt:
        signal.signal(
            signal.SIGINT, signal.SIG_IGN
        )  # who is impatient gets the answer all the same
        where = _goes_on(settings, wanted(what, partition, settings, model=model), partition, say)
        typer.echo(f"{say('Stopped.')} {where}\n  {again}")
        raise typer.Exit(130) from None


def _build(
    settings: Settings,
    assets: Sequence[str],
    partition: str,
    again: str,
    dry_run: bool,
    say: Say,
) -> None:
    """Say what is missing or would be copied, then build; with `dry_run` only say it.

    Raises:
        KeyboardInterrupt: somebody stopped it.
    """
    from hoban_assets.formats.source import refuse_no_raw_root
    from hoban_assets.reporting.status.figures import status_of
    from hoban_assets.weights import resolve_weights

    refuse_no_raw_root(settings.raw_root)
    status = status_of(settings, (partition,), composition=False)
    artifacts = {a.asset: a for a in status.artifacts}
    chosen = [artifacts[name] for name in assets]
    _refuse_what_cannot(chosen, say)
    if dry_run:
        show([_row(artifact, say) for artifact in chosen])
        _say_copies(settings, chosen, partition, say)
        tell("Nothing was built. To build it: {command}", command=again)
        return
    if any(artifact.kind == "model" for artifact in chosen):
        resolve_weights(settings.weights, settings.data_root)  # said now, not after the dataset
    _say_copies(settings, chosen, partition, say)
    _run(settings, assets, partition, say)


def _again(partition: str, what: str, model: bool) -> str:
    words = ["hoban", "build", what, "--partition", partition, *(["--model"] if model else [])]
    return shlex.join(words)


def _row(artifact: Artifact, say: Say) -> dict[str, str]:
    from hoban_assets.freshness.staleness import UP_TO_DATE

    state = artifact.verdict.state
    does = say("looked at; read again only where raw files changed")
    if state != UP_TO_DATE:
        does = say("trained") if artifact.kind == "model" else say("built")
    why = "; ".join(reason.said(say) for reason in artifact.verdict.reasons[:3])
    return {
        "asset": artifact.asset,
        "state": say(state),
        "what happens": does,
        "why": why or "-",
    }


def _refuse_what_cannot(chosen: Sequence[Artifact], say: Say) -> None:
    """Say before anything begins what is missing on this machine."""
    from hoban_assets.freshness.staleness import BROKEN, CANNOT

    reasons = {
        reason.said(say)
        for artifact in chosen
        if artifact.verdict.state in (CANNOT, BROKEN)
        for reason in artifact.verdict.reasons
    }
    if reasons:
        raise HobanError(
            "; ".join(sorted(reasons)),
            say("put it there, or point HOBAN_RAW_ROOT at the folder that holds it; hoban doctor"),
        )


def _say_copies(settings: Settings, chosen: Sequence[Artifact], partition: str, say: Say) -> None:
    """Before it begins: how much a dataset would copy where hard links are impossible."""
    from hoban_assets.freshness.staleness import UP_TO_DATE
    from hoban_assets.reporting.copies import copies_ahead, told_copies

    declared = {a.asset: a.declared for a in chosen if a.declared}
    for artifact in chosen:
        if artifact.kind == "dataset" and artifact.verdict.state != UP_TO_DATE:
            ahead = copies_ahead(settings, declared[artifact.asset], declared, partition)
            for line in told_copies(ahead, say):
                typer.echo(line, err=True)


def _run(settings: Settings, assets: Sequence[str], partition: str, say: Say) -> None:
    from hoban_assets.components.building.run import build as build_assets
    from hoban_assets.reporting.home.writing import write_home
    from hoban_assets.units import duration

    began = time.monotonic()
    log_file = settings.logs / f"build-{datetime.now():%Y%m%d-%H%M%S}.log"
    lines = _Lines(say, settings.language)
    with lines:
        outcome = build_assets(assets, partition, log_file, lines.tell, say)
    write_home(settings)
    if outcome.interrupted:
        raise KeyboardInterrupt
    if not outcome.success:
        tell("Not finished. All that was said: {file}", file=log_file, err=True)
        raise typer.Exit(1)
    tell("Done in {time}.", time=duration(time.monotonic() - began, say))
    for command in _next(assets[-1], partition):
        typer.echo(f"  {command}")


def _goes_on(settings: Settings, assets: Sequence[str], partition: str, say: Say) -> str:
    """What the same command does next."""
    from hoban_assets.training.begun import next_epoch

    epochs = [next_epoch(settings.models / a / partition) for a in assets if kind_of(a) == MODEL]
    if epoch := next((e for e in epochs if e), None):
        return say("Start the same command: it goes on at epoch {epoch}.", epoch=epoch)
    return say("Start the same command: what was finished is not built again.")


def _next(name: str, partition: str) -> list[str]:
    """Commands that look at what was built."""
    version = version_of(name)
    of = f" --partition {partition}" if partition != "sub" else ""
    if kind_of(name) == MODEL:
        return [f"hoban results {name}{of}", f"hoban summary {version}{of}"]
    if kind_of(name) == DATASET:
        return [
            f"hoban summary {version}{of}",
            f"hoban gallery {name} --class fallen --count 10{of}",
            f"hoban build {version} --model{of}",
        ]
    return [f"hoban quality {name}{of}", f"hoban sizes {name}{of}"]


class _Lines:
    """Prints what is told: lines that stay, and below them one line of progress."""

    def __init__(self, say: Say, language: str) -> None:
        from hoban_assets.reporting.terminal import cell, console

        # A copy, as descriptor 1 is a file's while Dagster is at work.
        terminal = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
        self._say, self._language = say, language
        self._screen, self._cell = console(terminal), cell
        self._live = _below(self._screen) if terminal.isatty() else None
        self._last = 0.0

    def __enter__(self) -> None:
        if self._live:
            self._live.start()

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def tell(self, line: Told) -> None:
        """Print one line."""
        from hoban_assets.components.building.telling import BEGUN, FAILED, PROGRESS, STOPPING
        from hoban_assets.reporting.translating import error_text

        if line.kind in (PROGRESS, BEGUN):
            self._progress(f"{line.asset}  {line.text}", stays=line.kind == BEGUN)
            return
        if line.kind == STOPPING:
            self._screen.print(self._cell(line.text))
            return
        if line.kind == FAILED:
            parts = line.text.partition(" -> ")
            problem, way_out = (error_text(part, self._language) for part in parts[::2])
            self._screen.print(f"[red]✗[/red] {line.asset:<20} {self._cell(problem)}")
            if way_out:
                self._screen.print(f"    {self._say('way out')}: {self._cell(way_out)}")
            return
        self._screen.print(f"{_MARKS[line.kind]} {line.asset:<20} {self._cell(line.text)}")

    def _progress(self, text: str, *, stays: bool) -> None:
        if self._live:
            self._live.get_renderable().update(text=self._cell(text))
        elif stays or time.monotonic() - self._last >= _EVERY_SECONDS:
            self._last = time.monotonic()
            self._screen.print(f"… {self._cell(text)}")


def _below(screen: Any) -> Any:
    """A line below what stays on a screen, which goes when it is stopped.

    Not `screen.status`: that one takes sys.stdout and sys.stderr, too, and shows what Dagster's
    loggers write into them, tracebacks among it.
    """
    from rich.live import Live
    from rich.spinner import Spinner

    return Live(
        Spinner("dots", style="status.spinner"),
        console=screen,
        refresh_per_second=8,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
