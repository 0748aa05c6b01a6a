"""Homes into which what a server handed in is imported."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from handed_in_runs import HandedIn, Home, home_in

from hoban_assets.components.inbox import import_results
from hoban_assets.declared.recipes import declared_recipes

RECIPES = {recipe.model: recipe for recipe in declared_recipes()}


@contextmanager
def made_in(folder: Path) -> Iterator[Home]:
    """A home whose settings are those of this process."""
    with dg.DagsterInstance.ephemeral() as instance, pytest.MonkeyPatch.context() as patch:
        made = home_in(folder, instance)
        for name, value in made.env.items():
            patch.setenv(name, value)
        yield made


def packed(home: Home, handed_in: HandedIn | None = None) -> Path:
    """The archive, on what was carried here."""
    return (handed_in or HandedIn()).tar(home.root / "usb")


def bring_in(home: Home, handed_in: HandedIn | None = None, **options: Any) -> Any:
    """Import it, and log nothing."""
    path = packed(home, handed_in)
    return import_results(path, home.settings, RECIPES, home.instance, lambda line: None, **options)
