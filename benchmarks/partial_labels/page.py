"""The tables of docs/partial-labels.md and its Korean page, from figures that were kept."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.harness import CHECKOUT
from benchmarks.partial_labels.summary import text
from hoban_assets.files import save

MEASURED = Path(__file__).with_name("measured.json")
"""Figures of every training that the pages tell of."""
PAGES = {
    "en": CHECKOUT / "docs" / "partial-labels.md",
    "ko": CHECKOUT / "docs" / "ko" / "partial-labels.md",
}
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def write_pages(figures: Path) -> None:
    """Keep the figures beside the code, with what was tried before, and put them into the pages."""
    told = json.loads(figures.read_text(encoding="utf-8"))
    told["tried"] = json.loads(MEASURED.read_text(encoding="utf-8"))["tried"]
    save(MEASURED, json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    for language, page in PAGES.items():
        page.write_text(with_tables(page.read_text(encoding="utf-8"), language), encoding="utf-8")


def with_tables(page: str, language: str) -> str:
    """Return a page with the tables of `MEASURED` between its marks."""
    before, rest = page.split(BEGIN)
    told = json.loads(MEASURED.read_text(encoding="utf-8"))
    return f"{before}{BEGIN}\n{text(told, language)}\n{END}{rest.split(END)[1]}"
