"""A model's results for programs, and the shell commands and files that belong to them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from hoban_assets.howto import build
from hoban_assets.language import Say
from hoban_assets.reporting.results.figures import ModelResults
from hoban_assets.reporting.results.findings import all_errors, findings

FILES = (
    "results.png",
    "BoxPR_curve.png",
    "BoxF1_curve.png",
    "BoxP_curve.png",
    "BoxR_curve.png",
    "confusion_matrix.png",
    "confusion_matrix_normalized.png",
    "curves.json",
    "worst_images.json",
)
"""What to look at in a run folder, where it is there."""


def as_json(results: ModelResults, say: Say) -> dict[str, Any]:
    """Everything, for programs; findings as sentences in the language of `say`."""
    of_class = [{**asdict(c), "missed_share": c.missed_share} for c in results.classes]
    return {
        **asdict(results),
        "overall": {**asdict(results.overall), "missed_share": results.overall.missed_share},
        "classes": of_class,
        "confusions": [
            {
                "true": c.true,
                "taken_for": c.predicted,
                "count": c.count,
                "share": c.share,
                "helmet": c.helmet_pair,
            }
            for c in results.confusions
        ],
        "findings": [
            {
                "level": f.level,
                "text": f.said(say),
                "errors": f.errors,
                "remedies": f.remedies_said(say),
            }
            for f in findings(results)
        ],
        "errors": all_errors(results),
        "files": [str(file) for file in files(results)],
        "commands": commands(results),
    }


def files(results: ModelResults) -> list[Path]:
    """Curves and lists of the run folder that are there."""
    run = Path(results.path) if results.path else None
    return [file for name in FILES if run and (file := run / name).is_file()]


def commands(results: ModelResults) -> list[str]:
    """Shell commands that train this model again: as an asset, and with Ultralytics alone."""
    again = build(results.model, partition=results.partition)
    by_hand = Path(results.path or "-") / "command.txt"
    return [again, *([by_hand.read_text("utf-8").strip()] if by_hand.is_file() else [])]
