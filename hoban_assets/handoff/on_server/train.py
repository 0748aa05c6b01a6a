"""Train the model of an unpacked bundle: what ``./train.sh`` starts.

Only the standard library, Python 3.9 or later. The training itself is ``workers/yolo_train.py``.
Exit status: 0 done (or verified), 1 refused or failed, 143 stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from bundle_files import (  # type: ignore[import-not-found]
    Refused,
    differing,
    differing_quickly,
    every_five_seconds,
    listed,
    read_bundle,
    tell,
)
from planned import (  # type: ignore[import-not-found]
    BATCH,
    announced,
    chosen_batch,
    plan_here,
)
from results import write_results  # type: ignore[import-not-found]
from running import (  # type: ignore[import-not-found]
    LOG,
    Lock,
    Output,
    into_background,
    run_worker,
)
from surroundings import (  # type: ignore[import-not-found]
    check_gpu,
    check_packages,
    check_room,
    made_with,
    seen,
    start_looking,
)

UNPACK = (
    "unpack the archive again (tar xf); where files differ again, copy the archive again: "
    "the copy broke off or was damaged"
)
LOADERS = 8


def main(arguments: list[str]) -> int:
    """Do what the command line asks for; a refusal is one message."""
    folder = Path(__file__).resolve().parents[1]
    chosen = parsed(arguments)
    try:
        bundle = read_bundle(folder)
        if chosen.verify:
            return verify(folder, bundle)
        if chosen.status or chosen.stop:
            lock = Lock(folder / "runs")
            return stop(lock) if chosen.stop else status(folder, bundle, lock)
        return train(folder, bundle, chosen)
    except Refused as refused:
        print(f"error: {refused}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped before the training began", file=sys.stderr)
        return 143


def parsed(arguments: list[str]) -> argparse.Namespace:
    """The command line; what is not said there comes from HOBAN_DEVICE, _BATCH, _WORKERS."""
    parser = argparse.ArgumentParser(
        prog="./train.sh",
        description="Train the model of this bundle. Started again it goes on after the last "
        "whole epoch; a finished training is not repeated.",
    )
    env = os.environ.get
    parser.add_argument(
        "--device",
        default=env("HOBAN_DEVICE"),
        help="0, or 0,1 for two GPUs, or cpu; default: the first GPU (or HOBAN_DEVICE)",
    )
    parser.add_argument(
        "--batch",
        type=int,
        default=env("HOBAN_BATCH") or None,
        help="images a step (or HOBAN_BATCH); decides the result, so it is another run",
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=env("HOBAN_WORKERS") or None,
        help=f"processes that load images (or HOBAN_WORKERS); default: {LOADERS}, or one a core",
    )
    parser.add_argument("--background", action="store_true", help="return at once; see train.log")
    parser.add_argument("--verify", action="store_true", help="check every file by hash, no more")
    parser.add_argument("--status", action="store_true", help="say whether it trains, and how far")
    parser.add_argument("--stop", action="store_true", help="end the training; it can be resumed")
    parser.add_argument(
        "--accept-versions", action="store_true", help="train with another version of Ultralytics"
    )
    return parser.parse_args(arguments)


def verify(folder: Path, bundle: dict[str, Any]) -> int:
    """Compare every file with its hash; 0 where all are what was packed."""
    wrong = differing(folder, bundle["files"], every_five_seconds("verified"))
    if wrong:
        raise Refused(f"{len(wrong):,} files differ from what was packed:{listed(wrong)}", UNPACK)
    size = sum(facts["bytes"] for facts in bundle["files"].values())
    tell(f"all {len(bundle['files']):,} files ({size / 1e9:.1f} GB) are what was packed")
    return 0


def status(folder: Path, bundle: dict[str, Any], lock: Lock) -> int:
    """Say whether a training runs, and the last line of its log."""
    running = not lock.is_free()
    tell(f"training: process {lock.holder()}" if running else "no training runs")
    run_dir = folder / "runs" / bundle["batches"].get(str(chosen_batch(folder, bundle, None)), "")
    if (run_dir / "finished.json").is_file():
        tell(f"{run_dir.name} is finished")
    elif (run_dir / "progress.json").is_file():
        epoch = json.loads((run_dir / "progress.json").read_text(encoding="utf-8"))["epoch"]
        tell(f"{epoch} of {bundle['arguments']['epochs']} epochs are trained")
    if (folder / LOG).is_file():
        with (folder / LOG).open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 2000))
            tell((log.read().decode(errors="replace").splitlines() or [""])[-1])
    return 0


def stop(lock: Lock) -> int:
    """End the training that runs here, and wait for its end."""
    if lock.is_free():
        tell("no training runs")
        return 0
    holder = lock.holder()
    os.kill(holder, signal.SIGTERM)
    tell(f"process {holder} was told to stop")
    while not lock.is_free():
        time.sleep(0.2)
    tell("it has stopped; ./train.sh goes on after its last whole epoch")
    return 0


def train(folder: Path, bundle: dict[str, Any], chosen: argparse.Namespace) -> int:
    """Check, train or resume, and pack the results."""
    runs = folder / "runs"
    lock = Lock(runs)
    lock.take()
    looking = start_looking()  # takes seconds, as do the files
    try:
        notes = check_packages(folder, chosen.accept_versions)
        plan, weights = plan_here(folder, bundle, chosen)
        check_room(runs, weights)
        wrong = differing_quickly(folder, bundle["files"])
        if wrong:
            raise Refused(f"{len(wrong):,} files differ from bundle.json:{listed(wrong)}", UNPACK)
        found = seen(looking)
        where = check_gpu(found, plan["arguments"]["device"])
    finally:
        looking.kill()
    told = announced(bundle, plan, where, notes)
    if chosen.background and not into_background(folder, lock):
        return 0
    output = Output(folder)
    for line in told:
        output.line(line)
    run_dir = Path(plan["run_dir"])
    run_dir.mkdir(exist_ok=True)
    (runs / BATCH).write_text(str(plan["arguments"]["batch"]), "utf-8")
    plan_file = run_dir / "plan.json"
    plan_file.write_text(json.dumps(plan, indent=2), encoding="utf-8")
    ended = run_worker(folder / "workers" / "yolo_train.py", plan_file, lock, output)
    if ended == 0:
        return _pack(folder, bundle, plan, made_with(found, plan["arguments"]["device"]), output)
    again = "./train.sh goes on after the last whole epoch"
    if ended == 143:
        output.line(f"stopped. {again}")
    elif ended < 0:
        output.line(
            f"error: the training was killed ({signal.Signals(-ended).name}): this server ran out "
            f"of memory, or somebody ended it\n  way out: fewer --workers; {again}"
        )
    else:
        output.line(f"failed (the reason stands above). When that is fixed, {again}")
    return 143 if ended == 143 else 1


def _pack(
    folder: Path,
    bundle: dict[str, Any],
    plan: dict[str, Any],
    made: dict[str, str],
    output: Output,
) -> int:
    try:
        archive = write_results(Path(plan["run_dir"]), bundle, plan, made, folder)
    except OSError as error:
        output.line(
            f"error: the training is done, its results could not be packed: {error}\n"
            "  way out: free space here, then ./train.sh (it packs only)"
        )
        return 1
    output.line(f"done: {archive} ({archive.stat().st_size / 1e6:.1f} MB)")
    output.line(
        "carry this file back; there: hoban import-results FILE, or put it into the inbox folder"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
