"""The environment that a worker starts in, without what others left there, and a word back.

Standard library only: `hoban_assets.external` uses it here, `_ray_guard` on a node of a cluster.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

LEAKS = re.compile(
    r"(RANK|LOCAL_RANK|GROUP_RANK|ROLE_RANK|WORLD_SIZE|LOCAL_WORLD_SIZE|ROLE_WORLD_SIZE|"
    r"GROUP_WORLD_SIZE|ROLE_NAME|MASTER_ADDR|MASTER_PORT|TORCHELASTIC_.*|"
    r"PYTHONPATH|PYTHONHOME|PYTHONSTARTUP|PYTHONEXECUTABLE|__PYVENV_LAUNCHER__)"
)
"""Variables of an outer launcher or of another interpreter."""
RAY_LEAKS = re.compile(r"(RAY_.*|OMP_NUM_THREADS|SPT_NOENV|DAGSTER_(?!PIPES_).*)")
"""What a Ray job adds, and a Dagster of the node's owner. With OMP_NUM_THREADS, which Ray sets to
the processors that a job asked for, a training would compute on one core."""

REASON = "hoban-reason "
"""Starts the line of a job's log that says, as JSON, why it cannot run and what to do about it."""


def clean_environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return `env` without what a launcher or another interpreter left there."""
    kept = {name: value for name, value in env.items() if not LEAKS.fullmatch(name)}
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}


def without_ray(env: Mapping[str, str]) -> dict[str, str]:
    """Return `env` without what a Ray job and a foreign Dagster left there."""
    return {name: value for name, value in env.items() if not RAY_LEAKS.fullmatch(name)}
