"""The confidences that a model is used with: kept beside its weights."""

from __future__ import annotations

import json
from pathlib import Path

from hoban_assets.evaluation.detecting import Progress
from hoban_assets.evaluation.judging import Confidences
from hoban_assets.evaluation.looking import chosen_on_train
from hoban_assets.evaluation.subjects import Subject
from hoban_assets.files import save
from hoban_assets.settings import Settings
from hoban_assets.workers.yolo_support import EVALUATION

STORED = "confidence.json"
"""Beside best.pt: confidence of each class, and on which pictures it was chosen."""


def stored(run_dir: Path) -> Confidences | None:
    """Return the confidences that are kept with a model.

    None where none were chosen yet, or by other rules of what is right and wrong.
    """
    if not (run_dir / STORED).is_file():
        return None
    try:
        found = json.loads((run_dir / STORED).read_text(encoding="utf-8"))
        if found["evaluation"] != EVALUATION:
            return None
        return Confidences(found["values"], found["chosen_on"], tuple(found["usual"]))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def store(run_dir: Path, chosen: Confidences) -> None:
    """Keep confidences with a model."""
    content = {
        "values": dict(chosen.values),
        "chosen_on": chosen.chosen_on,
        "usual": list(chosen.usual),
        "evaluation": EVALUATION,
    }
    save(run_dir / STORED, json.dumps(content, ensure_ascii=False, indent=1))


def in_use(
    subject: Subject, settings: Settings, progress: Progress = lambda done, of: None
) -> Confidences | None:
    """Those kept with a model, else chosen on its train now, and kept; None for other weights."""
    if subject.trained_on is None:
        return None
    if (known := stored(subject.file.parent)) is not None:
        return known
    chosen = chosen_on_train(subject, settings, progress)
    if chosen is not None:
        store(subject.file.parent, chosen)
    return chosen
