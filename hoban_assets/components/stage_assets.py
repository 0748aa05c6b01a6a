"""The factory behind ``declared/stages.py``."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import dagster as dg

from hoban_assets.asset_names import DATASET
from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.store import Build, Catalog, Materialization
from hoban_assets.code_version import STAGE_PARTS, code_version_of
from hoban_assets.components.benchmark_checks import is_apart
from hoban_assets.components.common import (
    OWNERS,
    PARTITIONS_DEF,
    check_specs,
    hand_over,
    pictures,
    sample_metadata,
    step,
    unchanged,
)
from hoban_assets.components.corrections_asset import corrections_as_read, version_as_read
from hoban_assets.components.describing import schemas, stage_text, words
from hoban_assets.components.observation import made_from, sources_as_read
from hoban_assets.components.platform import Platform
from hoban_assets.components.presence import LACKING
from hoban_assets.components.teaching import Teaching, model_versions
from hoban_assets.corrections.rows import Correction
from hoban_assets.corrections.standing import standing_in
from hoban_assets.curation import checks
from hoban_assets.curation.checks import Check
from hoban_assets.curation.completion.complete import ORIGIN
from hoban_assets.curation.corrected import corrections_applied
from hoban_assets.curation.readable import rows_readable
from hoban_assets.declared.sources import left_out
from hoban_assets.formats import undeclared_folders
from hoban_assets.formats.benchmarks import is_benchmark
from hoban_assets.freshness.corrected import Versions, versions
from hoban_assets.ingredients import CORRECTIONS, key_of, version_of
from hoban_assets.language import Say, plain
from hoban_assets.ledger import Ledger
from hoban_assets.pipeline.completing import told
from hoban_assets.pipeline.corrected import corrections_in
from hoban_assets.pipeline.features import FeatureExtractor
from hoban_assets.pipeline.stage import Stage, raw_fingerprints, stage_ingredients, versions_in
from hoban_assets.pipeline.stage_build import StageBuild, build_stage
from hoban_assets.reporting.metadata import in_words
from hoban_assets.samples import Samples
from hoban_assets.settings import Settings

CODE_VERSION = code_version_of(*STAGE_PARTS)
CHECKS = (
    "conservation",
    "boxes_inside_image",
    "no_unknown_class",
    "rows_readable",
    "corrections_applied",
    "files_read",
    "folders_declared",
)


def stage_asset(stage: Stage) -> dg.AssetsDefinition:
    """Return the asset of a stage, partitioned in sub and full, with its checks."""

    @dg.asset(
        name=stage.name,
        description=stage_text(stage, words()),
        metadata=in_words(
            {LACKING: stage.lacking(Settings.from_env().raw_root), **schemas(words())}, words()
        ),
        group_name="stages",
        owners=OWNERS,
        kinds={"python", "duckdb"},
        partitions_def=PARTITIONS_DEF,
        code_version=version_of(CODE_VERSION, stage.as_recipe()),
        deps=[
            *(dg.AssetKey(["raw", source.asset_name]) for source in stage.reads),
            *(dg.AssetKey(model) for model in stage.models),
            dg.AssetKey(CORRECTIONS),
        ],
        pool="gpu" if stage.complete and stage.complete.needs_gpu else None,
        check_specs=check_specs(stage.name, check_names(stage)),
        io_manager_key="samples",
    )
    def build(context: dg.AssetExecutionContext, platform: Platform) -> Iterator[Any]:
        with step():
            settings, partition = platform.settings(), context.partition_key
            extract = platform.extractor(context)
            # Before anything is read: a missing engine is said at once, not after an hour.
            engine = extract.engine if stage.dedupe is not None else ""
            found = raw_fingerprints(stage, settings, context.log.info)
            yield from sources_as_read(context, found)
            log = standing_in(settings.corrections)
            active = log.active
            yield corrections_as_read(context, log)
            raw = versions_in(stage, settings, found)
            inputs = {
                **{name: look.version for name, look in found.items()},
                **version_as_read(log),
            }
            known = known_corrections(settings, active)
            taught = model_versions(stage.complete, platform.catalog(), partition)
            full = full_stage(stage, partition, platform.catalog(), engine, raw, known)
            ingredients = partial(
                stage_ingredients,
                stage,
                partition,
                engine,
                CODE_VERSION,
                raw | taught,
                full.data_version if full else None,
            )
            key = key_of(ingredients(corrections=known.get((stage.name, partition), "")))
            if same := platform.catalog().find(stage.name, partition, key):
                yield from made_from(context, inputs, unchanged(platform, same))
                return
            ledger = Ledger(context.log.info)
            rows = None
            if full is not None:
                context.log.info(f"sub is taken from {stage.name} (full)")
                rows = platform.catalog().load(stage.name, "full", full.materialization_id)
            teach = Teaching(settings, context, platform.catalog())
            built = build_stage(
                stage,
                partition,
                settings,
                extract,
                ledger,
                extract.read_facts,
                rows,
                active,
                teach,
            )
            made = ingredients(corrections=corrections_in(built.samples, active))
            judged = stage_checks(stage, settings, built, ledger)
            if is_benchmark(stage.name):
                judged.append(apart(platform, partition, built.samples, extract, context))
            done = Build(
                input_key=key_of(made),
                inputs=made["inputs"],
                recipe=stage.as_recipe(),
                ingredients=made,
                samples=built.samples,
                stages=ledger.table(),
                checks=checks.as_table(judged),
            )
            metadata = {
                **pictures(stage.name, partition, built.samples, settings),
                **sample_metadata(built.samples, ledger.table(), settings),
            }
            events = hand_over(stage.name, judged, lambda: (done, metadata))
            yield from made_from(context, inputs, events)

    return build


def known_corrections(settings: Settings, active: Sequence[Correction]) -> Versions:
    """Versions of the corrections that concern what is built already."""
    if not (active and settings.catalog_path.exists()):
        return {}
    with asking(settings.catalog_path, settings.catalog_wait) as ask:
        return versions(ask, active)


def apart(
    platform: Platform,
    partition: str,
    rows: Samples,
    extract: FeatureExtractor,
    context: dg.AssetExecutionContext,
) -> Check:
    """Return the check of a benchmark: no dataset shares a picture with it."""
    log = context.log.info
    return is_apart(platform.catalog(), partition, rows, DATASET, extract, log)


def full_stage(
    stage: Stage,
    partition: str,
    catalog: Catalog,
    engine: str,
    raw: Mapping[str, str],
    corrections: Versions | None = None,
) -> Materialization | None:
    """Return the `full` that a sub is part of: made from the same files, code and engine."""
    if partition != "sub" or any(catalog.current(m, "full") is None for m in stage.models):
        return None
    corrected = (corrections or {}).get((stage.name, "full"), "")
    made = {**raw, **model_versions(stage.complete, catalog, "full")}
    wanted = stage_ingredients(stage, "full", engine, CODE_VERSION, made, corrections=corrected)
    return catalog.find(stage.name, "full", key_of(wanted))


def stage_checks(
    stage: Stage, settings: Settings, built: StageBuild, ledger: Ledger
) -> list[Check]:
    """Return the checks of a stage."""
    unread = (
        undeclared_folders(settings.raw_root, stage.sources, stage.watch) if stage.watch else []
    )
    found = [
        checks.conservation(ledger),
        checks.boxes_inside_image(built.samples),
        checks.no_unknown_class(built.samples),
        rows_readable(built.samples),
        corrections_applied(built.samples),
        checks.files_read(built.unread),
        checks.folders_declared(unread, left_out(settings)),
    ]
    if built.certificate is not None:
        found.append(checks.dedupe_certificate(built.certificate))
    if stage.complete is not None:
        found.append(labels_completed(built))
    return found


def labels_completed(built: StageBuild, say: Say = plain) -> Check:
    """Say what teachers added, and by which limits; it fails where nothing was added at all."""
    added = built.samples.boxes[built.samples.boxes.origin == ORIGIN]
    boxes, regions = int((~added.ignore).sum()), int(added.ignore.sum())
    text = say(
        "teachers added {boxes} boxes and {regions} ignore regions to {images} images",
        boxes=f"{boxes:,}",
        regions=f"{regions:,}",
        images=f"{added.image_id.nunique():,}",
    )
    chosen = [f"{say(name)}: {told(one)}" for name, one in built.limits.items()]
    return Check("labels_completed", boxes > 0, "; ".join([text, *chosen]))


def check_names(stage: Stage) -> tuple[str, ...]:
    """Names of the checks of a stage."""
    return (
        *CHECKS,
        *(("dedupe_certificate",) if stage.dedupe else ()),
        *(("labels_completed",) if stage.complete else ()),
        *(("no_benchmark_inside",) if is_benchmark(stage.name) else ()),
    )
