"""How a stage is made: read -> facts -> corrections -> (deduplicate) -> (complete labels).

What a person said of a picture goes before what a later step would conclude from its labels: they
contradict those of a copy, there is none, another picture looks the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from hoban_assets.corrections.rows import Correction
from hoban_assets.curation.completion.choosing import Chosen
from hoban_assets.curation.contradictions import (
    drop_contradicting_copies,
    ignore_contradicting_labels,
)
from hoban_assets.curation.duplicates import Certificate, certificate, deduplicate
from hoban_assets.curation.engines import refuse_below
from hoban_assets.curation.events import duplicates_among
from hoban_assets.curation.quality import drop_without_labels, verified_empty, verify_backgrounds
from hoban_assets.formats import open_source
from hoban_assets.formats.benchmarks import is_benchmark
from hoban_assets.formats.source import RawSource
from hoban_assets.formats.unread import counts_of
from hoban_assets.ledger import Ledger
from hoban_assets.pipeline.checking import with_picture_facts
from hoban_assets.pipeline.completing import Teach, completed, no_network
from hoban_assets.pipeline.corrected import corrected, looked_at
from hoban_assets.pipeline.features import FeatureExtractor, look_at, similarity_of
from hoban_assets.pipeline.part import rows_in_full
from hoban_assets.pipeline.progress import progress_line
from hoban_assets.pipeline.reading import read_enough
from hoban_assets.pipeline.stage import Stage, present
from hoban_assets.samples import Samples
from hoban_assets.settings import Settings


@dataclass(frozen=True)
class StageBuild:
    """Rows of a stage, and the proof of its deduplication where it has one."""

    samples: Samples
    certificate: Certificate | None = None
    limits: Mapping[str, Chosen] = field(default_factory=dict)
    """Class -> limits of its completion that were chosen on photographs with full labels."""
    unread: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Source -> 'images', 'labels' or 'archives' -> files below it that its reader passes over."""


def build_stage(
    stage: Stage,
    partition: str,
    settings: Settings,
    extract: FeatureExtractor,
    ledger: Ledger,
    facts_elsewhere: Callable[[list[str]], None] | None = None,
    full: Samples | None = None,
    corrections: Sequence[Correction] = (),
    teach: Teach | None = None,
) -> StageBuild:
    """Read the sources of a stage, check and correct every image, remove what the stage says.

    `facts_elsewhere`: see `with_picture_facts`. `full`: the rows that a sub is taken from (see
    `pipeline.part`); without them it is made by itself. `corrections`: those that stand, of any
    source. `teach`: lets a network look at photographs, for a stage whose labels one completes.

    Raises:
        HobanError: a source is missing, empty or unreadable, or the engine knows no pairs as
            little similar as the stage asks for.
    """
    if stage.dedupe is not None:
        refuse_below(extract.engine, stage.dedupe)
    start = time.perf_counter()
    readers = [open_source(s, settings.raw_root) for s in present(stage.sources, settings)]
    for reader in readers:
        reader.progress = progress_line(f"reading labels of {reader.source.name}", ledger.log)
    unread = {reader.source.name: counts_of(reader.unread) for reader in readers}
    target = stage.sub_target if partition == "sub" else None
    labels_nothing = not any(source.labels for source in stage.sources)
    read = read_enough(readers, target, images_count=stage.backgrounds or labels_nothing)
    samples = read.samples
    ledger.record(
        "read",
        read.images_in,
        read.boxes_in,
        samples,
        samples.decisions,
        time.perf_counter() - start,
    )
    if full is not None:
        samples = ledger.step("full", partial(rows_in_full, full=full), samples)
        return StageBuild(samples, _proof(stage, samples, settings, extract, ledger), unread=unread)
    look = partial(with_picture_facts, settings=settings, log=ledger.log, elsewhere=facts_elsewhere)
    samples = ledger.step("facts", look, samples)
    # First, so that boxes are corrected as the stage shows them: as ignore regions.
    samples = ledger.step("contradicting_labels", ignore_contradicting_labels, samples)
    applied = corrected(samples, corrections, readers, ledger)
    believed = partial(drop_contradicting_copies, vouched=applied.vouched)
    samples = ledger.step("contradictions", believed, applied.samples)
    if stage.backgrounds:
        names = frozenset(source.name for source in stage.sources)
        verify = partial(verify_backgrounds, backgrounds=names, labelled_hashes=frozenset())
        return StageBuild(ledger.step("backgrounds", verify, samples), unread=unread)
    # In a benchmark an empty scene was looked at; of a source that labels nothing, people will.
    if not (is_benchmark(stage.name) or labels_nothing):
        bare = partial(drop_without_labels, verified=verified_empty(samples) & looked_at(samples))
        samples = ledger.step("labels", bare, samples)
    proof = None
    if stage.dedupe is not None:
        samples, proof = _deduplicated(
            stage, stage.dedupe, samples, settings, extract, ledger, applied.vouched
        )
    chosen: dict[str, Chosen] = {}
    if stage.complete is not None:
        measure = partial(_labelled_in_full, settings=settings, log=ledger.log)
        samples, chosen = completed(
            samples, stage.complete, settings, ledger, teach or no_network, measure
        )
    return StageBuild(samples, proof, chosen, unread)


def _labelled_in_full(source: RawSource, settings: Settings, log: Callable[[str], None]) -> Samples:
    """Read a source on which limits are chosen, checked as a stage's own."""
    read = open_source(source, settings.raw_root).read().samples
    return with_picture_facts(read, settings, log)


def _deduplicated(
    stage: Stage,
    limit: float,
    samples: Samples,
    settings: Settings,
    extract: FeatureExtractor,
    ledger: Ledger,
    vouched: Collection[str],
) -> tuple[Samples, Certificate]:
    pictures = similarity_of(extract, samples, limit, ledger.log)
    show = look_at(samples, settings)
    similar = duplicates_among(samples, pictures, stage.duplicates, look=show, threshold=limit)
    dedupe = partial(
        deduplicate,
        similar=similar,
        threshold=limit,
        source_priority=[source.name for source in stage.sources],
        pictures=pictures,
        look=show,
        vouched=vouched,
    )
    kept = ledger.step("dedupe", dedupe, samples)
    return kept, certificate(samples, kept, similar, limit, engine=extract.engine)


def _proof(
    stage: Stage,
    samples: Samples,
    settings: Settings,
    extract: FeatureExtractor,
    ledger: Ledger,
) -> Certificate | None:
    """Certificate of rows that come out of a deduplicated `full`: their own, not that of full."""
    if stage.dedupe is None:
        return None
    pictures = similarity_of(extract, samples, stage.dedupe, ledger.log)
    show = look_at(samples, settings)
    similar = duplicates_among(
        samples, pictures, stage.duplicates, look=show, threshold=stage.dedupe
    )
    return certificate(samples, samples, similar, stage.dedupe, engine=extract.engine)
