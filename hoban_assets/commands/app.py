"""What all `hoban` commands share: the application, the catalog, names that were typed.

Modules of this package import nothing heavy (pandas, dagster, DuckDB) at their top: `hoban`
answers within a second.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoban_assets.asset_names import MODEL, dataset_of, kind_of, version_of
from hoban_assets.catalog.asked import Ask
from hoban_assets.errors import HobanError
from hoban_assets.howto import build_all
from hoban_assets.settings import PARTITIONS, Settings
from hoban_assets.visible import in_line, visible

if TYPE_CHECKING:
    from hoban_assets.language import Say

BUILD = "Build"
LOOK = "Look at data and models"
FIX = "Correct labels"
REPORTS = "Reports"
UPKEEP = "Upkeep"
PANELS = (BUILD, LOOK, FIX, REPORTS, UPKEEP)
"""Groups of commands in the help, in their order."""

_echo = typer.echo


def _echo_visibly(message: Any = None, *more: Any, **options: Any) -> None:
    """Print text in which nothing is obeyed by the terminal, whoever named it."""
    if isinstance(message, PurePath):
        message = in_line(message)
    _echo(visible(message) if isinstance(message, str) else message, *more, **options)


typer.echo = _echo_visibly  # so no command can forget it
app = typer.Typer(
    help="Construction-safety datasets and detectors. Build with `hoban build`, look with the "
    "others.",
    no_args_is_help=True,
    add_completion=False,
    suggest_commands=False,  # click does, and would say it twice
    pretty_exceptions_enable=False,
)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"hoban {version('hoban_assets')}")
        raise typer.Exit


@app.callback()
def hoban(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Take what belongs to no command."""


def here() -> tuple[Settings, Say]:
    """Settings of this call, and how its user is spoken to."""
    from hoban_assets.language import speaker

    settings = Settings.from_env()
    return settings, speaker(settings.language)


@contextmanager
def asking_catalog(*, sealed: bool = False) -> Iterator[Ask]:
    """Open the catalog of this data root to read; `sealed`: see `answers.asking`."""
    from hoban_assets.catalog.answers import asking

    settings = Settings.from_env()
    with asking(settings.catalog_path, settings.catalog_wait, sealed=sealed) as ask:
        yield ask


def known_asset(ask: Ask, name: str, partition: str | None = None) -> str:
    """Return `name` if the catalog knows a stage or dataset (in this partition) called so.

    Args:
        ask: open catalog.
        name: as typed.
        partition: None: in any.

    Raises:
        HobanError: it does not; names the nearest one, or the command that builds it.
    """
    known = ask(
        "SELECT DISTINCT asset, partition FROM materializations "
        "WHERE is_current AND images IS NOT NULL"
    )
    built = {row["asset"] for row in known if partition in (None, row["partition"])}
    name = name if name in built or dataset_of(name) not in built else dataset_of(name)
    return built_one(name, sorted(built), "asset", partition or PARTITIONS[0])


def built_one(name: str, built: Iterable[str], kind: str, partition: str) -> str:
    """Return `name` where it is among what was `built`.

    Raises:
        HobanError: it is declared and not built: names its command; or nothing is called so:
            names the nearest one.
    """
    names = list(built)
    if name not in names:
        from hoban_assets.freshness.declared import declared

        known = {asset.name for asset in declared(Settings.from_env().cache)}
        version = version_of(name)
        for asset in (name, *(f"{word}_{name}" for word in kind.split()), dataset_of(name)):
            if asset in known and asset not in names:
                is_model = kind_of(asset) == MODEL
                raise HobanError(
                    f"{asset} [{partition}] is declared, but was not built yet",
                    build_all(version, partition, model=is_model),
                )
    return nearest(name, names, kind)


def one_of(known: Iterable[str], kind: str) -> Callable[[str | None], str | None]:
    """Return the callback of an option that takes one of `known` names (see `nearest`)."""
    return lambda value: None if value is None else nearest(value, known, kind)


def nearest(
    value: str, known: Iterable[str], kind: str, titles: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Return `value` where it is `known`; `titles`: what a reader calls the names.

    Raises:
        HobanError: it is not; the way out names the nearest match.
    """
    names = list(known)
    if value in names:
        return value
    ways = (value.lower(), f"{kind.split()[-1]}_{value.lower()}")  # v99 is like model_v9
    close = [n for way in ways for n in difflib.get_close_matches(way, names, n=1, cutoff=0.5)]
    listed = ", ".join(f"{n} = {titles[n]}" if n in titles else n for n in names)
    way_out = f"did you mean {close[0]}?" if close else f"known: {listed or 'none yet'}"
    raise HobanError(f"no {kind} {value!r}", way_out)
