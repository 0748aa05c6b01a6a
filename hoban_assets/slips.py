"""The commonest slips of `dagster asset materialize` and `dg launch`, answered in one message.

Dagster tells of a missing partition after ten seconds, by two tracebacks. The definitions are
imported before that, so they look at the command line first. Pure, and nothing heavy.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence

from hoban_assets.errors import HobanError
from hoban_assets.settings import PARTITIONS

_COMMANDS = {"--select": ("dagster", "asset", "materialize"), "--assets": ("dg", "launch")}
"""Option that names assets -> its command."""
_NAMES = re.compile(r"[*+]*[\w/-]+[*+]*(\s*,\s*[*+]*[\w/-]+[*+]*)*")


def refuse_slips(argv: Sequence[str], env: Mapping[str, str]) -> None:
    """Look at the command line of the process that loads the graph.

    Raises:
        HobanError: it is a command to materialise that cannot end well.
    """
    words = list(argv)
    option = _option(words)
    if option is None:
        return
    if not env.get("DAGSTER_HOME"):
        raise HobanError(
            "DAGSTER_HOME is not set, so Dagster would forget what it builds",
            ". ./env.sh   (in the checkout), or: hoban build v9",
        )
    select, partition = _value(words, option), _value(words, "--partition")
    if _value(words, "--partition-range") is not None or select is None:
        return
    if all(part.startswith("raw/") for part in select.split(",")):
        return  # sources have no partitions
    again = f"{' '.join(_COMMANDS[option])} {option} '{select}' --partition"
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


def refuse_unknown(argv: Sequence[str], names: Collection[str]) -> None:
    """Look at the assets that a command names, once it is known which there are.

    Raises:
        HobanError: one of them is not there. Selections by more than names are Dagster's to judge.
    """
    option = _option(list(argv))
    select = _value(list(argv), option) if option else None
    if option is None or select is None or not _NAMES.fullmatch(select):
        return
    for name in (part.strip("*+ ") for part in select.split(",")):
        if name not in names:
            near = difflib.get_close_matches(name, sorted(names), n=1)
            known = f"did you mean {near[0]}?" if near else "hoban status"
            raise HobanError(f"no asset '{name}'", known)


def _option(words: Sequence[str]) -> str | None:
    """The option that names assets, where this is a command that materialises them."""
    if "--help" in words:
        return None
    for option, command in _COMMANDS.items():
        if tuple(words[1 : len(command)]) == command[1:]:
            return option
    return None


def _value(words: Sequence[str], option: str) -> str | None:
    """Value of an option, given as ``--option value`` or ``--option=value``."""
    for number, word in enumerate(words):
        if word == option and number + 1 < len(words):
            return words[number + 1]
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return None
