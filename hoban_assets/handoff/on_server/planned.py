"""The training of this bundle as it is on this server: paths, and what may be chosen here.

Only the standard library, Python 3.9 or later: it runs on the server.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from bundle_files import Refused  # type: ignore[import-not-found]

BATCH = "batch"
"""In runs/: the batch of the last start, which a start without --batch goes on with."""


def plan_here(
    folder: Path, bundle: dict[str, Any], chosen: argparse.Namespace
) -> tuple[dict[str, Any], Path]:
    """The plan with paths of this server, and the file of the weights (it may be no file).

    Raises:
        Refused: the batch has no run key.
    """
    plan: dict[str, Any] = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    arguments = plan["arguments"]
    batch = chosen_batch(folder, bundle, chosen.batch)
    run_key = bundle["batches"].get(str(batch))
    if run_key is None:
        raise Refused(
            f"--batch {batch} is not possible",
            f"a whole number from 1 to {len(bundle['batches'])}, such as {arguments['batch']}",
        )
    arguments["batch"] = batch
    arguments["device"] = chosen.device if chosen.device is not None else arguments["device"]
    most = min(arguments["workers"], os.cpu_count() or 1)
    arguments["workers"] = chosen.workers if chosen.workers is not None else most
    weights = folder / arguments["model"]
    if weights.is_file():
        arguments["model"] = str(weights)
    plan["dataset_path"] = str(folder / plan["dataset_path"])
    plan["run_dir"] = str(folder / "runs" / run_key)
    return plan, weights


def chosen_batch(folder: Path, bundle: dict[str, Any], asked: int | None) -> int:
    """The batch asked for, else that of the last start, else the planned one."""
    if asked is not None:
        return asked
    file = folder / "runs" / BATCH
    last = file.read_text(encoding="utf-8") if file.is_file() else ""
    return int(last if last.isdigit() else bundle["arguments"]["batch"])


def announced(
    bundle: dict[str, Any], plan: dict[str, Any], where: str, notes: list[str]
) -> list[str]:
    """Lines before a training: what, on what, and what differs."""
    run_key, arguments = Path(plan["run_dir"]).name, plan["arguments"]
    lines = [
        f"{bundle['model']} [{bundle['partition']}] on {bundle['dataset']} "
        f"{bundle['dataset_version'][:16]}, {where}, batch {arguments['batch']}, run {run_key}"
    ]
    if run_key != bundle["run_key"]:
        lines.append(
            f"batch {arguments['batch']} instead of {bundle['arguments']['batch']} decides the "
            f"result: a run of its own (the planned one: --batch {bundle['arguments']['batch']})"
        )
    if notes:
        lines.append(f"other versions than packed, harmless as a rule: {'; '.join(notes)}")
    return lines
