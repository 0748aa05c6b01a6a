"""What /proc shows of processes: whether one is alive, which one it is, and what it works with."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
TAG = ".dagster/hoban/process"
"""Tag of a run with the `identity` of its process. Dagster's UI hides it, by its prefix."""


def is_alive(pid: int) -> bool:
    """Whether there is a process of this id (also of another user)."""
    return (PROC / str(pid)).exists()


def stat(pid: int | str) -> list[str]:
    """Fields of proc(5) from the third one, the state, on; empty where the process is gone."""
    try:
        text = (PROC / str(pid) / "stat").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.rpartition(")")[2].split()  # the name before may hold spaces


def host() -> str:
    """Name of what process ids are unique in: containers may share the name of their host."""
    return f"{socket.gethostname()}/{(PROC / 'self/ns/pid').readlink()}"


def identity(pid: int) -> str:
    """Host, process id and start time (clock ticks since boot), as ids are used again; '': gone."""
    fields = stat(pid)
    return f"{host()} {pid} {fields[19]}" if fields else ""


def lives(known: str) -> bool | None:
    """Whether the process of an `identity` is there; None: of another host, it cannot be seen."""
    if known.partition(" ")[0] != host():
        return None
    return identity(int(known.split()[1])) == known


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
        pid = int((stat(pid) or ["", "0"])[1])
