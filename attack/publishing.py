"""Kills, two publishers at once, full disks and damage: a published tree is whole or not there."""

from __future__ import annotations

import os
import random
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attack.harness import FORK, Row, duration_of, killed_at_random

IMAGES = 300


def world(folder: Path) -> tuple[Any, Path]:
    """Samples of drawn photographs, and their raw root."""
    from builders import samples_of
    from test_published_files import draw

    from hoban_assets.formats.image_facts import apply_facts, read_facts
    from hoban_assets.samples import Samples

    names = [f"yard/{number}.jpg" for number in range(IMAGES)]
    for seed, name in enumerate(names):
        draw(folder / "raw" / name, seed)
    unknown = {"width": [0] * IMAGES, "height": [0] * IMAGES}
    labelled = samples_of({name: [("person", 0.2)] for name in names}, **unknown)
    files = labelled.images.file.tolist()
    facts = read_facts(files, folder / "raw", folder / "facts.parquet", 1)
    found = apply_facts(labelled, facts)
    splits = ["val" if number % 5 == 0 else "train" for number in range(IMAGES)]
    images = found.images.assign(split=splits)
    return Samples(images, found.boxes, found.decisions), folder / "raw"


def rows(folder: Path, size: int, dice: random.Random) -> Iterator[Row]:
    """`size` attempts of each kind."""
    from hoban_assets.publish.yolo_tree import publish

    samples, raw = world(folder)
    tree = folder / "out" / "v"
    longest = duration_of(lambda: publish(samples, raw, tree))
    yield _kills(samples, raw, tree, size, longest, dice)
    yield _full(samples, raw, tree, size, dice)
    yield _damage(samples, raw, tree)


def _kills(
    samples: Any, raw: Path, tree: Path, size: int, longest: float, dice: random.Random
) -> Row:
    """Two publish a damaged or absent tree at once, one is killed; the other's result is whole."""
    from hoban_assets.publish.yolo_tree import publish, what_is_wrong

    row = Row("publish: two at once, one killed", size)
    for number in range(size):
        if number % 2:
            shutil.rmtree(tree, ignore_errors=True)
        else:
            (tree / "data.yaml").unlink(missing_ok=True)
        other = FORK.Process(target=publish, args=(samples, raw, tree))
        other.start()
        killed_at_random(publish, (samples, raw, tree), longest, dice)
        other.join()
        wrong = f"ended with {other.exitcode}" if other.exitcode else what_is_wrong(tree)
        row.note(wrong or _left(tree))
    return row


def _full(samples: Any, raw: Path, tree: Path, size: int, dice: random.Random) -> Row:
    """No file may grow beyond a limit: one message, and what was there stays."""
    from hoban_assets.errors import HobanError
    from hoban_assets.publish.yolo_tree import publish, what_is_wrong

    def limited(limit: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            publish(samples, raw, tree)
        except HobanError as error:
            os._exit(3 if "no space left" in error.problem else 4)
        os._exit(0)

    row = Row("publish: no space left", size)
    manifest = (tree / "manifest.parquet").stat().st_size
    for _ in range(size):
        shutil.rmtree(tree, ignore_errors=True)
        process = FORK.Process(target=limited, args=(dice.randrange(1, manifest),))
        process.start()
        process.join()
        ended = None if process.exitcode == 3 else f"ended with {process.exitcode}"
        row.note(ended or ("half a tree" if tree.exists() else None) or _left(tree))
    publish(samples, raw, tree)
    row.fault(what_is_wrong(tree))
    return row


def _damage(samples: Any, raw: Path, tree: Path) -> Row:
    from test_published_files import DAMAGE

    from hoban_assets.publish.yolo_tree import publish, what_is_wrong

    row = Row("published tree: kinds of damage", 2 * len(DAMAGE))
    for what, damage in DAMAGE.items():
        damage(tree)
        for file in (tree / "labels").rglob("*.txt"):
            os.utime(file, (4e9, 4e9))
        row.note(None if what_is_wrong(tree) else f"{what}: not found")
        publish(samples, raw, tree)
        row.note(f"{what}: {wrong}" if (wrong := what_is_wrong(tree)) else None)
    return row


def _left(tree: Path) -> str | None:
    """What a killed process left beside the tree is cleared away by the next that publishes."""
    left = [p.name for p in tree.parent.iterdir() if p != tree and ".building" not in p.name]
    return f"left: {left}" if left else None
