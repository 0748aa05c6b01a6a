"""Processes whose sockets are written down, in tests that start them anyway."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from attack.recorder import NEEDED, STRACE, calls_out, ended, recorded

needs_strace = pytest.mark.skipif(STRACE is None, reason=NEEDED)


def watched(words: Sequence[str], log: Path) -> list[str]:
    """The same command under the recorder; without strace as it is (see `needs_strace`)."""
    return recorded(words, log) if STRACE else list(words)


def called_by(log: Path) -> list[str]:
    """Whom a watched command and its children called, once all have ended; none without strace."""
    assert ended(log), "a process that was started is still there"
    return calls_out(log) if STRACE else []
