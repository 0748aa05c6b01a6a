"""Runs a module that ends with the process that started it, however that one ended.

``python -m hoban_assets.front.together MODULE ...``. Dagster tells its services through a pipe to
end, which a ``kill -9`` of the one command that started them never writes to.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Run the module that is named first, with the words behind it."""
    # A shell that starts a command in the background has it ignore Ctrl-C, and Dagster ends its
    # services with that signal.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() == 1:
            sys.exit("the process that started this one has ended")
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
