"""What a job does that is this package itself: it reports through Pipes, and says why it cannot."""

from __future__ import annotations

import json
from collections.abc import Callable

from dagster_pipes import PipesContext, open_dagster_pipes

from hoban_assets.errors import HobanError
from hoban_assets.workers import _watchdog
from hoban_assets.workers._surroundings import REASON


def run_job(body: Callable[[PipesContext], None]) -> int:
    """Run the job and return its exit status; a `HobanError` is told to the step as its reason."""
    _watchdog.start()
    with open_dagster_pipes() as pipes:
        try:
            body(pipes)
        except HobanError as error:
            reason = {"problem": error.problem, "way_out": error.way_out}
            print(f"\n{REASON}{json.dumps(reason)}", flush=True)
            return 1
    return 0
