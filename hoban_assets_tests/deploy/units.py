"""What stands in deploy/, read as systemd and the shell read it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from road import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
CHECKOUT = "/srv/hoban/hoban_assets"
"""Where the units expect the checkout."""
UNITS = sorted([*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")])
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]


def values(unit: Path, name: str) -> list[str]:
    """All values of a setting of a unit."""
    return re.findall(rf"^{name}=(.*)$", unit.read_text(encoding="utf-8"), re.M)


def command(unit: Path, **replaced: str) -> list[str]:
    """ExecStart of a unit, of this checkout; `replaced` words have other values."""
    (line,) = values(unit, "ExecStart")
    bin_folder = f"{CHECKOUT}/.venv/bin"
    words = [w.replace(bin_folder, str(REPOSITORY / ".venv" / "bin")) for w in shlex.split(line)]
    for old, new in replaced.items():
        words[words.index(f"-{old}") + 1] = new
    return words
