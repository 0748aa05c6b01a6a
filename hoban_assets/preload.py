"""Imported once by the fork server, so that no step pays for it again.

Without, each step imports some 660 modules anew: a second and a half of processor time.
"""

from contextlib import suppress
from importlib import import_module

from hoban_assets.collector import imports_stay

DEFINITIONS = tuple(
    f"hoban_assets.defs.{name}"
    for name in ("automation", "graph", "inbox", "recipes", "reports", "sources", "stages")
)
"""What the definitions are read from."""
OF_DAGSTER = (
    "dagster._cli",  # the main module of a run, which each process of a step imports again
    "dagster._core.instance.factory",
    "dagster._core.storage.local_compute_log_manager",
    "dagster._core.storage.sqlite_storage",
    "dagster._core.workspace.autodiscovery",
    "dagster._utils.test.definitions",
    "rich.console",
    "rich.traceback",
    "structlog",
)
"""What a step loads of Dagster on its way to the first line of ours; where a release has moved a
module, it is only slower."""

OF_STEPS = (
    "hoban_assets.components.dataset_version",
    "matplotlib.backends.backend_agg",  # a step would pay two seconds for its first plot
    "matplotlib.figure",
    "scipy.sparse.csgraph",
)

with imports_stay():
    for module in (*DEFINITIONS, *OF_STEPS, *OF_DAGSTER):
        with suppress(ModuleNotFoundError):
            import_module(module)
