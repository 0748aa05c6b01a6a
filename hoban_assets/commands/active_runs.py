"""Whether Dagster is at work: nothing is moved or deleted under a run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hoban_assets.commands.printing import tell
from hoban_assets.errors import HobanError

ACTIVE = ("STARTED", "STARTING", "QUEUED", "CANCELING")
ASSUMED = "DAGSTER_HOME is not set: it is assumed that no run is active (. ./env.sh sets it)"


@contextmanager
def no_active_run() -> Iterator[Callable[[], None]]:
    """Yield a check that raises HobanError while a run of this Dagster instance is active.

    Runs whose process is gone are ended first. Without DAGSTER_HOME it is said that none is
    assumed to be active, and processes alone are looked at.
    """
    if not os.environ.get("DAGSTER_HOME"):
        tell(ASSUMED, err=True)
        yield lambda: None
        return
    import dagster as dg

    from hoban_assets.components.dead_runs import end_dead_runs

    active = dg.RunsFilter(statuses=[dg.DagsterRunStatus[name] for name in ACTIVE])
    try:
        instance = dg.DagsterInstance.get()
    except dg.DagsterError as error:
        raise HobanError(
            f"cannot ask Dagster: {error}", "set DAGSTER_HOME as env.sh does"
        ) from error
    with instance:
        end_dead_runs(instance)

        def check() -> None:
            runs = instance.get_runs(active, limit=5)
            if runs:
                told = "; ".join(_described(run) for run in runs)
                raise HobanError(
                    f"a run is active: {told}",
                    "wait until it ends, or end it: 'make ui', Runs, Terminate (a run that died on "
                    f"another machine: hoban unlock --run {runs[0].run_id})",
                )

        yield check


def _described(run: Any) -> str:
    assets = sorted(key.to_user_string() for key in run.asset_selection or ())
    names = ", ".join(assets[:3]) + (", ..." if len(assets) > 3 else "")
    partition = run.tags.get("dagster/partition", "")
    return f"{run.run_id[:8]} {run.status.value} {names or run.job_name} {partition}".rstrip()
