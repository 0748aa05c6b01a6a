"""Assembles the code location: the defs folder, resources, executor. Nothing else."""

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from hoban_assets.collector import imports_stay, paused_collector

with imports_stay():
    import dagster as dg

    from hoban_assets.catalog.io_manager import SamplesIOManager
    from hoban_assets.catalog.store import Catalog
    from hoban_assets.components.dead_runs import multiprocess_after_cleanup
    from hoban_assets.components.platform import Platform
    from hoban_assets.components.presence import finished
    from hoban_assets.declared import sources, stages
    from hoban_assets.errors import HobanError
    from hoban_assets.files import private
    from hoban_assets.language import speaker
    from hoban_assets.reporting.metadata import in_words
    from hoban_assets.reporting.translating import said
    from hoban_assets.settings import Settings, language_of
    from hoban_assets.slips import refuse_slips, refuse_unknown
    from hoban_assets.visible import show_in_logs

private()
show_in_logs()


@contextlib.contextmanager
def _slips_end_it() -> Iterator[None]:
    try:
        yield
    except HobanError as error:
        sys.exit(said(error, language_of(os.environ)))


with _slips_end_it():
    refuse_slips(sys.argv, os.environ)

# Dagster warns of calls that it makes itself: 20 times in one run, and nobody here can fix them.
warnings.filterwarnings("ignore", "Parameter `owners` of initializer `SensorD", dg.BetaWarning)
warnings.filterwarnings("ignore", "Function `PipesMessageReader", dg.PreviewWarning)

# forkserver with the heavy imports done once: 5 steps take 6.6 s instead of 15.6 s with spawn.
EXECUTOR = multiprocess_after_cleanup.configured(
    {"start_method": {"forkserver": {"preload_modules": ["hoban_assets.preload"]}}}
)


@dg.definitions
def defs() -> dg.Definitions:
    """Return everything that this code location offers.

    Dagster asks for them six times in one `dagster asset materialize` and twice in each step; they
    are read again where what they are read from has changed.
    """
    return _definitions(*_read_from(Settings.from_env()))


def _read_from(settings: Settings) -> tuple[Any, ...]:
    """What the definitions are read from, besides code: settings, versions, folders that exist."""
    files = sorted((Path(__file__).parent / "defs").rglob("*.yaml"))
    versions = ((file, file.stat().st_mtime_ns, file.stat().st_size) for file in files)
    folders = ((each.name, each.is_present(settings.raw_root)) for each in sources.SOURCES)
    names = (stage.name for stage in stages.STAGES)
    return repr(settings), settings.is_sample, *versions, *folders, *names


@lru_cache(maxsize=1)
def _definitions(*_read_from: Any) -> dg.Definitions:
    settings = Settings.from_env()
    samples = SamplesIOManager(
        Catalog(settings.catalog_path, deadline=settings.catalog_wait),
        partial(in_words, say=speaker(settings.language)),
    )
    with paused_collector():
        loaded = _loaded(Path(__file__).parent)
        assets = finished(loaded.assets or [])
    known = {key.to_user_string() for asset in assets for key in asset.keys}
    with _slips_end_it():
        refuse_unknown(sys.argv, known)
    return dg.Definitions(
        assets=assets,
        jobs=loaded.jobs,
        schedules=loaded.schedules,
        sensors=loaded.sensors,
        resources={"platform": Platform(), "samples": samples},
        executor=EXECUTOR,
    )


def _loaded(package: Path) -> dg.Definitions:
    """What lies in the folder of definitions of a package.

    Dagster's function for it also describes every type of component there is, its own too, which
    nobody asks for and takes a tenth of a start.
    """
    with warnings.catch_warnings():
        for kind in (dg.BetaWarning, dg.PreviewWarning):  # of Dagster's own calls
            warnings.simplefilter("ignore", kind)
        return dg.ComponentTree.for_project(package).build_defs(package / "defs")
