"""What all assets of this graph share: partitions, checks, and how a build is handed over."""

from __future__ import annotations

import contextlib
import json
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import dagster as dg
import pandas as pd

from hoban_assets.catalog.store import Build, Materialization
from hoban_assets.components.describing import words
from hoban_assets.components.platform import Platform
from hoban_assets.components.shown import shown
from hoban_assets.curation.checks import DESCRIPTIONS, WARNINGS, Check, from_table
from hoban_assets.errors import HobanError, of_the_machine
from hoban_assets.freshness.declared import declared
from hoban_assets.language import Say, plain, retold, speaker
from hoban_assets.processes.lifeline import end_with_run
from hoban_assets.reporting.composition import (
    area_histogram,
    composition,
    decision_counts,
    stage_flow,
)
from hoban_assets.reporting.gallery.contact_sheets import contact_sheets
from hoban_assets.reporting.metadata import in_order, in_words
from hoban_assets.reporting.report import save
from hoban_assets.samples import Samples
from hoban_assets.settings import PARTITIONS, Settings

PARTITIONS_DEF = dg.StaticPartitionsDefinition(list(PARTITIONS))
OWNERS = ["team:vision"]


def check_specs(asset: str, checks: Iterable[str]) -> list[dg.AssetCheckSpec]:
    """Specs of checks by name, each judged for its partition alone.

    Without a partitions_def a run of `sub` would overwrite what was found of `full`. It is the
    one preview API that this graph uses, and this the one place that does.
    """
    say = words()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return [
            dg.AssetCheckSpec(
                name,
                asset=asset,
                description=say(DESCRIPTIONS[name]),
                blocking=name not in WARNINGS,
                partitions_def=PARTITIONS_DEF,
            )
            for name in checks
        ]


def hand_over(
    asset: str,
    checks: Sequence[Check],
    finish: Callable[[], tuple[Build, Mapping[str, Any]]],
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
    """Report the checks, then `finish` (publish) and hand the build to the catalog.

    A failing check does not undo a materialisation in Dagster, so nothing is published before
    the checks have passed.

    Raises:
        dagster.Failure: naming the failed blocking checks; earlier results stay current.
    """
    for check in checks:
        if not check.passed and not check.blocking:
            dg.get_dagster_logger().warning(f"{check.name}: {retold(check.text, words())}")
        yield check_result(check, asset)
    if failed := [c for c in checks if c.blocking and not c.passed]:
        raise dg.Failure(
            "; ".join(f"{c.name}: {retold(c.text, words())}" for c in failed)
            + " -> "
            + words()("nothing was published, the earlier build is still current"),
            allow_retries=False,
        )
    build, metadata = finish()
    declared(Settings.from_env().cache)  # so that the first command that asks has it at hand
    version = build.data_version or (build.samples.data_version() if build.samples else "")
    yield dg.MaterializeResult(
        value=build,
        metadata=in_words(in_order(metadata), words()),
        data_version=dg.DataVersion(version),
    )


def unchanged(
    platform: Platform,
    same: Materialization,
    extra: Mapping[str, Any] | None = None,
    summary: Callable[[Samples, Sequence[Check]], Mapping[str, Any]] | None = None,
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
    """Hand over what the catalog holds already: the same went in, so nothing is read again."""
    catalog = platform.catalog()
    samples = catalog.load(same.asset, same.partition)
    number = same.materialization_id
    stages = catalog.small_table("stages", number)
    checks = from_table(catalog.small_table("checks", number))
    text = words()("same inputs as materialisation {number}: nothing was read", number=number)
    dg.get_dagster_logger().info(f"{same.asset}: {text}")
    metadata = {
        **(summary(samples, checks) if summary else {}),
        "unchanged": text,
        **(extra or {}),
        **pictures(same.asset, same.partition, samples, platform.settings(), draw=False),
        **sample_metadata(samples, stages, platform.settings()),
    }
    build = Build(input_key=same.input_key or "", data_version=same.data_version, reused=True)
    yield from hand_over(same.asset, checks, lambda: (build, metadata))


@contextlib.contextmanager
def step() -> Iterator[None]:
    """Wrap the body of every asset: it ends with its run, and fails in one clear message."""
    end_with_run()
    try:
        yield
    except Exception as error:
        known = error if isinstance(error, HobanError) else of_the_machine(error)
        if known is None:
            raise
        raise dg.Failure(
            str(known),
            metadata=in_words({"way out": dg.MetadataValue.text(known.way_out)}, words()),
            allow_retries=False,
        ) from error


def check_result(check: Check, asset: str) -> dg.AssetCheckResult:
    """Turn a check into Dagster's event."""
    severity = dg.AssetCheckSeverity.ERROR if check.blocking else dg.AssetCheckSeverity.WARN
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=check.name,
        passed=check.passed,
        severity=severity,
        description=retold(check.text, words()),
        metadata=in_words(check.numbers, words()),
    )


def pictures(
    asset: str, partition: str, samples: Samples, settings: Settings, *, draw: bool = True
) -> dict[str, Any]:
    """Metadata with some photographs of each class, and where `hoban gallery` puts more.

    They are kept by data version, so that an unchanged build shows them without reading a
    photograph again; without `draw` those that were never drawn are left out.
    """
    kept = settings.cache / "pictures" / f"{samples.data_version()}-{settings.language}.json"
    if kept.is_file():
        sheets = json.loads(kept.read_text(encoding="utf-8"))
    elif draw:
        sheets = contact_sheets(samples, settings.raw_root, settings.language)
        save(kept, json.dumps(sheets))
    else:
        sheets = {}
    gallery = settings.reports / "gallery" / asset / partition
    return {
        "gallery": dg.MetadataValue.path(str(gallery)),
        **{
            f"pictures/{name}": shown(
                text, settings, f"{samples.data_version()}-{name}-{settings.language}"
            )
            for name, text in sheets.items()
        },
    }


def sample_metadata(samples: Samples, stages: pd.DataFrame, settings: Settings) -> dict[str, Any]:
    """Metadata of a materialisation: counts, tables, a plot of box areas.

    `stages` is `Ledger.table()`.
    """
    say = speaker(settings.language)
    areas = f"{samples.data_version()}-areas"
    return {
        "images": len(samples.images),
        "boxes": len(samples.labels),
        "ignore_regions": int(samples.boxes.ignore.sum()),
        **{f"boxes/{name}": count for name, count in samples.box_counts().items()},
        "composition": table(composition(samples, say), say),
        "decisions": table(decision_counts(samples), say),
        "box_areas": shown(area_histogram(samples), settings, areas),
        "stages": table(stage_flow(stages), say),
        "seconds": round(float(stages.seconds.sum()), 2),
    }


def table(frame: pd.DataFrame, say: Say = plain) -> Any:
    """A table in the UI, headed in the reader's words; Dagster has no empty ones: then a text."""
    if frame.empty:
        return dg.MetadataValue.md(say("(none)"))
    frame = frame.rename(columns={name: say(name) for name in frame.columns})
    known = frame.astype(object).where(frame.notna(), None)  # the UI cannot parse NaN
    records = [dg.TableRecord(cast(Any, row)) for row in known.to_dict("records")]
    return dg.MetadataValue.table(records)
