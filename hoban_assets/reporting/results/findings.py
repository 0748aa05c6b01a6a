"""What a person should know of a model's results, in plain words, each with what to do about it."""

from __future__ import annotations

from hoban_assets.reporting.results.figures import ModelResults
from hoban_assets.reporting.results.finding import Finding
from hoban_assets.reporting.results.of_errors import of_errors
from hoban_assets.reporting.results.of_training import of_training


def findings(results: ModelResults) -> list[Finding]:
    """Return what stands out: problems first, by how many errors each explains."""
    found = [*of_errors(results), *of_training(results)]
    if not any(f.level in ("bad", "warn") for f in found):
        found.append(Finding("good", "No problem stands out."))
    return sorted(found, key=_rank)


def all_errors(results: ModelResults) -> int:
    """Misses, false alarms and mix-ups of validation, at `CONFIDENCE`."""
    o = results.overall
    return (o.missed or 0) + (o.false_positives or 0) + sum(c.count for c in results.confusions)


def _rank(found: Finding) -> tuple[bool, int, int]:
    """Problems before the rest, of these the one first that explains most errors."""
    order = ("bad", "warn", "good", "info")
    is_problem = found.level in ("bad", "warn")
    return not is_problem, -found.errors if is_problem else 0, order.index(found.level)
