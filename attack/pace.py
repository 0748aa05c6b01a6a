"""What an attack costs, orphans of killed processes included, and how long it will still take."""

from __future__ import annotations

import ctypes
import os
import resource
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
EVERY_SECONDS = 20.0
"""Between two lines of progress."""
FIRST_SHARE = 0.02
"""Of all, below which what is left cannot be told."""


_adopts = False


def adopt_orphans() -> None:
    """Become the parent of every process whose own was killed, so that its time is counted here."""
    global _adopts
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        _adopts = True


def cpu_seconds() -> float:
    """Processor time of this process and of all below it that have ended.

    Once orphans are adopted it takes leave of every child that has ended: call it only where none
    is still to be waited for.
    """
    with suppress(ChildProcessError):
        while _adopts and os.waitpid(-1, os.WNOHANG)[0]:
            pass
    told = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in told)


@dataclass
class Pace:
    """Tells at times how far an attack is. `costs`: processor time of each kind, as once measured.

    Only their shares count: how long the rest takes is told from how long the first part took.
    """

    costs: Mapping[str, float]
    began: float = field(default_factory=time.monotonic)
    _done: float = 0.0
    _now: tuple[str, float] = ("", 0.0)
    _told: float = 0.0

    def step(self, what: str, share: float) -> None:
        """Note that `share` (0 to 1) of the attempts of a kind were made."""
        if what != self._now[0]:
            self._done += self.costs.get(self._now[0], 0.0)
        self._now = what, share
        if (now := time.monotonic()) - self._told >= EVERY_SECONDS:
            self._told = now
            print(f"  {what}: {share:.0%}; {self.told(now)}", file=sys.stderr, flush=True)

    def told(self, now: float) -> str:
        """Minutes gone, and about how many are left, once there is something to tell it from."""
        done = self._done + self.costs[self._now[0]] * self._now[1]
        gone, whole = now - self.began, sum(self.costs.values())
        if done < FIRST_SHARE * whole:
            return f"{gone / 60:.0f} min gone"
        left = gone / done * (whole - done)
        return f"{gone / 60:.0f} min gone, about {left / 60:.0f} min left"
