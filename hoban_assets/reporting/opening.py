"""How a person opens a file that was written, on the machine at hand."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path


def how_to_open(file: Path, env: Mapping[str, str] | None = None) -> str:
    """Return what to type or click: a Windows path under WSL, else a file:// address."""
    env = os.environ if env is None else env
    wslpath = shutil.which("wslpath") if env.get("WSL_DISTRO_NAME") else None
    if wslpath is None:
        return file.absolute().as_uri()
    shown = subprocess.run(
        [wslpath, "-w", str(file)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    ).stdout.strip()
    return f'explorer.exe "{shown}"' if shown else file.absolute().as_uri()
