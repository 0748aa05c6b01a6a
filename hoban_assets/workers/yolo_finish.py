"""What comes after the epochs of a training: the evaluation of best.pt, and what is kept of it.

Nothing of Ultralytics is imported before it is needed: `yolo_support.quiet` comes first.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from yolo_setup import class_names, import_ultralytics, load  # type: ignore[import-not-found]
from yolo_support import (  # type: ignore[import-not-found]
    EVALUATION,
    RunFolder,
    link,
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


def ended(run: RunFolder) -> dict[str, Any]:
    """Epochs, best epoch, and after which epochs the training became another one by a stop."""
    if run.is_finished():
        finished: dict[str, Any] = json.loads(run.finished.read_text(encoding="utf-8"))
        return finished
    state = run.state()
    return {
        "epochs": state["epoch"],
        "best_epoch": state["best_epoch"],
        "resumed": state.get("resumed", []),
    }


def end_training(run: RunFolder) -> None:
    """Do what Ultralytics does after its last epoch, for a run that was killed in there."""
    ultralytics = import_ultralytics()
    from ultralytics.utils.plotting import plot_results
    from ultralytics.utils.torch_utils import strip_optimizer

    run.restore_checkpoints()
    for name in FROM_WEIGHTS:
        load(ultralytics, str(run.weights / name))  # strip_optimizer would unpickle anything
        strip_optimizer(run.weights / name)
    plot_results(file=run.train / "results.csv")


def evaluate(run: RunFolder, plan: dict[str, Any], manifest: list[dict[str, Any]]) -> None:
    """Evaluate best.pt once; append the rows of its epoch to metrics.jsonl, write its curves."""
    import_ultralytics()
    from yolo_callbacks import metric_row  # type: ignore[import-not-found]
    from yolo_evaluate import (  # type: ignore[import-not-found]
        ALL,
        LABEL_AWARE,
        LabelAwareValidator,
    )
    from yolo_image_facts import excluding, image_facts  # type: ignore[import-not-found]
    from yolo_progress import BatchProgress  # type: ignore[import-not-found]

    arguments, names = plan["arguments"], class_names(run)
    validator = LabelAwareValidator(
        image_facts(manifest, names),
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
        excludes=excluding(plan, names),
    )
    for event, callback in BatchProgress().callbacks().items():
        validator.add_callback(event, callback)
    validator()
    epoch = ended(run)["best_epoch"]
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


def keep(run: RunFolder) -> None:
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
        **ended(run),
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
