"""Progress of long steps: one line every few seconds, never a bar, as logs keep lines."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

_LINE = re.compile(r"(.+): ([\d,]+) of ([\d,]+), ([\d,]+)/s, ([\d,]+) s left")


@dataclass(frozen=True)
class Progress:
    """What a progress line says."""

    what: str
    done: int
    of: int
    rate: int
    """A second."""
    seconds_left: int


def progress_of(line: str) -> Progress | None:
    """Read a line of `progress_line` back; None where it is none."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    what, *numbers = found.groups()
    return Progress(what, *(int(number.replace(",", "")) for number in numbers))


def progress_line(
    what: str, log: Callable[[str], object], every_seconds: float = 5.0
) -> Callable[[int, int], None]:
    """Return a callback (done, of) that logs count, rate and time left every few seconds."""
    start = last = time.monotonic()

    def report(done: int, of: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < every_seconds or not done:
            return
        last = now
        rate = done / (now - start)
        log(f"{what}: {done:,} of {of:,}, {rate:,.0f}/s, {(of - done) / rate:,.0f} s left")

    return report
