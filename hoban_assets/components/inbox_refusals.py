"""Why a whole and unaltered result is not taken: it does not fit what is declared or built here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hoban_assets.catalog.store import Materialization
from hoban_assets.handoff.results.archive import Refused
from hoban_assets.handoff.results.manifest import Manifest
from hoban_assets.howto import build_all
from hoban_assets.pipeline.recipe import Recipe


def recipe_of(
    file: Path, manifest: Manifest, recipes: Mapping[str, Recipe], partition: str | None
) -> Recipe:
    """Return the recipe of the model that was handed in.

    Raises:
        Refused: none declares it, or it is of another partition than `partition`.
    """
    if partition is not None and manifest.partition != partition:
        raise Refused(
            "{file} is of partition {found}, not {wanted}",
            "leave --partition out, or give the archive of {wanted}",
            file=file,
            found=manifest.partition,
            wanted=partition,
        )
    recipe = recipes.get(manifest.model)
    if recipe is None or recipe.dataset != manifest.dataset:
        raise Refused(
            "{file} is a training of {model} on {dataset}, which no recipe here declares",
            "update this checkout (git pull), or put its defs.yaml back; declared are: {known}",
            file=file,
            model=manifest.model,
            dataset=manifest.dataset,
            known=", ".join(recipes),
        )
    return recipe


def must_be_current(
    file: Path,
    mine: Manifest,
    now: Materialization | None,
    trained_on: Mapping[str, Any] | None,
) -> None:
    """Refuse a training of other rows than those that are current here.

    Args:
        file: the archive.
        mine: what it says of itself.
        now: the current dataset.
        trained_on: the materialisation of the rows that it was trained on, where they were ever
            built here.

    Raises:
        Refused: with both versions, and when each was built.
    """
    named = {"dataset": mine.dataset, "partition": mine.partition, "file": file}
    if now is None:
        raise Refused(
            "{dataset} [{partition}] was never built here, so it is not known what {file} was "
            "trained on",
            "import it where the bundle was made (HOBAN_DATA_ROOT), or build the dataset here: "
            "{command}",
            command=build_all(mine.dataset, mine.partition),
            **named,
        )
    if now.data_version == mine.dataset_version:
        return
    values = {**named, "theirs": mine.dataset_version[:16], "ours": str(now.data_version)[:16]}
    values |= {"now": f"{now.created_at:%Y-%m-%d %H:%M}"}
    way_out = (
        "its figures would not belong to the current rows. Train on those: hoban bundle "
        "{dataset} --partition {partition}, then ./train.sh on the server"
    )
    if trained_on is None:
        raise Refused(
            "{file} was trained on another version of {dataset} [{partition}]: {theirs}, which "
            "was never built here; current is {ours}, built {now} UTC",
            way_out,
            **values,
        )
    raise Refused(
        "{file} was trained on another version of {dataset} [{partition}]: {theirs}, built "
        "{then} UTC; current is {ours}, built {now} UTC",
        way_out,
        **values,
        then=f"{trained_on['created_at']:%Y-%m-%d %H:%M}",
    )
