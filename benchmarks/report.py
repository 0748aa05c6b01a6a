"""The table of ``make bench``, as text, Markdown and JSON."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.harness import Result

HEADER = ("row", "compared", "ours", "peer", "measured", "limit", "")
PACKAGES = ("numpy", "pandas", "pyarrow", "orjson", "opencv-python", "duckdb", "dagster")


def machine() -> dict[str, str]:
    """Facts of the machine and its software that the figures depend on."""
    facts = {
        "cores": str(len(os.sched_getaffinity(0))),
        "processor": _processor(),
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }
    for package in PACKAGES:
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            facts[package] = "not installed"
    return facts


def table(results: Mapping[str, Result], *, judged: bool) -> list[tuple[str, ...]]:
    """Rows of the table, header first; without `judged` nothing passes or fails."""
    lines: list[tuple[str, ...]] = [HEADER]
    for name, result in results.items():
        if result.error:
            lines.append((name, "could not run, see below", "", "", "", "", "ERROR"))
        for number, item in enumerate(result.criteria):
            verdict = ("pass" if item.passed else "MISS") if judged else "(quick)"
            measured = f"{item.ratio:,.2f}{item.unit}"
            limit = f"{item.sense} {item.limit:g}{item.unit}"
            first = "" if number else name
            lines.append((first, item.what, item.ours, item.peer, measured, limit, verdict))
    return lines


def text(results: Mapping[str, Result], facts: Mapping[str, str], *, judged: bool) -> str:
    """Render the table with aligned columns, then the notes and the machine."""
    lines = table(results, judged=judged)
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    rows = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    rows.insert(1, "  ".join("-" * width for width in widths).rstrip())
    return "\n".join([*rows, "", *_notes(results), "", _facts(facts)]) + "\n"


def markdown(results: Mapping[str, Result], facts: Mapping[str, str], *, judged: bool) -> str:
    """Render the same as Markdown."""
    header, *lines = table(results, judged=judged)
    rows = [f"| {' | '.join(line)} |" for line in (header, ("---",) * len(HEADER), *lines)]
    notes = [f"- {note}" for note in _notes(results)]
    return "\n".join(["# Benchmarks", "", *rows, "", *notes, "", _facts(facts)]) + "\n"


def write(
    folder: Path, results: Mapping[str, Result], facts: Mapping[str, str], *, judged: bool
) -> None:
    """Write ``bench.md`` and ``bench.json`` below `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.md").write_text(markdown(results, facts, judged=judged), encoding="utf-8")
    rows = {
        name: {
            "passed": result.passed if judged else None,
            "error": result.error,
            "criteria": [asdict(item) | {"passed": item.passed} for item in result.criteria],
            "notes": list(result.notes),
            "samples": {side: list(times) for side, times in result.samples.items()},
        }
        for name, result in results.items()
    }
    document = {"machine": dict(facts), "quick": not judged, "rows": rows}
    (folder / "bench.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _notes(results: Mapping[str, Result]) -> list[str]:
    return [
        f"{name}: {note}"
        for name, result in results.items()
        for note in (*result.notes, *([result.error] if result.error else []))
    ]


def _facts(facts: Mapping[str, str]) -> str:
    return "Machine: " + ", ".join(f"{name} {value}" for name, value in facts.items()) + "."


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or sys.platform
