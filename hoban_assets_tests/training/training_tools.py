"""A published dataset of coloured squares, and the worker started on it as a person would."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.settings import Settings
from hoban_assets.training.plan import TrainingPlan, plan_training

WORKERS = Path(__file__).parents[2] / "hoban_assets" / "workers"
SITE = Path(__file__).parent / "no_network"
REPORTING = ("mlflow", "clearml", "comet_ml", "dvclive", "ray", "tensorboard", "wandb")
"""Packages that Ultralytics reports to where they are installed."""
SIZE = 64
COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 255, 255)]
LABELLED = {"helmet": CLASS_NAMES[:2], "person": CLASS_NAMES[2:]}
"""Each source labels two classes and leaves squares of the others unlabelled."""


def draw(folder: Path, name: str, split: str, seed: int, source: str) -> int:
    """Draw one image with a square of each class; label those of its source. Returns boxes."""
    rng = np.random.default_rng(seed)
    image = rng.integers(90, 130, (SIZE, SIZE, 3), np.uint8)
    rows = []
    for class_id, (x, y) in enumerate([(2, 2), (34, 2), (2, 34), (34, 34)]):
        side = int(rng.integers(18, 28))
        image[y : y + side, x : x + side] = COLOURS[class_id]
        if CLASS_NAMES[class_id] in LABELLED[source]:
            centre = (x + side / 2) / SIZE, (y + side / 2) / SIZE
            rows.append(f"{class_id} {centre[0]} {centre[1]} {side / SIZE} {side / SIZE}")
    cv2.imwrite(str(folder / "images" / split / name), image)
    label = folder / "labels" / split / name.replace(".jpg", ".txt")
    label.write_text("\n".join(rows) + "\n")
    return len(rows)


def publish_squares(folder: Path, train: int = 12, val: int = 4) -> Path:
    """Write a tree as `hoban_assets.publish` does, without its readers and stages."""
    rows = []
    for split, count in (("train", train), ("val", val)):
        for kind in ("images", "labels"):
            (folder / kind / split).mkdir(parents=True)
        for index in range(count):
            source = list(LABELLED)[index % 2]
            name = f"{source}-{split}-{index}.jpg"
            boxes = draw(folder, name, split, index + 1000 * (split == "val"), source)
            rows.append(
                {
                    "name": name,
                    "split": split,
                    "source": source,
                    "labelled_classes": list(LABELLED[source]),
                    "boxes": boxes,
                    "ignore_regions": [],
                }
            )
    pd.DataFrame(rows).to_parquet(folder / "manifest.parquet")
    names = dict(enumerate(CLASS_NAMES))
    (folder / "data.yaml").write_text(
        json.dumps({"train": "images/train", "val": "images/val", "nc": 4, "names": names})
    )
    return folder


@dataclass
class Run:
    """A worker that has ended."""

    plan: TrainingPlan
    status: int
    output: str

    @property
    def epochs(self) -> list[str]:
        return [line for line in self.output.splitlines() if line.startswith("epoch ")]


def lay_bait(folder: Path) -> Path:
    """Make packages of the names `REPORTING` that note an import in $HOBAN_TEST_IMPORTED."""
    for name in REPORTING:
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(
            "import os\n"
            "with open(os.environ['HOBAN_TEST_IMPORTED'], 'a') as file:\n"
            "    file.write(f'{__name__}\\n')\n"
        )
    return folder


def start_worker(
    plan: TrainingPlan, *, plots: bool = True, packages: Path | str = "", **env: str
) -> subprocess.Popen:
    """Start the worker as a person on the server does, without Dagster and without network.

    Nor with pytest's variable: Ultralytics reports nothing where it sees that it is tested.
    """
    plan.run_dir.mkdir(parents=True, exist_ok=True)
    file = plan.run_dir / "plan.json"
    given = plan.as_json()
    given["arguments"]["plots"] = plots  # Ultralytics' own pictures take seconds
    file.write_text(json.dumps(given))
    paths = [str(SITE), str(packages), os.environ.get("PYTHONPATH", "")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), **env}
    env.pop("PYTEST_CURRENT_TEST", None)
    return subprocess.Popen(
        [sys.executable, str(WORKERS / "yolo_train.py"), str(file)],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(plan: TrainingPlan, process: subprocess.Popen) -> Run:
    output, _ = process.communicate(timeout=500)
    return Run(plan, process.returncode, output)


def run_worker(plan: TrainingPlan, *, plots: bool = True, **more: str) -> Run:
    return finish(plan, start_worker(plan, plots=plots, **more))


def plan_for(root: Path, dataset: Path, **choices) -> TrainingPlan:
    settings = Settings.from_env({"HOBAN_DATA_ROOT": str(root), "HOBAN_WEIGHTS": "yolo26n.yaml"})
    wanted = {"epochs": 2, "image_size": SIZE, "batch": 4, "device": "cpu", **choices}
    return plan_training(
        "model_v9", "sub", settings, dataset_path=dataset, dataset_version="1", **wanted
    )
