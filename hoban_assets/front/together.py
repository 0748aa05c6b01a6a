"""Runs a module that ends with the process that started it, however that one ended.

``python -m hoban_assets.front.together MODULE ...``. Dagster ends its services through a pipe,
which a ``kill -9`` of the one command that started them never writes to.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Run the module that is named second, with the words behind it."""
    # A shell that starts a command in the background has it ignore Ctrl-C, and Dagster ends its
    # services with that signal.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        # Asked once death is told: init or a subreaper takes its place, and in a container the
        # parent itself may be process 1.
        if os.getppid() != int(sys.argv[1]):
            sys.exit("the process that started this one has ended")
    del sys.argv[:2]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
