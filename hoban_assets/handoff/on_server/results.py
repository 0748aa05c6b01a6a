"""Pack what a finished training left into one archive, to be carried back and imported.

Only the standard library, Python 3.9 or later: it runs on the server.
"""

from __future__ import annotations

import io
import json
import os
import re
import tarfile
from datetime import datetime
from pathlib import Path
from typing import Any

from bundle_files import sha256_of  # type: ignore[import-not-found]

RESULTS = "results.json"
FORMAT = 1
KEPT = re.compile(
    r"plan\.json|command\.txt|metrics\.jsonl|(best|last)\.pt|finished\.json|curves\.json|"
    r"worst_images\.json|args\.yaml|results\.csv|[^.][^/]*\.(png|jpg)"
)
"""Files of a run folder that are worth carrying back."""


def write_results(
    run_dir: Path,
    bundle: dict[str, Any],
    plan: dict[str, Any],
    made_with: dict[str, str],
    folder: Path,
) -> Path:
    """Write ``results_<model>_<partition>_<run key>.tar`` into `folder`; return its path.

    The run key is the name of `run_dir`. The archive is there as a whole or not at all.

    Args:
        run_dir: a finished run.
        bundle: content of bundle.json.
        plan: what the worker was given, paths of this server.
        made_with: python, torch, ultralytics, device.
        folder: where the archive goes.

    Raises:
        OSError: the disk is full, or a file cannot be read.
    """
    run_key = run_dir.name
    name = f"results_{bundle['model']}_{bundle['partition']}_{run_key}"
    kept = sorted(f for f in run_dir.iterdir() if f.is_file() and KEPT.fullmatch(f.name))
    facts = {f.name: {"bytes": f.stat().st_size, "sha256": sha256_of(f)} for f in kept}
    told = {
        "format": FORMAT,
        **{key: bundle[key] for key in ("model", "partition", "dataset", "dataset_version")},
        "run_key": run_key,
        "code_version": bundle["code_version"],
        "plan": plan,
        "made_at": datetime.now().astimezone().isoformat(timespec="seconds"),
        "made_with": made_with,
        "files": facts,
    }
    target = folder / f"{name}.tar"
    part = folder / f".{name}.tar.{os.getpid()}.tmp"
    try:
        with part.open("wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
                text = json.dumps(told, indent=1, ensure_ascii=False).encode()
                info = tarfile.TarInfo(f"{name}/{RESULTS}")
                info.size, info.mtime = len(text), int(datetime.now().timestamp())
                archive.addfile(info, io.BytesIO(text))
                for each in kept:
                    archive.add(each, f"{name}/{each.name}", recursive=False)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        if part.exists():
            part.unlink()
    return target
