"""`hoban status`: where everything stands, and what is out of date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoban_assets.commands.app import LOOK, AsJson, app, cell, console, nearest, print_json
from hoban_assets.settings import PARTITIONS, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hoban_assets.reporting.status.status import Status

MOST = 8
"""Reasons of one artifact that are printed."""
_STYLES = {"up to date": "green", "stale": "yellow"}


def _one_of_both(value: str | None) -> str | None:
    return None if value is None else nearest(value, PARTITIONS, "partition")


@app.command(rich_help_panel=LOOK)
def status(
    partition: Annotated[
        str | None,
        typer.Option(help=f"{' or '.join(PARTITIONS)}; both by default.", callback=_one_of_both),
    ] = None,
    composition: Annotated[
        bool, typer.Option("--composition", help="Also each dataset per class, source and split.")
    ] = False,
    check_raw: Annotated[
        bool,
        typer.Option(
            "--check-raw",
            help="Also compare the raw files with those that were read (minutes on slow disks), "
            "and measure the disk anew.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show every artifact: age, images, boxes per class, disk use, and what is stale and why.

    Example: hoban status --partition sub
    """
    from hoban_assets.reporting.language import speaker
    from hoban_assets.reporting.status.status import status_of
    from hoban_assets.reporting.status.words import as_json as everything

    settings = Settings.from_env()
    found = status_of(
        settings,
        (partition,) if partition else PARTITIONS,
        composition=composition or as_json,
        check_raw=check_raw,
        fresh=check_raw,
        log=lambda line: typer.echo(f"{line} ...", err=True) if check_raw else None,
    )
    say = speaker(settings.language)
    if as_json:
        print_json(everything(found, say))
        return
    _print(found, say, composition)


def _print(found: Status, say: Callable[..., str], composition: bool) -> None:
    from hoban_assets.reporting.status.words import headline

    screen = console()
    screen.print(f"\n[bold]{cell(headline(found, say))}[/bold]\n")
    if found.built:
        screen.print(_artifacts(found, say))
    _sentences(screen, found, say)
    if composition:
        for table in _compositions(found, say):
            screen.print(table)
    if found.places:
        screen.print(_disk(found, say))
    where = {"data": found.settings.data_root, "raw": found.settings.raw_root}
    screen.print(f"\n{say('data root')} {where['data']}   {say('raw root')} {where['raw']}")
    if found.built and not found.raw_checked:
        advice = say("Raw files were not compared with those that were read: --check-raw does.")
        screen.print(f"[dim]{advice}[/dim]")


def _table(title: str, *columns: str) -> Any:
    """A table; names of columns that start with '>' are right."""
    from rich import box
    from rich.table import Table

    made = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        title=title,
        title_justify="left",
        title_style="bold",
    )
    for name in columns:
        right = name.startswith(">")
        made.add_column(
            name.lstrip(">"), justify="right" if right else "left", overflow="fold", no_wrap=right
        )
    return made


def _artifacts(found: Status, say: Callable[..., str]) -> Any:
    from hoban_assets.reporting.status.words import built_text
    from hoban_assets.units import size_text

    classes = list(dict.fromkeys(name for a in found.built for name in a.classes))
    headings = [">" + name.replace("_", "\n") for name in classes]
    table = _table("", "asset", "in", "state", "built", ">images", *headings, ">disk", ">warn")
    for a in found.built:
        state = say(a.verdict.state)
        style = _STYLES.get(a.verdict.state, "red")
        table.add_row(
            a.asset,
            a.partition,
            f"[{style}]{state}[/{style}]",
            built_text(a.built_at, found.at, say),
            cell(a.images),
            *(cell(a.classes.get(name, 0) if a.images is not None else None) for name in classes),
            size_text(a.use.adds) if a.use else "-",
            f"[yellow]{len(a.checks)}[/yellow]" if a.checks else "",
        )
    return table


def _sentences(screen: Any, found: Status, say: Callable[..., str]) -> None:
    from hoban_assets.reporting.status import words as words

    def section(title: str, whys: list[words.Why], style: str) -> None:
        if whys:
            screen.print(f"\n[bold]{say(title)}[/bold]")
        for why in whys:
            screen.print(f"  [{style}]{cell(why.names)}[/{style}]")
            for sentence in why.sentences[:MOST]:
                screen.print(f"    - {cell(sentence)}")
            if (more := len(why.sentences) - MOST) > 0:
                screen.print(f"    - {say('{n} more reasons: --json has them', n=more)}")

    section("Out of date", words.stale(found, say), "yellow")
    if commands := words.ways_out(found):
        screen.print(f"  {say('To bring it up to date:')}")
        for command in commands:
            screen.print(f"    {cell(command)}", soft_wrap=True)
    section("Warnings of checks", words.warnings(found), "yellow")
    section("To know", words.remarked(found, say), "dim")
    section("Cannot be built again on this machine", words.noted(found, say), "yellow")
    section("Never built", words.never_built(found), "dim")
    if words.never_built(found):
        example = words.materialize("*NAME", found.partitions[0])
        screen.print(f"  {say('To build one with all it needs:')}\n    {example}")
    section("Cannot be built on this machine", words.impossible(found, say), "red")


def _compositions(found: Status, say: Callable[..., str]) -> Iterable[Any]:
    from hoban_assets.reporting.status.composed import pivoted, splits_of

    for (asset, partition), rows in pivoted(found.composition).items():
        splits = splits_of(rows)
        heads = [f">{split}\n{what}" for split in splits for what in ("images", "boxes")]
        table = _table(f"\n{asset} [{partition}]".replace("[", r"\["), "class", "source", *heads)
        for row in rows:
            counts = [cell(row.get(f"{s}_{what}")) for s in splits for what in ("images", "boxes")]
            table.add_row(row["class_name"], row["source"], *counts)
        yield table


def _disk(found: Status, say: Callable[..., str]) -> Any:
    from hoban_assets.units import size_text

    table = _table(f"\n{say('Disk')}", "what", ">adds", ">links", "where")
    for p in found.places:
        name = p.name if p.kind != "older build" else f"{p.name}, {say(p.kind)}"
        links = size_text(p.use.links) if p.use.links else ""
        table.add_row(cell(name), size_text(p.use.adds), links, cell(str(p.path)))
    total = size_text(sum(p.use.adds for p in found.places))
    table.add_row(f"[bold]{say('in all')}[/bold]", f"[bold]{total}[/bold]", "", "")
    return table
