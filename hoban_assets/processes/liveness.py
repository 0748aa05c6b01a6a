"""Tells that a worker has fallen silent, and what it is doing. It never stops anything.

What it sees is in /proc: the state of each process of the run, what the kernel waits for on its
behalf, and the processor time used. So 'it computes' can be told from 'the disk does not answer'
and from 'it hangs'. Linux only.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hoban_assets.processes.seen import PROC, stat
from hoban_assets.units import duration
from hoban_assets.workers import _watchdog

STATES = {
    "R": "running",
    "S": "sleeping",
    "D": "waiting for disk",
    "I": "idle",
    "T": "stopped",
    "t": "stopped by a debugger",
    "Z": "ended",
}
"""Letters of proc(5). 'D' is also a network drive that does not answer."""
SETTLE_SECONDS = 2.0
"""Silence after which the processor time is looked up to compare with later."""
BUSY_SHARE = 0.05
"""Share of one processor above which a silent worker is said to compute."""
_LONGEST = 300  # characters of the last words
_END_OF_FILE = 65_536


@dataclass(frozen=True)
class ProcessState:
    """One process of a run. `waits_in`: function of the kernel that it sleeps in, where known."""

    pid: int
    state: str
    cpu_seconds: float
    waits_in: str = ""


class Silence:
    """Counts how long a worker has said nothing; warns after each `seconds` of it."""

    def __init__(
        self,
        name: str,
        seconds: float | None,
        look: Callable[[], Sequence[ProcessState]],
        warn: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin to count. `look` returns the worker's processes, itself first; None never warns."""
        self._name, self._seconds = name, seconds
        self._look, self._warn, self._clock = look, warn, clock
        self._since, self._warned = clock(), 0
        self._cpu_before: float | None = None

    @property
    def length(self) -> float:
        """Seconds since the worker was last heard."""
        return self._clock() - self._since

    def end(self) -> None:
        """Note that the worker was heard."""
        if self._warned:
            self._warn(f"{self._name} speaks again, after {duration(self.length)}")
        self._since, self._warned, self._cpu_before = self._clock(), 0, None

    def check(self, last_words: Callable[[], str]) -> None:
        """Warn where it is time to."""
        if self._seconds is None:
            return
        silent = self.length
        if self._cpu_before is None and silent >= min(SETTLE_SECONDS, self._seconds / 2):
            self._cpu_before = _cpu(self._look())
        if silent >= self._seconds * (self._warned + 1):
            self._warned = int(silent // self._seconds)
            processes = self._look()
            used = max(0.0, _cpu(processes) - (self._cpu_before or 0.0))
            self._warn(describe(self._name, silent, last_words(), processes, used))


def describe(
    name: str, silent: float, words: str, processes: Sequence[ProcessState], cpu_seconds: float
) -> str:
    """Say what a silent worker is doing, and what can be done.

    Args:
        name: of the worker.
        silent: seconds since it was heard.
        words: what it said last.
        processes: of the run, the worker itself first.
        cpu_seconds: processor time that they used since it fell silent.
    """
    said = f'"{words[-_LONGEST:]}"' if words else "(none)"
    return (
        f"{name} has said nothing for {duration(silent)}; its last words: {said}; "
        f"process state: {_states(processes)}; {duration(cpu_seconds)} of processor time used "
        f"since: {_verdict(processes, cpu_seconds / silent if silent else 0.0)}. It was not "
        "stopped; to end it cancel the run (Ctrl-C, or Terminate in the Dagster UI)"
    )


def _verdict(processes: Sequence[ProcessState], share: float) -> str:
    if share >= BUSY_SHARE:
        return "it computes"
    states = {process.state for process in processes}
    if STATES["D"] in states:
        return "it waits for a disk or a network drive"
    if states & {STATES["T"], STATES["t"]}:
        return "somebody stopped it (kill -CONT makes it go on)"
    return "it waits for something and may hang"


def _states(processes: Sequence[ProcessState]) -> str:
    """'sleeping in futex_wait (2 more: 1 running, 1 sleeping)'."""
    if not processes:
        return "unknown"
    first, *others = processes
    text = first.state + (f" in {first.waits_in}" if first.waits_in else "")
    if others:
        counts = Counter(process.state for process in others)
        each = ", ".join(f"{number} {state}" for state, number in counts.most_common())
        text += f" ({len(others)} more: {each})"
    return text


def processes_of(pid: int, mark: str) -> list[ProcessState]:
    """Look at the processes of a worker's run, the worker itself (`pid`) first."""
    others = sorted(set(_watchdog.marked(mark)) - {pid})
    return [state for each in (pid, *others) if (state := process_state(each)) is not None]


def process_state(pid: int) -> ProcessState | None:
    """Look at one process; None where it is gone.

    Its processor time holds that of its children that have ended.
    """
    if not (fields := stat(pid)):
        return None
    waits_in = ""
    with suppress(OSError):  # readable by the owner only, and not in every container
        waits_in = (
            (PROC / str(pid) / "wchan").read_text("utf-8", "replace").strip().removeprefix("0")
        )
    # Fields 3 and 14 to 17 of proc(5), the state and utime, stime, cutime, cstime.
    ticks = sum(map(int, fields[11:15]))
    state = STATES.get(fields[0], fields[0])
    return ProcessState(pid, state, ticks / os.sysconf("SC_CLK_TCK"), waits_in)


def last_message(messages: Path) -> str:
    """Return the last line that a worker has logged into its file of Pipes messages, or ''."""
    if not messages.exists():
        return ""
    with messages.open("rb") as file:
        file.seek(max(0, messages.stat().st_size - _END_OF_FILE))
        lines = file.read().decode(errors="replace").splitlines()
    for line in reversed(lines):
        with suppress(json.JSONDecodeError, AttributeError):  # cut off at the begin or the end
            message = json.loads(line)
            if message.get("method") == "log":
                return str(message["params"]["message"])
    return ""


def _cpu(processes: Sequence[ProcessState]) -> float:
    return sum(process.cpu_seconds for process in processes)
