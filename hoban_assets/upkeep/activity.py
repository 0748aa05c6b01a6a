"""Who works with a folder at this moment, as far as this machine shows it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")


def is_alive(pid: int) -> bool:
    """Whether there is a process of this id (also of another user)."""
    return (PROC / str(pid)).exists()


def users_of(folders: Iterable[Path]) -> dict[Path, str]:
    """Name a process for each of the (real) `folders` that one works in, reads, or was given.

    Looks at working directories, open files and arguments of every process that may be looked at:
    a training that was started by hand is no Dagster run. This process and those that started it
    do not count. Empty where there is no /proc.
    """
    wanted = list(folders)
    found: dict[Path, str] = {}
    if not wanted or not PROC.is_dir():
        return found
    own = set(_ancestry(os.getpid()))
    for process in PROC.iterdir():
        if process.name.isdigit() and int(process.name) not in own:
            arguments = _arguments(process)
            places = list(_places(process))
            for folder in wanted:
                if folder not in found and _uses(str(folder), arguments, places):
                    found[folder] = f"{process.name} ({' '.join(arguments)[:60]})"
    return found


def _uses(folder: str, arguments: list[str], places: list[str]) -> bool:
    inside = f"{folder}{os.sep}"
    return any(place == folder or place.startswith(inside) for place in places) or any(
        argument.endswith(folder) or inside in argument for argument in arguments
    )


def _arguments(process: Path) -> list[str]:
    with suppress(OSError):
        text = (process / "cmdline").read_bytes().decode(errors="surrogateescape")
        return [argument for argument in text.split("\0") if argument]
    return []


def _places(process: Path) -> Iterator[str]:
    """Working directory and open files."""
    with suppress(OSError):
        yield os.readlink(process / "cwd")  # noqa: PTH115 - Path.readlink() makes a Path of each
    with suppress(OSError):
        for entry in os.scandir(process / "fd"):
            with suppress(OSError):
                yield os.readlink(entry.path)  # noqa: PTH115


def _ancestry(pid: int) -> Iterator[int]:
    while pid > 0:
        yield pid
        try:
            stat = (PROC / str(pid) / "stat").read_text("utf-8", "replace")
        except OSError:
            return
        pid = int(stat.rpartition(")")[2].split()[1])


Guard = Callable[[], None]
"""Raises HobanError while something runs that may need what is about to be moved."""
