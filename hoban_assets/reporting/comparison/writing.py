"""A comparison of models, written as page and Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hoban_assets.catalog.answers import asking
from hoban_assets.language import speaker
from hoban_assets.reporting.blocks import Block, Heading, Paragraph
from hoban_assets.reporting.comparison.document import confusions, document
from hoban_assets.reporting.comparison.figures import compare, trained_models
from hoban_assets.reporting.comparison.types import Comparison
from hoban_assets.reporting.markdown import markdown
from hoban_assets.reporting.report import Report, save_document
from hoban_assets.settings import Settings


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
    told: list[Block] = [Heading(1, say("Comparison of models"))]
    if found is None:
        text = say("No model is trained for partition {partition} yet.", partition=partition)
        told.append(Paragraph(text))
    else:
        log(f"comparing {', '.join(names)} [{partition}]")
        told = list(document(found, say))
    stem = settings.reports / "compare" / "-".join([*(models or ["all"]), partition])
    drawn = confusions(found, say) if found else ()
    files = save_document(stem, [*told, *drawn], settings.language)
    return Report(files, markdown(told, deeper=1), _numbers(found) if found else {})


def _numbers(found: Comparison) -> dict[str, float]:
    known = [(model.name, model.results.overall.ap50) for model in found.models]
    numbers = {f"mAP50/{name}": round(value, 4) for name, value in known if value is not None}
    steps = [(other.model.name, other.overall) for other in found.others]
    return numbers | {
        f"mAP50_difference/{name}": round(step.difference, 4) for name, step in steps if step
    }
