"""Runs tasks of a job on all nodes of its Ray cluster."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

RETRIES = 5
"""How often a task is started anew after its process or its node was lost."""
_HELD = 4
"""Tasks that are handed to Ray at a time, a processor: one is worked on, the others wait."""

Task = TypeVar("Task")
Answer = TypeVar("Answer")


def join_cluster() -> None:
    """Join the cluster whose job this process is, with the interpreter of the job on every node."""
    import ray

    ray.init(
        address=os.environ.get("RAY_ADDRESS", "auto"),
        runtime_env={"py_executable": sys.executable},
        log_to_driver=False,
    )


def spread(
    function: Callable[[Task], Answer], tasks: Iterable[Task], cpus: float = 1
) -> Iterator[Answer]:
    """Answers of `function` to the tasks, as they come, from the cluster that was joined.

    Ray starts a task again, elsewhere, where the process or the node that worked on it is lost.

    Args:
        function: one of a module that the nodes have.
        tasks: taken only as far as there is room, so that few are in memory.
        cpus: processors that a task takes of its node.

    Raises:
        Exception: what `function` raises is raised here, as are Ray's own errors.
    """
    import ray

    remote: Any = ray.remote(function).options(num_cpus=cpus, max_retries=RETRIES)
    left, waiting = iter(tasks), list[Any]()
    while True:
        processors = ray.cluster_resources().get("CPU", 1)
        room = max(1, int(_HELD * processors / cpus)) - len(waiting)
        waiting += [remote.remote(task) for task in islice(left, max(0, room))]
        if not waiting:
            return
        done, waiting = ray.wait(waiting)
        yield from ray.get(done)
