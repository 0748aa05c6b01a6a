"""Train one detector with Ultralytics: a process of its own, started through Dagster Pipes.

Also runs without Dagster: ``python yolo_train.py plan.json`` (the file lies in the run folder).
The plan is what `hoban_assets.training.plan.TrainingPlan.as_json` returns.

Started again it goes on where it was: a finished run is not trained again, an interrupted one
resumes after its last whole epoch, and one that was killed in its evaluation is only evaluated,
as is a finished one whose evaluation is older than `EVALUATION`.
Exit status: 0 done, 1 failed (the reason is the last line, and in failed.json), 143 stopped.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
import uuid
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import _watchdog  # type: ignore[import-not-found]
from yolo_finish import end_training, ended, evaluate, keep  # type: ignore[import-not-found]
from yolo_setup import (  # type: ignore[import-not-found]
    boxes_of,
    class_names,
    explained,
    import_ultralytics,
    load,
    precision,
    read_manifest,
    refuse_altered,
    refuse_path,
    refuse_surprises,
    remove_caches,
    write_data_yaml,
)
from yolo_support import (  # type: ignore[import-not-found]
    EVALUATION,
    Failure,
    RunFolder,
    Stopped,
    log_to,
    quiet,
    say,
)


def main() -> int:
    """Read the plan from Dagster or from the file named, and run it."""
    _watchdog.start()
    _stop_on_signals()
    if "DAGSTER_PIPES_CONTEXT" not in os.environ:
        plan = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
        return run_and_report(plan)
    from dagster_pipes import open_dagster_pipes  # absent on the server, which has no Dagster

    with open_dagster_pipes() as pipes:
        log_to(pipes.log.info)
        return run_and_report(dict(pipes.extras))


def run_and_report(plan: dict[str, Any]) -> int:
    """Run the plan; turn what went wrong into one message and an exit status."""
    run = RunFolder(Path(plan["run_dir"]).absolute())
    run.root.mkdir(parents=True, exist_ok=True)
    run.failed.unlink(missing_ok=True)
    mark = os.environ.setdefault(_watchdog.MARK, f"yolo_train-{uuid.uuid4().hex}")
    try:
        train(run, plan)
    except Stopped:
        epoch = run.state().get("epoch", 0)
        print(f"stopped after epoch {epoch}; the next start goes on from there", file=sys.stderr)
        return 143
    except Exception as error:
        failure = explained(error, run, plan["arguments"])
        if failure is None:
            raise
        if not isinstance(error, Failure):
            traceback.print_exc()
        run.report(failure)
        print(failure, file=sys.stderr, flush=True)
        return 1
    finally:
        # With several GPUs torchrun starts the ranks, each in a session that outlives its parent.
        _watchdog.kill_all(mark, signal.SIGKILL, spare=os.getpid())
    return 0


def train(run: RunFolder, plan: dict[str, Any]) -> None:
    """Bring the run to its end from wherever it stands."""
    is_trained = run.is_finished()
    if is_trained and ended(run).get("evaluation", 1) >= EVALUATION:
        say(f"{run.root} is finished: nothing to train")
        return
    dataset = Path(plan["dataset_path"]).absolute()
    refuse_surprises(plan["arguments"])
    refuse_path(run.root, dataset)
    quiet(run.root)
    manifest = read_manifest(dataset)
    refuse_altered(dataset, manifest, plan)
    write_data_yaml(run, dataset)
    remove_caches(dataset)
    try:
        if is_trained:
            say(f"{run.root} is trained, its evaluation records less than now: evaluating again")
        else:
            _train_epochs(run, plan, manifest)
        evaluate(run, plan, manifest)
    finally:
        remove_caches(dataset)
    keep(run)


def _train_epochs(run: RunFolder, plan: dict[str, Any], manifest: list[dict[str, Any]]) -> None:
    """Train the epochs that are missing; leaves weights/best.pt without optimizer."""
    arguments, state = dict(plan["arguments"]), run.state()
    if state and (state["stop"] or state["epoch"] >= arguments["epochs"]):
        say(f"all {state['epoch']} epochs are trained: only the evaluation is missing")
        end_training(run)
        return
    ultralytics = import_ultralytics()
    from yolo_callbacks import Recorder  # type: ignore[import-not-found]
    from yolo_moment import Moment, is_exact, where_kept  # type: ignore[import-not-found]
    from yolo_progress import BatchProgress  # type: ignore[import-not-found]
    from yolo_ranks import Ranks, need_for_ranks  # type: ignore[import-not-found]

    need_for_ranks(str(arguments["device"]))
    kept = None
    if state:
        say(f"resuming after epoch {state['epoch']}/{arguments['epochs']}")
        there = where_kept(run.moment(state["epoch"]))
        kept = run.moment(state["epoch"]) if there else None
        if not is_exact(there, str(arguments["device"])):
            state["resumed"] = [*state.get("resumed", []), state["epoch"]]
            say("it will not end as if it had not been stopped, and says so: resumed")
        run.restore_checkpoints()
        run.rewind(state["epoch"])
        # Ultralytics takes all other arguments from the checkpoint, and where it wrote, too.
        arguments = {k: arguments[k] for k in ("device", "workers")}
        arguments |= {"resume": True, "save_dir": str(run.train)}
        model = load(ultralytics, str(run.weights / "last.pt"))
    else:
        run.start_over()
        model = load(ultralytics, arguments.pop("model"))
        arguments |= {"project": str(run.root), "name": run.train.name, "exist_ok": True}
        arguments["amp"] = precision(arguments["device"])
        # Where albumentations happens to be installed, Ultralytics would blur some images.
        arguments["augmentations"] = []
    moment = Moment(kept)
    recorder = Recorder(run.root, plan["expected"], boxes_of(manifest), state, moment)
    ranks = Ranks(run.root, plan["arguments"])
    for each in (recorder, moment, BatchProgress(), ranks, *_partial_labels(plan, manifest, run)):
        for event, callback in each.callbacks().items():
            model.add_callback(event, callback)
    start = time.monotonic()
    model.train(data=str(run.data_yaml), **arguments)
    say(f"trained {run.state()['epoch']} epochs; {time.monotonic() - start:.0f} s this time")


def _partial_labels(
    plan: dict[str, Any], manifest: list[dict[str, Any]], run: RunFolder
) -> list[Any]:
    """Callbacks of `partial_labels: mask`; none for 'naive', as bundles of before had no choice."""
    if plan.get("partial_labels", "naive") == "naive":
        return []
    from yolo_image_facts import excluding, image_facts  # type: ignore[import-not-found]
    from yolo_masked import PartialLabels  # type: ignore[import-not-found]

    names = class_names(run)
    return [PartialLabels(image_facts(manifest, names), excluding(plan, names))]


def _stop_on_signals() -> None:
    """End on SIGTERM and Ctrl-C through the normal way out. Loader processes just end."""
    owner = os.getpid()

    def stop(number: int, frame: FrameType | None) -> None:
        if os.getpid() != owner:
            os._exit(128 + number)
        raise Stopped

    handler: Callable[[int, FrameType | None], None] = stop
    signal.signal(signal.SIGTERM, handler)
    signal.signal(signal.SIGINT, handler)


if __name__ == "__main__":
    sys.exit(main())
