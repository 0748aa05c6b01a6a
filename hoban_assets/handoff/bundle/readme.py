"""README.md (Korean) and README.en.md of a bundle."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from hoban_assets.units import size_text

TEMPLATES = Path(__file__).parents[1] / "on_server"
README = {"README.md": "README.ko.md.j2", "README.en.md": "README.en.md.j2"}
README_SINCE = {"README.md": "README-since.md.j2"}


@dataclass(frozen=True)
class ClassCounts:
    """Images and boxes of one class in both splits; of a background no boxes."""

    class_name: str
    train_images: int
    train_boxes: int
    val_images: int
    val_boxes: int


def readmes(
    facts: Mapping[str, Any],
    expected: Mapping[str, Mapping[str, int]],
    classes: Sequence[ClassCounts],
    size: int,
) -> dict[str, str]:
    """File name -> text, of a whole bundle of `size` bytes."""
    values = {"classes": classes, "expected": expected, "size": size_text(size), **facts}
    return {file: _template(name).render(values) for file, name in README.items()}


def readmes_since(facts: Mapping[str, Any], count: int, size: int) -> dict[str, str]:
    """File name -> text, of a bundle with `count` new contents of `size` bytes."""
    values = {"count": count, "size": size_text(size), **facts}
    return {file: _template(name).render(values) for file, name in README_SINCE.items()}


@functools.cache
def _template(name: str) -> jinja2.Template:
    loader = jinja2.FileSystemLoader(TEMPLATES)
    # Markdown for a terminal: nothing to escape.
    environment = jinja2.Environment(  # noqa: S701
        loader=loader,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["n"] = "{:,}".format
    return environment.get_template(name)
