"""The commonest slips of `dagster asset materialize`, answered before Dagster loads the graph.

Dagster tells of a missing partition after ten seconds, by two tracebacks. The definitions are
imported before that, so they look at the command line first. Pure, and nothing heavy.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from hoban_assets.errors import HobanError
from hoban_assets.settings import PARTITIONS


def refuse_slips(argv: Sequence[str], env: Mapping[str, str]) -> None:
    """Look at the command line of the process that loads the graph.

    Raises:
        HobanError: it is a command to materialise that cannot end well.
    """
    words = list(argv)
    if words[1:3] != ["asset", "materialize"] or "--help" in words:
        return
    if not env.get("DAGSTER_HOME"):
        raise HobanError(
            "DAGSTER_HOME is not set, so Dagster would forget what it builds",
            ". ./env.sh   (in the checkout), or: hoban build v9",
        )
    select, partition = _value(words, "--select"), _value(words, "--partition")
    if _value(words, "--partition-range") is not None or select is None:
        return
    if all(part.startswith("raw/") for part in select.split(",")):
        return  # sources have no partitions
    again = f"dagster asset materialize --select '{select}' --partition"
    if partition is None:
        raise HobanError(
            "no partition is named: sub is the laptop, full the server", f"{again} sub"
        )
    if partition not in PARTITIONS:
        near = difflib.get_close_matches(partition.lower(), PARTITIONS, n=1, cutoff=0.5)
        raise HobanError(
            f"no partition {partition!r}: there are {' and '.join(PARTITIONS)}",
            f"{again} {near[0] if near else PARTITIONS[0]}",
        )


def _value(words: Sequence[str], option: str) -> str | None:
    """Value of an option, given as ``--option value`` or ``--option=value``."""
    for number, word in enumerate(words):
        if word == option and number + 1 < len(words):
            return words[number + 1]
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return None
