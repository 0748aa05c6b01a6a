"""What an asset is made from, as one JSON object: recorded, hashed, and compared.

A build records its ingredients in the catalog. Their hash is its key (same key, same rows), and
what differs between those recorded and those of now is why it is out of date. So a build and
`hoban status` cannot disagree: `key_of` and `changes` see the same fields in the same form.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

import xxhash

Ingredients: TypeAlias = dict[str, Any]
"""``partition``, ``code``, ``recipe``, ``inputs``, ``engine``; of a model ``machine``, ``chosen``
and ``ultralytics`` too. Only what JSON can hold."""
_BOTH = {"sub", "full"}
_OF_FULL = " (full)"
CORRECTIONS = "corrections"
"""Name of the input that stands for what people corrected by hand."""


def rows_from(
    recipe: Mapping[str, Any], partition: str, code: str, inputs: Mapping[str, str], engine: str
) -> Ingredients:
    """Ingredients of a stage or dataset.

    Args:
        recipe: ``as_recipe()`` of the stage or recipe; numbers of the other partition are left out.
        partition: 'sub' or 'full'.
        code: code version of its kind.
        inputs: data version of all that it reads, by name.
        engine: name of what computes features; '' where it needs none.
    """
    return {
        "partition": partition,
        "code": code,
        "recipe": of_partition(recipe, partition),
        "engine": engine or None,
        "inputs": dict(inputs),
    }


def can_be_taken_from(full: Ingredients, recipe: Mapping[str, Any], engine: str | None) -> bool:
    """Whether a dataset's `full` was made as `recipe` says now, so that `sub` can be part of it.

    Args:
        full: ingredients that its build recorded.
        recipe: ``as_recipe()`` of now.
        engine: name of the engine of now; None where it is not known and so not compared.
    """
    return not changes(
        {"recipe": full["recipe"], "engine": full["engine"]},
        {"recipe": of_partition(recipe, "full"), "engine": engine or full["engine"]},
    )


def of_full(asset: str, version: str | None) -> dict[str, str]:
    """Input of a `sub` that is taken from `full`: its data version; nothing where there is none."""
    return {} if version is None else {f"{asset}{_OF_FULL}": version}


def is_of_full(name: str) -> bool:
    """Whether an input is the `full` that a `sub` is taken from, as `of_full` names it."""
    return name.endswith(_OF_FULL)


def as_corrected(version: str) -> dict[str, str]:
    """Input of a stage whose pictures were corrected by hand; nothing where `version` is ''."""
    return {CORRECTIONS: version} if version else {}


def input_asset(name: str, partition: str) -> tuple[str, str]:
    """Asset and partition of an input of a build of `partition`."""
    return (name.removesuffix(_OF_FULL), "full") if is_of_full(name) else (name, partition)


def model_from(
    recipe: Mapping[str, Any],
    partition: str,
    code: str,
    inputs: Mapping[str, str],
    machine: Mapping[str, Any],
    chosen: Iterable[str],
    ultralytics: str,
) -> Ingredients:
    """Ingredients of a model.

    Args:
        recipe: what of its training belongs to the version (`Recipe.as_training`).
        partition: 'sub' or 'full'.
        code: code version of trainings.
        inputs: data version of its dataset, by name.
        machine: what decides the weights and belongs to a machine (`freshness.machine`).
        chosen: those of `machine` that were chosen for that run alone.
        ultralytics: its release.
    """
    return {
        "partition": partition,
        "code": code,
        "recipe": of_partition(recipe, partition),
        "inputs": dict(inputs),
        "machine": dict(machine),
        "chosen": sorted(chosen),
        "ultralytics": ultralytics,
    }


def deciding(declared: Any, tells: Iterable[str]) -> dict[str, Any]:
    """Fields of a dataclass as JSON, without those that decide nothing.

    A field that is added counts until somebody says that it only tells: a build too many is
    better than rows of an older declaration that pass as current.
    """
    left_out = set(tells)
    return {
        f.name: _as_json(getattr(declared, f.name))
        for f in fields(declared)
        if f.name not in left_out
    }


def of_partition(value: Any, partition: str) -> Any:
    """A recipe as it is in one partition: ``{sub: a, full: b}`` becomes a or b, at any depth."""
    if isinstance(value, Mapping):
        if set(value) == _BOTH:
            return value[partition]
        return {key: of_partition(item, partition) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [of_partition(item, partition) for item in value]
    return value


def key_of(made: Mapping[str, Any]) -> str:
    """Hash of ingredients, 32 hex digits: two have the same key where `changes` finds nothing."""
    parts = sorted((name, _text(value)) for name, value in _flat(made).items())
    return xxhash.xxh3_128_hexdigest(json.dumps(parts).encode())


def version_of(code: str, recipe: Mapping[str, Any]) -> str:
    """Code version for Dagster, whose UI so sees a changed recipe: ``<code>-<hash of it>``."""
    return f"{code}-{key_of(recipe)[:8]}"


@dataclass(frozen=True)
class Change:
    """One field that differs."""

    field: str
    """Dotted path, for instance ``area.person.least``."""
    before: Any
    """None: the field was not there."""
    after: Any
    """None: the field is not there any more."""

    def __str__(self) -> str:
        """``quota.sub: 3000 -> 2000``."""
        return f"{self.field}: {shown(self.before)} -> {shown(self.after)}"


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """List the fields that differ, in the order of `before`, then those that are only in `after`.

    Objects are compared field by field, lists as wholes (their order matters: it is the keep
    order of sources). An absent field equals one that is null.
    """
    old, new = _flat(before), _flat(after)
    return [
        Change(name, old.get(name), new.get(name))
        for name in dict.fromkeys((*old, *new))
        if _text(old.get(name)) != _text(new.get(name))
    ]


def shown(value: Any) -> str:
    """A value of a recipe as text: lists joined by commas, '-' for none."""
    if value is None:
        return "-"
    if isinstance(value, list | tuple):
        return ", ".join(shown(v) for v in value) or "(none)"
    if isinstance(value, Mapping):
        return " / ".join(f"{k} {shown(v)}" for k, v in value.items())
    if isinstance(value, bool):
        return json.dumps(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(item, Mapping):
            found |= _flat(item, f"{prefix}{key}.")
        elif item is not None:
            found[f"{prefix}{key}"] = list(item) if isinstance(item, tuple) else item
    return found


def _text(value: Any) -> str:
    """One text for equal values: 1.0 is 1, and a tuple is the list that JSON makes of it."""
    return json.dumps(_as_json(value), sort_keys=True, ensure_ascii=False)


def _as_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
