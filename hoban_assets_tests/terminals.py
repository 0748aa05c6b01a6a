"""A command in a terminal of its own, with what a person sees and types there."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_FRAME = re.compile("^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] ?")
_TAIL = 1 << 14
"""Bytes that a pattern may reach back."""
COLUMNS = 100


class Terminal:
    """Starts a command as the leader of a session whose terminal this is.

    Args:
        command: the program and its arguments.
        env: its environment.
        cwd: the folder in which it starts.
        deadline: when, by the monotonic clock, waiting for it is given up.
    """

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], cwd: Path, deadline: float
    ) -> None:
        self._deadline, self._has_ended, self._said = deadline, False, b""
        self._master, other_end = pty.openpty()
        fcntl.ioctl(other_end, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
        # Not `pty.fork`: handlers of native libraries for a fork may wait for their own threads,
        # in this process for ever, where no timeout reaches them.
        self._command = subprocess.Popen(
            ["setsid", "--ctty", *command],
            cwd=cwd,
            env={**env, "TERM": "xterm"},
            **dict.fromkeys(("stdin", "stdout", "stderr"), other_end),
        )
        os.close(other_end)

    @property
    def text(self) -> str:
        """All that was printed."""
        return _lines(self._said)

    def wait_for(self, pattern: str) -> str:
        """Read until `pattern` was printed; return what it found."""
        looked_at = 0
        while not (found := re.search(pattern, _lines(self._said[looked_at:]))):
            looked_at = max(looked_at, len(self._said) - _TAIL)
            assert self._read(), f"ended without {pattern!r}:\n{self.text}"
        return found[0]

    def ctrl_c(self) -> None:
        """Press Ctrl-C."""
        os.write(self._master, b"\x03")

    def ends(self) -> int:
        """Read to the end; return the exit status."""
        while self._read():
            pass
        return self._ended()

    def close(self) -> None:
        """End what a failed test left: the session loses its terminal, the command is killed."""
        if not self._has_ended:
            self._command.kill()
            self._ended()

    def _ended(self) -> int:
        os.close(self._master)
        self._has_ended = True
        return self._command.wait()

    def _read(self) -> bool:
        """Read what is there, or wait for some; False: the command has ended."""
        left = self._deadline - time.monotonic()
        assert left > 0, f"too slow:\n{self.text}"
        if not select.select([self._master], [], [], left)[0]:
            return True
        try:
            more = os.read(self._master, 1 << 16)
        except OSError:  # Linux: nobody has the other end any more
            return False
        self._said += more
        return bool(more)


def _lines(said: bytes) -> str:
    """What was printed, without control sequences, frames of a changing line once each."""
    text = _CONTROL.sub("", said.decode("utf-8", "replace")).replace("\r", "\n")
    lines: list[str] = []
    for line in (_FRAME.sub("", each).rstrip() for each in text.splitlines()):
        if line and (not lines or line != lines[-1]):
            lines.append(line)
    return "\n".join(lines)
