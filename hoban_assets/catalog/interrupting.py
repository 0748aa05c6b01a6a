"""Ctrl-C, and whatever else a signal's handler raises, in the middle of a statement."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import duckdb

_RAISED_INSTEAD = "Query interrupted"
"""What DuckDB 2.0 raises as a RuntimeError where a handler raised during a statement."""
_Handler = Callable[[int, FrameType | None], object]


@contextmanager
def interruptible(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let what a signal's handler raises end a statement of `connection` at once, unchanged.

    DuckDB 2.0 lets Python look after signals during a statement. Where a handler raises, it waits
    for its own threads without telling them to stop: with two threads or more it may wait for
    ever, and hears no second signal. Here they are told first.

    Only in the main thread, where Python runs the handlers; elsewhere this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    raised: list[BaseException] = []

    def telling(handler: _Handler) -> _Handler:
        def handle(number: int, frame: FrameType | None) -> None:
            try:
                handler(number, frame)
            except BaseException as error:
                raised.append(error)
                connection.interrupt()
                raise

        return handle

    handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
    changed = {number: handler for number, handler in handlers.items() if callable(handler)}
    for number, handler in changed.items():
        signal.signal(number, telling(handler))
    try:
        yield
    except RuntimeError as error:
        if raised and str(error) == _RAISED_INSTEAD:
            raise raised[-1] from error
        raise
    finally:
        for number, handler in changed.items():
            signal.signal(number, handler)
