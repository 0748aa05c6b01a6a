"""Seed noise: how far figures of one recipe differ when nothing but the seed does."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hoban_assets.errors import HobanError
from hoban_assets.evaluation.detecting import run_worker
from hoban_assets.files import save
from hoban_assets.settings import Settings
from hoban_assets.training.metrics import class_table, read_metrics, value_of
from hoban_assets.training.run import PLAN, WORKER

FOLDER = "noise"
"""Below the data root: a folder a model and partition, with a training a seed."""
MEASURES = ("mAP50", "mAP50-95", "recall")
FEWEST = 2
"""Seeds below which nothing can be said."""
_AGAIN = "move it away, and run hoban noise again where the spread is wanted"


@dataclass(frozen=True)
class Noise:
    """Figures of one recipe, trained with several seeds."""

    model: str
    partition: str
    epochs: int
    seeds: tuple[int, ...]
    figures: Mapping[str, Mapping[str, Sequence[float]]]
    """Class ('all': the mean) -> measure -> value of each seed."""

    def spread(self, class_name: str, measure: str) -> float | None:
        """Standard deviation over the seeds; None where fewer than two have the figure."""
        values = self.figures.get(class_name, {}).get(measure, ())
        if len(values) < FEWEST:
            return None
        mean = sum(values) / len(values)
        return math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1))

    def margin(self, class_name: str, measure: str) -> float | None:
        """How far two trainings differ in 19 of 20 cases by their seeds alone.

        Student's t at 97.5 % with n - 1 degrees of freedom, times the standard deviation, times the
        root of 2: with three seeds that is 6 standard deviations, with ten 3.2.
        """
        from scipy import stats

        spread = self.spread(class_name, measure)
        if spread is None:
            return None
        count = len(self.figures[class_name][measure])
        return float(stats.t.ppf(0.975, count - 1) * spread * math.sqrt(2))


def file_of(settings: Settings, model: str, partition: str) -> Path:
    """Where the spread of a model is kept."""
    return settings.data_root / FOLDER / model / partition / "noise.json"


def read_noise(settings: Settings, model: str, partition: str) -> Noise | None:
    """Return what was measured; None where nothing was.

    Raises:
        HobanError: the file is there and cannot be read.
    """
    file = file_of(settings, model, partition)
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return Noise(**{**found, "seeds": tuple(found["seeds"])})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HobanError(f"{file} cannot be read: {error}", _AGAIN) from error


def plan_of(run_dir: Path) -> dict[str, Any]:
    """Return the plan of a training from its run folder.

    Raises:
        HobanError: the folder has none.
    """
    try:
        plan: dict[str, Any] = json.loads((run_dir / PLAN).read_text(encoding="utf-8"))
        plan["arguments"]["seed"], plan["arguments"]["epochs"]
    except (OSError, ValueError, KeyError) as error:
        raise HobanError(
            f"{run_dir} does not say how it was trained ({error})",
            "materialise the model again: a finished training is only taken over",
        ) from error
    return plan


def plans(
    run_dir: Path, folder: Path, seeds: int, epochs: int | None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield seed and plan of each training: that of a model, but for its seed (and epochs).

    The seeds are the next ones after the model's own.

    Raises:
        HobanError: the run folder has no plan.
    """
    plan = plan_of(run_dir)
    own = plan["arguments"]["seed"]
    for seed in range(own + 1, own + 1 + seeds):
        arguments = {**plan["arguments"], "seed": seed, "plots": False}
        arguments["epochs"] = epochs or arguments["epochs"]
        run = folder / f"seed-{seed}-epochs-{arguments['epochs']}"
        yield seed, {**plan, "arguments": arguments, "run_dir": str(run)}


def measure(
    model: str,
    partition: str,
    run_dir: Path,
    settings: Settings,
    *,
    seeds: int,
    epochs: int | None,
    log: Callable[[str], None],
) -> Noise:
    """Train the recipe of a model with other seeds, and keep the spread of the figures.

    A training that was stopped goes on; a finished one is not repeated.

    Raises:
        HobanError: a training failed.
    """
    file = file_of(settings, model, partition)
    figures: dict[str, dict[str, list[float]]] = {}
    done, trained = [], 0
    for seed, plan in plans(run_dir, file.parent, seeds, epochs):
        run = Path(plan["run_dir"])
        run.mkdir(parents=True, exist_ok=True)
        log(f"seed {seed}: {run}")
        run_worker(WORKER, plan, log=log)
        for name, values in final_figures(run).items():
            for what, value in values.items():
                figures.setdefault(name, {}).setdefault(what, []).append(value)
        done.append(seed)
        trained = plan["arguments"]["epochs"]
    found = Noise(model, partition, trained, tuple(done), figures)
    save(file, json.dumps(asdict(found), indent=1))
    return found


def final_figures(run: Path) -> dict[str, dict[str, float]]:
    """Label-aware figures of the finished training in a run folder: class -> measure -> value."""
    metrics = read_metrics(run / "metrics.jsonl")
    best = json.loads((run / "finished.json").read_text(encoding="utf-8"))["best_epoch"]
    if value_of(metrics, "mAP50", best) is None:
        raise HobanError(f"{run} has no evaluation", f"remove {run} and try again")
    found = class_table(metrics, best).reindex(columns=list(MEASURES)).dropna()
    return {
        str(name): {str(what): float(value) for what, value in row.items()}
        for name, row in found.iterrows()
    }
