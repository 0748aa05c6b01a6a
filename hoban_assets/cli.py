"""The `hoban` command: what is easier to type than to click."""

from __future__ import annotations

import copy
import importlib
import os
import pkgutil
import sys

import click
import typer

from hoban_assets import commands
from hoban_assets.collector import imports_stay, look_seldom
from hoban_assets.commands.app import PANELS
from hoban_assets.commands.app import app as _app
from hoban_assets.errors import HobanError, of_the_machine
from hoban_assets.file_systems import refuse_no_data_root
from hoban_assets.files import private
from hoban_assets.settings import Settings, home_of, language_of
from hoban_assets.windows import as_in_linux

_ALSO_IN = {"fate": "why", "sql": "catalog", "summary": "catalog", "sample_data": "sample"}
"""Commands that share a module with another one."""
_ANY_TEXT = {"why", "fate", "find", "sql"}
"""Commands that take a path of Windows, or any text."""


def __getattr__(name: str) -> typer.Typer:
    if name != "app":
        raise AttributeError(name)
    return _with_commands()


def _with_commands(called: str = "") -> typer.Typer:
    """The application with the command that is `called`: importing all of them takes 0.15 s.

    With all of them where there is no such command, or none is called.
    """
    modules = {module.name for module in pkgutil.iter_modules(commands.__path__)}
    name = called.replace("-", "_")
    _import({_ALSO_IN.get(name, name)} & modules)
    known = (c.name or getattr(c.callback, "__name__", "") for c in _app.registered_commands)
    if name not in {*known, *(group.name for group in _app.registered_groups)}:
        _import(modules)
    _app.registered_commands.sort(
        key=lambda c: c.rich_help_panel in PANELS and PANELS.index(c.rich_help_panel)
    )
    return _app


def _import(modules: set[str]) -> None:
    with imports_stay():
        for module in sorted(modules):
            importlib.import_module(f"{commands.__name__}.{module}")


def main() -> None:
    """Run the command; an error that the user can fix is one message, not a traceback."""
    private()
    look_seldom()
    language = "en"
    try:
        language = language_of(os.environ)
        # Without env.sh a command means the checkout that it belongs to, as the others do.
        if (home := home_of(os.environ)).joinpath("dagster.yaml").is_file():
            os.environ.setdefault("DAGSTER_HOME", str(home))
        _refuse_windows_paths(sys.argv[1:])
        status = _command(language)(standalone_mode=False)  # so that its errors are told as ours
        sys.exit(status if isinstance(status, int) else 0)
    except click.exceptions.NoArgsIsHelpError as error:  # the help was printed already
        sys.exit(error.exit_code)
    except click.UsageError as error:
        from hoban_assets.reporting.translating import usage_said

        typer.echo(usage_said(error, language), err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:  # before the command began
        sys.exit(130)
    except click.Abort:
        from hoban_assets.language import speaker

        typer.echo(speaker(language)("Stopped."), err=True)
        sys.exit(1)
    except HobanError as error:
        from hoban_assets.reporting.translating import said

        typer.echo(said(error, language), err=True)
        sys.exit(1)
    except Exception as error:
        known = of_the_machine(error) or _of_the_data_root(error) or _of_the_packages(error)
        if known is None:
            raise
        from hoban_assets.reporting.translating import said

        typer.echo(said(known, language), err=True)
        sys.exit(1)


def _of_the_data_root(error: Exception) -> HobanError | None:
    """That there can be no data root, where `error` is that a file could not be made."""
    if isinstance(error, OSError):
        try:
            refuse_no_data_root(Settings.from_env().data_root)
        except HobanError as known:
            return known
    return None


def _of_the_packages(error: Exception) -> HobanError | None:
    """That a package is not installed; None where it is a module of our own that is not there."""
    name = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
    if not name or name.partition(".")[0] == "hoban_assets":
        return None
    return HobanError(
        f"the environment {sys.prefix} has no package {name}",
        "it is not whole: make setup, in the folder of the project, installs what is missing",
    )


def _command(language: str) -> typer.core.TyperGroup:
    """All commands, with their help in a language."""
    called = sys.argv[1] if len(sys.argv) > 1 else ""
    application = _with_commands(called)
    if called in ("", "--help"):
        application = copy.copy(application)
        application.registered_commands = [_listed(c) for c in application.registered_commands]
    group = typer.main.get_group(application)
    alone = len(sys.argv) == 1 or [c.name for c in application.registered_groups] == sys.argv[1:]
    if language != "en" and (alone or not {"--help", "-h"}.isdisjoint(sys.argv)):
        from hoban_assets.language import speaker
        from hoban_assets.reporting.translating import translate_help

        translate_help(group, speaker(language))
    return group


def _listed(command: typer.models.CommandInfo) -> typer.models.CommandInfo:
    """A command as the list of all shows it: reading the options of each takes 0.08 s."""

    def nothing() -> None: ...

    listed = copy.copy(command)
    nothing.__name__ = getattr(command.callback, "__name__", "")
    nothing.__doc__ = getattr(command.callback, "__doc__", "")
    listed.callback = nothing
    return listed


def _refuse_windows_paths(words: list[str]) -> None:
    if words and words[0] in _ANY_TEXT:
        return
    for word in words:
        if linux := as_in_linux(word):
            raise HobanError(f"{word} is a path of Windows", f"in WSL it is '{linux}'")
