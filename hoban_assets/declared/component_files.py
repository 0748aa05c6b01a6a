"""Every defs.yaml that declares a component of a type, read without dagster."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

DEFS = Path(__file__).parents[1] / "defs"
_OURS = re.compile(r"\bhoban_assets\.[A-Z]\w+")
"""A type of component, in a file that is no YAML."""


@dataclass(frozen=True)
class Declaration:
    """A document of a defs.yaml: what it declares, or why that cannot be used."""

    file: Path
    value: Any
    """An instance of the model that was asked for; None: see `error`."""
    error: str = ""


def declarations(folder: Path, component: str, model: type[BaseModel]) -> Iterator[Declaration]:
    """Read every declaration of a component below `folder`, in the order of their paths.

    One that is wrong is reported and harms no other. Values must be written out: what Dagster
    fills into a defs.yaml (``{{ env.NAME }}``) is not known here, so such a file counts as wrong.
    """
    for file in sorted(folder.rglob("defs.yaml")):
        text = ""
        try:
            text = file.read_text(encoding="utf-8")
            documents = list(yaml.safe_load_all(text))
        except (OSError, UnicodeError, yaml.YAMLError) as error:
            if component in text or not _OURS.search(text):
                yield Declaration(file, None, " ".join(str(error).split()))
            continue
        for document in documents:
            if isinstance(document, dict) and document.get("type") == component:
                yield _validated(file, document.get("attributes"), model)


def _validated(file: Path, attributes: Any, model: type[BaseModel]) -> Declaration:
    try:
        return Declaration(file, model.model_validate(attributes))
    except ValidationError as error:
        return Declaration(file, None, explained(error, model))


def explained(error: ValidationError, model: type[BaseModel]) -> str:
    """Tell of each wrong field what is wrong, and what the field is for."""
    return "; ".join(_line(each, model) for each in error.errors())


def _line(found: Any, model: type[BaseModel]) -> str:
    place = ".".join(map(str, found["loc"])) or "attributes"
    name = str(found["loc"][0]) if found["loc"] else ""
    if found["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, model.model_fields, n=1, cutoff=0.5)
        meant = f"did you mean {near[0]}?" if near else f"known: {', '.join(model.model_fields)}"
        return f"{place}: there is no such field; {meant}"
    field = model.model_fields.get(name)
    purpose = f" ({name}: {field.description})" if field and field.description else ""
    return f"{place}: {found['msg'].removeprefix('Value error, ')}{purpose}"
