"""What Dagster is told of a raw source: by its own observation, and by a stage that reads it.

Dagster notes at the start of a step which versions its inputs have, and knows a source only by
its last observation. A stage that reads a source which nobody observed would so be recorded as
made from nothing, and be called stale by the first observation, and the source would stay 'Never
observed'. So a stage reports what it saw, and its materialisation names just that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import dagster as dg

from hoban_assets.components.describing import words
from hoban_assets.observing.fingerprint import Fingerprint
from hoban_assets.reporting.metadata import in_words
from hoban_assets.units import megabytes, size_text

DATA_VERSION = "dagster/data_version"
INPUT_VERSION = "dagster/input_data_version"
INPUT_EVENT = "dagster/input_event_pointer"
"""Tags of Dagster 1.13; the last two are followed by '/' and the key of the input."""
Seen = TypeVar("Seen")


def observation_metadata(found: Fingerprint, read_by: str = "") -> dict[str, Any]:
    """What a person wants to know of a raw folder: how much, how new, what changed."""
    say = words()
    metadata: dict[str, Any] = {
        "files": found.files,
        "labels": found.labels,
        "MB": megabytes(found.bytes),
        "size": size_text(found.bytes),
    }
    if found.newest:
        metadata["newest file"] = found.newest.encode(errors="backslashreplace").decode()
        metadata["newest change"] = dg.MetadataValue.timestamp(found.newest_at)
    if found.changes is None:
        metadata["compared with the look of"] = say("nothing: the first look at this folder")
    else:
        metadata |= {
            "added": found.changes.added,
            "changed": found.changes.changed,
            "removed": found.changes.removed,
            "compared with the look of": dg.MetadataValue.timestamp(found.changes.since),
        }
    if found.unreadable:
        metadata["labels that cannot be read"] = found.unreadable
    metadata |= {"labels opened": found.opened, "seconds": round(found.seconds, 3)}
    return in_words(metadata | ({"read by": read_by} if read_by else {}), say)


def sources_as_read(
    context: dg.AssetExecutionContext, found: Mapping[str, Fingerprint]
) -> Iterator[dg.AssetObservation]:
    """Observe the sources of a stage as it found them; `found` is `raw_fingerprints`."""
    for name, look in _declared(context, found).items():
        yield dg.AssetObservation(
            name.split("/"),
            metadata=observation_metadata(look, read_by=context.asset_key.to_user_string()),
            tags={DATA_VERSION: look.version},
        )


def made_from(
    context: dg.AssetExecutionContext, versions: Mapping[str, str], events: Iterable[Any]
) -> Iterator[Any]:
    """Pass on what a stage yields; its materialisation names the source versions that it read.

    Without it Dagster would name those that it knew before the step began.
    """
    for event in events:
        if not isinstance(event, dg.MaterializeResult):
            yield event
            continue
        tags: dict[str, str] = {}
        for name, version in _declared(context, versions).items():
            tags[f"{INPUT_VERSION}/{name}"] = version
            if pointer := _observation_of(context, name, version):
                tags[f"{INPUT_EVENT}/{name}"] = pointer
        yield dg.MaterializeResult(
            asset_key=event.asset_key,
            metadata=event.metadata,
            check_results=event.check_results,
            data_version=event.data_version,
            tags={**(event.tags or {}), **tags},
            value=event.value,
        )


def _declared(context: dg.AssetExecutionContext, found: Mapping[str, Seen]) -> dict[str, Seen]:
    """What was seen of sources that the asset depends on; others are no inputs to Dagster."""
    deps = {dep.asset_key.to_user_string() for dep in context.assets_def.get_asset_spec().deps}
    return {name: look for name, look in found.items() if name in deps}


def _observation_of(context: dg.AssetExecutionContext, name: str, version: str) -> str | None:
    """Storage id of the newest observation of a source with this version."""
    newest = context.instance.fetch_observations(dg.AssetKey(name.split("/")), limit=10).records
    for record in newest:
        seen = record.event_log_entry.asset_observation
        if seen is not None and (seen.tags or {}).get(DATA_VERSION) == version:
            return str(record.storage_id)
    return None
