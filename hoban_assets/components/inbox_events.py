"""What Dagster is told of a model that no run of it trained: checks, then the materialisation."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import dagster as dg

from hoban_assets.components.common import check_result
from hoban_assets.components.describing import words
from hoban_assets.curation.checks import Check
from hoban_assets.reporting.metadata import in_words

Event: TypeAlias = dg.AssetCheckEvaluation | dg.AssetMaterialization
JOB, OP = "import_results", "import_archive"
ARCHIVE = "hoban/archive"
"""Run tag: name of the archive."""
PARTITION = "dagster/partition"
"""Run tag: so that lists of runs and the journal name the partition."""
_DATA_VERSION, _CODE_VERSION = "dagster/data_version", "dagster/code_version"
_INPUT_VERSION, _INPUT_POINTER = "dagster/input_data_version", "dagster/input_event_pointer"
_OWN_VERSION = "dagster/data_version_is_user_provided"
_NEWEST = 50
"""Materialisations of an input among which that of the training is looked for."""


def is_known(instance: dg.DagsterInstance, asset: str, partition: str, version: str) -> bool:
    """Whether the newest materialisation is of this data version; then its checks are known too."""
    newest = _materialisations(instance, asset, partition, 1)
    return bool(newest) and newest[0].asset_materialization.tags.get(_DATA_VERSION) == version


def events_of(
    asset: str,
    partition: str,
    *,
    checks: Sequence[Check],
    metadata: Mapping[str, Any],
    tags: Mapping[str, str],
) -> list[Event]:
    """Return checks, then the materialisation: where that is known, a kill has lost nothing."""
    found = [(check, check_result(check, asset)) for check in checks]
    evaluations: list[Event] = [
        dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey(asset),
            check_name=check.name,
            passed=result.passed,
            severity=result.severity,
            description=result.description,
            metadata=result.metadata,
            blocking=check.blocking,
            partition=partition,
        )
        for check, result in found
    ]
    materialisation = dg.AssetMaterialization(
        asset, metadata=in_words(metadata, words()), partition=partition, tags=dict(tags)
    )
    return [*evaluations, materialisation]


def report(
    instance: dg.DagsterInstance, events: Sequence[Event], run_id: str, tags: Mapping[str, str]
) -> None:
    """Tell Dagster in a run of its own, in this process; for where there is no run.

    `DagsterInstance.report_runless_asset_event` would do without a run, but takes only one
    evaluation of a check for each partition, ever (1.13: its unique index holds the run id).
    """

    @dg.op(
        name=OP,
        description="Tells Dagster what `hoban import-results` has imported.",
        out=dg.Out(dg.Nothing),
    )
    def tell() -> Iterator[Any]:
        yield from events
        yield dg.Output(None)

    @dg.job(name=JOB)
    def job() -> None:
        tell()

    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    job.execute_in_process(instance=instance, run_config=quiet, run_id=run_id, tags=dict(tags))


def version_tags(
    instance: dg.DagsterInstance,
    partition: str,
    *,
    version: str,
    code_version: str,
    inputs: Mapping[str, str],
) -> dict[str, str]:
    """Tags that Dagster writes itself where it runs an asset: by these it tells what is stale."""
    tags = {_DATA_VERSION: version, _OWN_VERSION: "true", _CODE_VERSION: code_version}
    for name, wanted in inputs.items():
        builds = _materialisations(instance, name, partition, _NEWEST)
        same = [b for b in builds if b.asset_materialization.tags.get(_DATA_VERSION) == wanted]
        tags[f"{_INPUT_VERSION}/{name}"] = wanted
        tags[f"{_INPUT_POINTER}/{name}"] = str(same[0].storage_id) if same else "NULL"
    return tags


def _materialisations(
    instance: dg.DagsterInstance, asset: str, partition: str, limit: int
) -> list[Any]:
    """Newest first."""
    wanted = dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset), asset_partitions=[partition])
    return list(instance.fetch_materializations(wanted, limit=limit).records)
