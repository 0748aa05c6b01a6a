"""The comparison page: models of a partition side by side, with pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hoban_assets.catalog.answers import asking
from hoban_assets.language import speaker
from hoban_assets.reporting.comparison.comparison import compare, trained_models
from hoban_assets.reporting.comparison.text import (
    change_rows,
    changes_text,
    data_rows,
    data_text,
    figures,
    parts_of,
    verdict,
    warnings_of,
)
from hoban_assets.reporting.comparison.types import Comparison, Trained
from hoban_assets.reporting.diff.text import as_markdown, by_rule, without_empty_columns
from hoban_assets.reporting.page import picture_uri, render
from hoban_assets.reporting.report import Report, save
from hoban_assets.units import text_of as number

if TYPE_CHECKING:
    from hoban_assets.settings import Settings

MATRIX = "confusion_matrix_normalized.png"
COLOURS = ("#868e96", "#0b7285", "#e8590c", "#5f3dc4", "#2b8a3e", "#c92a2a")
"""Of the bars: the base grey, so that the others are seen against it."""
BARS = ("AP50", "AP50-95", "recall", "missed_share")
"""Figures that are drawn, where there are any."""


def write_comparison(
    settings: Settings,
    partition: str,
    log: Callable[[str], None],
    models: Sequence[str] | None = None,
) -> Report:
    """Write ``reports/compare/<first>-<second>-...-<partition>.html`` and ``.md``.

    Args:
        settings: language, and where catalog and reports lie.
        partition: 'sub' or 'full'.
        log: told what is compared.
        models: asset names, the first is the base. None: every model that was trained in this
            partition, oldest version first, as ``all-<partition>``; with fewer than two of them
            the page says so.

    Raises:
        HobanError: a model that is named was never trained for this partition.
    """
    say = speaker(settings.language)
    with asking(settings.catalog_path, settings.catalog_wait) as ask:
        names = list(models or trained_models(ask, partition))
        found = compare(ask, names, partition) if names else None
    stem = "-".join([*(models or ["all"]), partition])
    base = settings.reports / "compare" / stem
    if found is None:
        return _nothing(base, partition, settings.language)
    log(f"comparing {', '.join(names)} [{partition}]")
    parts = parts_of(found, say)
    page = render("compare.html.j2", settings.language, **_content(found, say))
    files = (
        save(base.with_name(f"{stem}.html"), page),
        save(base.with_name(f"{stem}.md"), as_markdown(parts)),
    )
    return Report(files, as_markdown(parts, level=3), _numbers(found))


def _nothing(base: Path, partition: str, language: str) -> Report:
    say = speaker(language)
    text = say("No model is trained for partition {partition} yet.", partition=partition)
    page = render("compare.html.j2", language, found=None, text=text)
    files = (save(Path(f"{base}.html"), page), save(Path(f"{base}.md"), f"{text}\n"))
    return Report(files, text)


def _content(found: Comparison, say: Callable[..., str]) -> dict[str, Any]:
    rows = figures(found)
    return {
        "found": found,
        "figures": [_merged(row, say) for row in without_empty_columns(rows)],
        "charts": [
            _chart(rows, found, metric)
            for metric in BARS
            if any(row[metric] is not None for row in rows)
        ],
        "colours": dict(zip([m.name for m in found.models], COLOURS * 9, strict=False)),
        "others": [
            {
                "pair": f"{found.base.name} → {other.model.name}",
                "overall": other.overall,
                "verdict": verdict(found.base, other, say),
                "warnings": warnings_of(other, say),
                "changes": [
                    (title, changes_text(changed, say), change_rows(changed))
                    for title, changed in (("Recipe", other.recipe), ("Training", other.training))
                ],
                "data_text": data_text(other, say),
                "data": data_rows(other, say),
                "reasons": without_empty_columns(by_rule(other.data.removed_because, say))
                if other.data
                else [],
            }
            for other in found.others
        ],
        "matrices": [(model.name, _matrix(model)) for model in found.models],
    }


def _merged(row: dict[str, Any], say: Callable[..., str]) -> dict[str, str]:
    """One row of figures as text, each with its difference to the base: ``0.868 (+0.067)``."""
    merged = {"class": say(row["class"]), "model": row["model"]}
    for metric in [key for key in row if key not in merged and not key.endswith(" ±")]:
        difference = row.get(f"{metric} ±")
        merged[metric] = number(row[metric]) + (f" ({difference})" if difference else "")
    return merged


def _chart(rows: Sequence[dict[str, Any]], found: Comparison, metric: str) -> dict[str, Any]:
    """Groups of bars, one a class: [(class, [(model, value)])]."""
    groups = [
        (name, [(r["model"], r[metric]) for r in rows if r["class"] == name])
        for name in ("all", *found.classes)
    ]
    return {"title": metric, "groups": groups}


def _matrix(model: Trained) -> str | None:
    """The confusion matrix of a run folder as a data URI; None where it is gone."""
    picture = Path(model.results.path or "") / MATRIX
    if not model.results.path or not picture.is_file():
        return None
    from PIL import Image

    with Image.open(picture) as opened:
        return picture_uri(opened, longest=1000)


def _numbers(found: Comparison) -> dict[str, float]:
    known = [(model.name, model.results.overall.ap50) for model in found.models]
    numbers = {f"mAP50/{name}": round(value, 4) for name, value in known if value is not None}
    steps = [(other.model.name, other.overall) for other in found.others]
    return numbers | {
        f"mAP50_difference/{name}": round(step.difference, 4) for name, step in steps if step
    }
