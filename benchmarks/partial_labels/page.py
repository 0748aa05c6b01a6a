"""The tables of docs/partial-labels.md and its Korean page, from figures that were kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.harness import CHECKOUT
from benchmarks.partial_labels.arms import JUDGED
from benchmarks.partial_labels.common import ARMS, Schedule
from benchmarks.partial_labels.summary import text
from benchmarks.report import machine
from hoban_assets.files import save

MEASURED = Path(__file__).with_name("measured.json")
"""Figures of every training that the pages tell of."""
PAGES = {
    "en": CHECKOUT / "docs" / "partial-labels.md",
    "ko": CHECKOUT / "docs" / "ko" / "partial-labels.md",
}
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def told_of(folder: Path, schedules: Mapping[str, Schedule]) -> dict[str, Any]:
    """Every judged training below a folder that is of these schedules, part -> schedule."""
    files = sorted(folder.glob(f"*/data/models/*/*/*/{JUDGED}"), key=lambda f: f.stat().st_mtime)
    found = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    known = {
        (run["part"], run["arm"], run["seed"]): run
        for run in found
        if (run["epochs"], run["size"]) == (of := schedules[run["part"]]).epochs_and_size
        and run["seed"] < of.seeds
    }
    wanted = [
        (part, arm, seed)
        for part, schedule in schedules.items()
        for seed in range(schedule.seeds)
        for arm in (ARMS if part == "drawn" else ARMS[:3])
    ]
    return {
        "machine": machine(),
        "runs": [known[key] for key in sorted(known)],
        "missing": [list(key) for key in wanted if key not in known],
    }


def write_pages(told: Mapping[str, Any]) -> None:
    """Keep the figures beside the code, with what was tried before, and put them into the pages."""
    before = json.loads(MEASURED.read_text(encoding="utf-8"))
    told = {**told, "tried": before["tried"]}
    save(MEASURED, json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    for language, page in PAGES.items():
        page.write_text(with_tables(page.read_text(encoding="utf-8"), language), encoding="utf-8")


def with_tables(page: str, language: str) -> str:
    """Return a page with the tables of `MEASURED` between its marks."""
    before, rest = page.split(BEGIN)
    told = json.loads(MEASURED.read_text(encoding="utf-8"))
    return f"{before}{BEGIN}\n{text(told, language)}\n{END}{rest.split(END)[1]}"
