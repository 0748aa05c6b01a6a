"""Python's collector of garbage, kept from walks that find nothing."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused_collector() -> Iterator[None]:
    """Keep the garbage collector from walking hundreds of thousands of objects that stay.

    Parsed labels hold no cycles, so it would find nothing; it took a fifth of the time of reading.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def imports_stay() -> Iterator[None]:
    """Pause the collector, and never show it what is there at the end.

    Around imports it takes a fifth of a start: it walks through all modules for each few more.
    """
    with paused_collector():
        yield
        gc.freeze()


def look_seldom() -> None:
    """Look for garbage once in 100,000 new objects, not in 700: for a process of a few seconds.

    Most of what a command makes is modules, which stay, whenever they are imported.
    """
    gc.set_threshold(100_000, 10, 10)


atexit.register(gc.unfreeze)  # DuckDB takes what is still there at the end for leaks, and says so
