"""The `hoban` command: what is easier to type than to click."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import typer

from hoban_assets import commands
from hoban_assets.commands.app import app
from hoban_assets.errors import HobanError

for _module in pkgutil.iter_modules(commands.__path__):
    importlib.import_module(f"{commands.__name__}.{_module.name}")


def main() -> None:
    """Run the command; an error that the user can fix is one line, not a traceback."""
    try:
        app()
    except HobanError as error:
        typer.echo(f"error: {error.problem}\n  way out: {error.way_out}", err=True)
        sys.exit(1)
