"""The commands that messages tell a user to type."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from hoban_assets.asset_names import dataset_of

VERSIONS = Path(__file__).parent / "defs" / "versions"


def build(*assets: str, partition: str) -> str:
    """The command that builds these assets and no others."""
    selected = shlex.quote(",".join(assets))
    return with_partition(f"dagster asset materialize --select {selected}", partition)


def with_partition(command: str, partition: str) -> str:
    """A command for a partition, a range of them ('a...b'), or '' (none)."""
    option = "--partition-range" if "..." in partition else "--partition"
    return f"{command} {option} {partition}" if partition else command


def build_all(what: str, partition: str, *, model: bool = False) -> str:
    """The command that builds an asset or a version with everything that it is made from.

    `model`: of a version, its model too.
    """
    return f"hoban build {what}{' --model' if model else ''} --partition {partition}"


def rebuild(partition: str) -> str:
    """The command that brings a partition up to date."""
    return f"hoban rebuild --partition {partition}"


def build_first(partition: str) -> str:
    """Where nothing was built yet: the command that builds the newest declared dataset."""
    names = [folder.name for folder in VERSIONS.glob("v*") if folder.is_dir()]
    newest = max(names, key=lambda name: int("0" + re.sub(r"\D", "", name)), default="VERSION")
    return build_all(dataset_of(newest), partition)


def declare(folder: str) -> str:
    """The command that writes the entry of a raw folder."""
    return f"hoban inspect {shlex.quote(folder)} --declare"
