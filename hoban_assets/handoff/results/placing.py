"""A training that a server without Dagster handed in: verified, then placed as a run folder.

An archive holds ``results.json`` (a `Manifest`) and the files of the run folder that it lists with
size and SHA-256. Nothing is taken that differs from it; a kill leaves no half run folder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from hoban_assets.archives.reading import copied
from hoban_assets.archives.room import explained
from hoban_assets.errors import HobanError
from hoban_assets.handoff.results.archive import RESULTS, Archive, Refused
from hoban_assets.handoff.results.judging import must_be_whole
from hoban_assets.handoff.results.manifest import Manifest, altered, plan_of
from hoban_assets.processes.lifeline import own_folder
from hoban_assets.settings import Settings
from hoban_assets.training.plan import yolo_command
from hoban_assets.weights import resolve_weights
from hoban_assets.whole_folders import put_in_place, sole_maker

PLAN, COMMAND = "plan.json", "command.txt"
_ELSEWHERE = "name a data root on another disk (HOBAN_DATA_ROOT), then import again"


def local_plan(manifest: Manifest, settings: Settings, dataset_path: str) -> dict[str, Any]:
    """Return the plan with paths of this machine instead of the server's."""
    arguments = dict(manifest.plan["arguments"])
    arguments["model"] = _local_weights(arguments["model"], settings)
    run = str(manifest.run_dir(settings))
    here = {"dataset_path": dataset_path, "run_dir": run, "arguments": arguments}
    return {**manifest.plan, **here}


def _local_weights(weights: str, settings: Settings) -> str:
    """Path of the file of that name here; the name alone where there is none."""
    name = PurePosixPath(weights.replace("\\", "/")).name
    chosen = settings.weights if PurePosixPath(settings.weights).name == name else name
    with suppress(HobanError):
        return str(resolve_weights(chosen, settings.data_root))
    return name


def place(archive: Archive, manifest: Manifest, plan: Mapping[str, Any]) -> Path:
    """Verify every file and put them into the run folder that `plan` names; return it.

    Written beside and renamed into place. A folder with the same files is used as it is, also one
    that another import makes meanwhile.

    Raises:
        Refused: a file was altered, the training is no whole one, or another result lies there.
        HobanError: the disk is full. In every case nothing half-written stays.
    """
    run = Path(plan["run_dir"])
    with sole_maker(run):
        return _place(archive, manifest, plan, run)


def _place(archive: Archive, manifest: Manifest, plan: Mapping[str, Any], run: Path) -> Path:
    if run.exists():
        if name := differing_file(run, manifest):
            raise another_result(run, name)
        return run
    try:
        with explained(run, _ELSEWHERE), own_folder(run.parent, "building") as building:
            for name, facts in manifest.files.items():
                with archive.open(name) as source, (building / name).open("wb") as target:
                    if copied(source, target) != facts.sha256:
                        raise altered(
                            "{name} in {file} was altered: its SHA-256 differs", archive, name
                        )
            must_be_whole(archive, manifest, building)
            with archive.open(RESULTS) as stream:
                (building / RESULTS).write_bytes(stream.read())
            (building / PLAN).write_text(json.dumps(plan, indent=2), encoding="utf-8")
            command = yolo_command(plan_of(plan))
            (building / COMMAND).write_text(command + "\n", encoding="utf-8")
            put_in_place(building, run)
    finally:
        for folder in run.parents[:3]:
            with suppress(OSError):  # it holds something, as it mostly does
                folder.rmdir()
    return run


def differing_file(run: Path, manifest: Manifest, only: tuple[str, ...] = ()) -> str | None:
    """Name a file of a run folder that is missing or not as listed; `only` looks at these."""
    for name, facts in manifest.files.items():
        if name in (PLAN, COMMAND) or (only and name not in only):
            continue
        file = run / name
        if not file.is_file() or file.stat().st_size != facts.bytes:
            return name
        with file.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != facts.sha256:
                return name
    return None


def another_result(run: Path, name: str) -> Refused:
    """Return what is said where a run folder holds other files than those handed in."""
    return Refused(
        "{run} holds another result of the same training: its {name} differs; it was left alone",
        "to take the one handed in, move that folder out of the data root first",
        run=run,
        name=name,
    )
