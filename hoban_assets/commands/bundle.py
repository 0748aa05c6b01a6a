"""`hoban bundle`: one archive with all that a GPU server needs to train."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hoban_assets.asset_names import MODEL, dataset_of, kind_of
from hoban_assets.catalog.asked import Ask
from hoban_assets.commands.app import UPKEEP, app, asking_catalog, here, known_asset, nearest
from hoban_assets.commands.bundle_words import as_json_of, contents, what_next
from hoban_assets.commands.options import AsJson, Partition
from hoban_assets.commands.printing import print_json, progress_bar, show_blocks, tell
from hoban_assets.errors import HobanError
from hoban_assets.howto import build_all
from hoban_assets.settings import Settings

if TYPE_CHECKING:
    from hoban_assets.handoff.bundle.contents import Bundle
    from hoban_assets.handoff.bundle.readme import ClassCounts

BUNDLES = "bundles"
"""Folder below the data root: archives, and the list of files of each."""


@app.command(rich_help_panel=UPKEEP)
def bundle(
    dataset: Annotated[str, typer.Argument(help="Dataset, for instance dataset_v9 or v9.")],
    partition: Partition = "full",
    since: Annotated[
        str | None,
        typer.Option(
            metavar="PREVIOUS",
            help="Only what the server lacks: name of the bundle that it has, or that archive, or "
            "its bundle.json.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Archive to write, or an existing folder for it.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be in it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Pack dataset, weights and scripts into one archive for a GPU server without network.

    On the server one command trains: ./train.sh. Its results come back by hoban import-results.

    Example: hoban bundle dataset_v9 --partition full
    Example: hoban bundle dataset_v9 --since dataset_v8_full_0123456789ab
    """
    from hoban_assets.handoff.bundle.hashes import HashMemory
    from hoban_assets.handoff.bundle.making import Packed, make
    from hoban_assets.handoff.bundle.since import packed_since, read_previous

    settings, say = here()
    bundles = settings.data_root / BUNDLES
    previous = read_previous(since, bundles) if since is not None else None
    whole, classes = _collected(dataset, partition, settings)
    memory = HashMemory(settings.cache / "sha256")
    with _stopping():
        if previous is None:
            packed = Packed(whole.name, whole, whole.entries)
        else:
            with progress_bar("hashing", in_bytes=True) as progress:
                packed = packed_since(whole, previous, memory, settings.workers, progress)
        target = _target(output, bundles, packed.name)
        if not as_json:
            show_blocks(contents(packed, classes, say))
        began = time.monotonic()
        if not dry_run:
            with progress_bar("packing", in_bytes=True) as progress:
                make(packed, target, bundles, memory, settings.workers, progress)
    seconds = time.monotonic() - began
    if as_json:
        print_json(as_json_of(packed, target, classes, written=not dry_run))
    elif dry_run:
        tell("Nothing was written (--dry-run); it would be {file}", file=target)
    else:
        show_blocks(what_next(packed, target, seconds, say))


def _collected(name: str, partition: str, settings: Settings) -> tuple[Bundle, list[ClassCounts]]:
    """What goes into the bundle of a dataset that is built.

    Raises:
        HobanError: no such dataset, not built for this partition, or weights are missing.
    """
    from hoban_assets.declared.recipes import declared_recipes
    from hoban_assets.handoff.bundle.contents import bundle_of
    from hoban_assets.publish.yolo_tree import what_is_wrong
    from hoban_assets.training.plan import plan_training

    if kind_of(name) == MODEL:
        raise HobanError(
            f"{name} is a model; a bundle is made of the dataset that it is trained on",
            f"hoban bundle {dataset_of(name)} --partition {partition}",
        )
    recipes = {recipe.dataset: recipe for recipe in declared_recipes()}
    dataset = dataset_of(name)
    if dataset not in recipes and name != dataset:
        dataset = name
    recipe = recipes[nearest(dataset, recipes, "dataset")]
    with asking_catalog() as ask:
        known_asset(ask, dataset, partition)
        (current,) = ask(
            "SELECT path, data_version FROM materializations "
            "WHERE is_current AND asset = ? AND partition = ?",
            [dataset, partition],
        )
        classes = _class_counts(ask, dataset, partition)
    path = Path(current["path"] or "")
    if wrong := what_is_wrong(path) if current["path"] else "it has no folder":
        raise HobanError(
            f"{dataset} [{partition}] is not as it was published: {wrong}",
            build_all(dataset, partition),
        )
    plan = plan_training(
        recipe.model,
        partition,
        settings,
        dataset_path=path,
        dataset_version=current["data_version"] or "",
        **recipe.as_training(),
    )
    return bundle_of(plan, dataset, current["data_version"] or "", classes), classes


def _class_counts(ask: Ask, dataset: str, partition: str) -> list[ClassCounts]:
    from hoban_assets.classes import CLASS_NAMES
    from hoban_assets.handoff.bundle.readme import ClassCounts

    rows = ask(
        "SELECT coalesce(b.class_name, 'background') AS class_name, i.split, "
        "count(DISTINCT i.image_id) AS images, count(b.class_name) AS boxes "
        "FROM images AS i LEFT JOIN boxes AS b USING (asset, partition, image_id) "
        "WHERE asset = ? AND partition = ? GROUP BY ALL",
        [dataset, partition],
    )
    found = {(row["class_name"], row["split"]): (row["images"], row["boxes"]) for row in rows}
    names = [n for n in (*CLASS_NAMES, "background") if n in {row["class_name"] for row in rows}]
    return [
        ClassCounts(n, *found.get((n, "train"), (0, 0)), *found.get((n, "val"), (0, 0)))
        for n in names
    ]


def _target(output: Path | None, bundles: Path, name: str) -> Path:
    if output is None:
        return bundles / f"{name}.tar"
    output = output.expanduser().absolute()
    return output / f"{name}.tar" if output.is_dir() else output


@contextmanager
def _stopping() -> Iterator[None]:
    """Turn Ctrl-C and SIGTERM into one message, after what was half-written is gone."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        tell("stopped; nothing was written. The same command starts again", err=True)
        sys.exit(130)
    finally:
        signal.signal(signal.SIGTERM, before)
