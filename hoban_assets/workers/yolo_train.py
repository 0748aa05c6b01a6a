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
import shutil
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
    link,
    log_to,
    quiet,
    say,
    sha256_of,
    write_whole,
)

FROM_TRAINING = ("args.yaml", "results.csv", "results.png", "labels.jpg")
FROM_WEIGHTS = ("best.pt", "last.pt")
HASHED = (*FROM_WEIGHTS, "metrics.jsonl")
"""What a model is: compared with its hash before it is taken for finished."""
PICTURES = (
    "results.png",
    "confusion_matrix.png",
    "confusion_matrix_normalized.png",
    "BoxPR_curve.png",
    "BoxF1_curve.png",
    "BoxP_curve.png",
    "BoxR_curve.png",
    "labels.jpg",
    "val_batch0_labels.jpg",
    "val_batch0_pred.jpg",
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
    if is_trained and _ended(run).get("evaluation", 1) >= EVALUATION:
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
        _evaluate(run, plan["arguments"], manifest)
    finally:
        remove_caches(dataset)
    _keep(run)


def _ended(run: RunFolder) -> dict[str, Any]:
    """Epochs, best epoch, and after which epochs the training became another one by a stop."""
    if run.is_finished():
        finished: dict[str, Any] = json.loads(run.finished.read_text(encoding="utf-8"))
        return finished
    state = run.state()
    ended = {"epochs": state["epoch"], "best_epoch": state["best_epoch"]}
    return {**ended, "resumed": state.get("resumed", [])}


def _train_epochs(run: RunFolder, plan: dict[str, Any], manifest: list[dict[str, Any]]) -> None:
    """Train the epochs that are missing; leaves weights/best.pt without optimizer."""
    arguments, state = dict(plan["arguments"]), run.state()
    if state and (state["stop"] or state["epoch"] >= arguments["epochs"]):
        say(f"all {state['epoch']} epochs are trained: only the evaluation is missing")
        _end_training(run)
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
    from yolo_image_facts import image_facts  # type: ignore[import-not-found]
    from yolo_masked import PartialLabels, ruled_out  # type: ignore[import-not-found]

    names = class_names(run)
    return [PartialLabels(image_facts(manifest, names), ruled_out(names, plan))]


def _end_training(run: RunFolder) -> None:
    """Do what Ultralytics does after its last epoch, for a run that was killed in there."""
    ultralytics = import_ultralytics()
    from ultralytics.utils.plotting import plot_results
    from ultralytics.utils.torch_utils import strip_optimizer

    run.restore_checkpoints()
    for name in FROM_WEIGHTS:
        load(ultralytics, str(run.weights / name))  # strip_optimizer would unpickle anything
        strip_optimizer(run.weights / name)
    plot_results(file=run.train / "results.csv")


def _evaluate(run: RunFolder, arguments: dict[str, Any], manifest: list[dict[str, Any]]) -> None:
    """Evaluate best.pt once; append the rows of its epoch to metrics.jsonl, write its curves."""
    import_ultralytics()
    from yolo_callbacks import metric_row
    from yolo_evaluate import (  # type: ignore[import-not-found]
        ALL,
        LABEL_AWARE,
        LabelAwareValidator,
    )
    from yolo_image_facts import image_facts
    from yolo_progress import BatchProgress

    validator = LabelAwareValidator(
        image_facts(manifest, class_names(run)),
        args={
            "task": "detect",
            "mode": "val",
            "model": str(run.root / "best.pt" if run.is_finished() else run.weights / "best.pt"),
            "data": str(run.data_yaml),
            "device": str(arguments["device"]).partition(",")[0],  # one GPU is enough
            "rect": True,
            "plots": True,
            **{key: arguments[key] for key in ("imgsz", "batch", "workers", "nms")},
        },
        save_dir=run.root / "evaluation",
    )
    for event, callback in BatchProgress().callbacks().items():
        validator.add_callback(event, callback)
    validator()
    epoch = _ended(run)["best_epoch"]
    rows = list(validator.rows(epoch))
    rows.append(metric_row(epoch, LABEL_AWARE, ALL, ALL, "evaluation", EVALUATION))
    run.append(rows)
    write_whole(run.root / "curves.json", json.dumps(validator.curves()))
    worst = json.dumps(validator.fair.worst_images(), ensure_ascii=False)
    write_whole(run.root / "worst_images.json", worst)
    overall = {
        (row["split"], row["metric"]): row["value"]
        for row in rows
        if row["class_name"] == row["source"] == "all"
    }
    for split, what in (("val", "stock"), ("val_labelled", "label-aware")):
        if (split, "mAP50") in overall:
            say(
                f"best epoch {epoch}, {what}: mAP50 {overall[split, 'mAP50']:.3f}  "
                f"mAP50-95 {overall[split, 'mAP50-95']:.3f}"
            )


def _keep(run: RunFolder) -> None:
    """Put what is kept of the run side by side; finished.json comes last."""
    for file in (
        *(run.train / name for name in FROM_TRAINING),
        *(run.weights / name for name in FROM_WEIGHTS),
        *(run.root / "evaluation").glob("*.[jp][pn]g"),
    ):
        if file.is_file():
            _put(file, run.root / file.name)
    for misleading in run.train.glob("confusion_matrix*.png"):  # full of 0.001-confidence boxes
        misleading.unlink()
    finished = {
        **_ended(run),
        "evaluation": EVALUATION,
        "files": {n: sha256_of(run.root / n) for n in HASHED if (run.root / n).is_file()},
        "pictures": [name for name in PICTURES if (run.root / name).is_file()],
    }
    write_whole(run.finished, json.dumps(finished, indent=2))
    for folder in (run.kept, run.root / "config"):
        shutil.rmtree(folder, ignore_errors=not folder.exists())


def _put(file: Path, target: Path) -> None:
    """Link `file` to `target`, which is never absent meanwhile: without best.pt a run is lost."""
    new = target.with_name(f"{target.name}.new")
    new.unlink(missing_ok=True)
    link(file, new)
    new.replace(target)
    new.unlink(missing_ok=True)  # replace() leaves it where both are the same file already


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
