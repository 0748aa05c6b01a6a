"""How a stage is made: read -> facts -> corrections -> (deduplicate) -> (complete labels)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from hoban_assets.corrections.rows import Correction
from hoban_assets.curation.completion.choosing import Chosen
from hoban_assets.curation.contradictions import drop_contradicting_copies
from hoban_assets.curation.duplicates import Certificate, certificate, deduplicate
from hoban_assets.curation.engines import refuse_below
from hoban_assets.curation.events import Rule, duplicates_among
from hoban_assets.curation.quality import drop_without_labels, verify_backgrounds
from hoban_assets.formats import open_source
from hoban_assets.formats.benchmarks import is_benchmark
from hoban_assets.formats.image_facts import apply_facts, read_facts
from hoban_assets.formats.source import RawSource
from hoban_assets.formats.unread import counts_of
from hoban_assets.ingredients import Ingredients, as_corrected, deciding, key_of, of_full, rows_from
from hoban_assets.ledger import Ledger
from hoban_assets.observing.fingerprint import Fingerprint, fingerprints
from hoban_assets.pipeline.completing import Teach, completed, no_network, teacher_versions
from hoban_assets.pipeline.corrected import corrected
from hoban_assets.pipeline.features import FeatureExtractor, look_at, similarity_of
from hoban_assets.pipeline.part import rows_in_full
from hoban_assets.pipeline.progress import progress_line
from hoban_assets.pipeline.reading import read_enough
from hoban_assets.pipeline.teaching import Completion
from hoban_assets.samples import Samples
from hoban_assets.settings import Settings

RAW_FOLDER = "raw folder "


@dataclass(frozen=True)
class Stage:
    """One stage asset: the sources it reads, and what is done with their rows."""

    name: str
    description: str
    sources: tuple[RawSource, ...]
    dedupe: float | None = None
    """Remove near-duplicates at this cosine similarity, keeping those of earlier sources."""
    duplicates: Rule = "picture"
    """What makes similar images duplicates: the pictures alone, or labels that agree as well."""
    complete: Completion | None = None
    """Who adds the classes that the sources do not label, and when that is believed."""
    backgrounds: bool = False
    """Images of this stage hold no object at all; one with a label is thrown out."""
    watch: str | None = None
    """Report folders of the raw root that begin so (any case) and that no source declares."""
    sub_target: int = 12_000
    """Labels of each class (images, for backgrounds) that `sub` reads, if there are as many:
    four times the quota of 3,000, as filters and deduplication took up to three quarters."""

    TELLS: ClassVar = ("description", "watch")
    """Fields that decide no row: words, and what a check reports. All others decide."""

    def lacking(self, raw_root: Path) -> list[str]:
        """Folders below the raw root that this stage needs and that are not there."""
        return [s.folder for s in self.sources if not (s.optional or s.is_present(raw_root))]

    def as_recipe(self) -> dict[str, Any]:
        """What decides this stage's rows, for the catalog."""
        rest = ("sources", "sub_target", "name", "complete", *self.TELLS)
        return {
            "sources": [source.name for source in self.sources],
            "read": {s.name: deciding(s, ("name", *s.TELLS)) for s in self.sources},
            **deciding(self, rest),
            "sub_target": {"sub": self.sub_target, "full": None},
            **({"complete": self.complete.as_recipe()} if self.complete else {}),
        }

    @property
    def models(self) -> tuple[str, ...]:
        """Model assets that must be there before: they teach."""
        return self.complete.models if self.complete else ()

    @property
    def reads(self) -> tuple[RawSource, ...]:
        """Sources whose labels decide rows: its own, and those that limits are chosen on."""
        more = self.complete.measured_on if self.complete else ()
        return tuple({source.name: source for source in (*self.sources, *more)}.values())


@dataclass(frozen=True)
class StageBuild:
    """Rows of a stage, and the proof of its deduplication where it has one."""

    samples: Samples
    certificate: Certificate | None = None
    limits: Mapping[str, Chosen] = field(default_factory=dict)
    """Class -> limits of its completion that were chosen on photographs with full labels."""
    unread: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Source -> 'images', 'labels' or 'archives' -> files below it that its reader passes over."""


def raw_versions(stage: Stage, settings: Settings) -> dict[str, str]:
    """Data version of all that a stage reads of files: raw folders, and files of its teachers.

    Keys: ``raw/<source>``, ``raw folder <name>`` for labels that backgrounds are compared with,
    and ``teacher <name>``.

    Raises:
        HobanError: a source is missing or cannot be listed.
    """
    return versions_in(stage, settings, raw_fingerprints(stage, settings))


def versions_in(
    stage: Stage, settings: Settings, found: Mapping[str, Fingerprint]
) -> dict[str, str]:
    """Data versions of `raw_fingerprints` (of a ``raw folder`` only its labels) and of teachers."""
    teachers = teacher_versions(stage.complete, settings) if stage.complete else {}
    looks = {
        name: look.labels_version if name.startswith(RAW_FOLDER) else look.version
        for name, look in found.items()
    }
    return looks | teachers


def raw_fingerprints(
    stage: Stage, settings: Settings, log: Callable[[str], None] | None = None
) -> dict[str, Fingerprint]:
    """Look at every raw folder of a stage; only labels that changed since are opened.

    What was seen is remembered below ``cache/fingerprints``, for all stages together. Keys as of
    `raw_versions`; `log` gets a line every few seconds while labels are read.

    Raises:
        HobanError: a source is missing or cannot be listed.
    """
    sources = _present(stage.reads, settings)
    folders = {f"raw/{source.asset_name}": source.root(settings.raw_root) for source in sources}
    elsewhere = sorted({name for source in sources for name in source.labels_elsewhere})
    folders |= {
        f"{RAW_FOLDER}{name}": folder
        for name in elsewhere
        if (folder := settings.raw_root / name).is_dir()
    }
    progress = progress_line("looking for changed labels", log) if log else None
    return fingerprints(folders, settings.cache / "fingerprints", progress)


def input_key(
    stage: Stage, partition: str, settings: Settings, code_version: str, raw: Mapping[str, str]
) -> str:
    """Hash of `stage_ingredients`, with the engine by its name alone."""
    engine = settings.feature_engine
    return key_of(stage_ingredients(stage, partition, engine, code_version, raw))


def stage_ingredients(
    stage: Stage,
    partition: str,
    engine: str,
    code_version: str,
    raw: Mapping[str, str],
    full: str | None = None,
    corrections: str = "",
) -> Ingredients:
    """Everything that decides the rows of a stage; `raw` are its `raw_versions`.

    `full`: data version of the full stage that a sub is taken from (see `pipeline.part`);
    `corrections`: that of the corrections of its pictures, '' where there are none.
    """
    used = engine if stage.dedupe is not None else ""
    inputs = {**raw, **of_full(stage.name, full), **as_corrected(corrections)}
    return rows_from(stage.as_recipe(), partition, code_version, inputs, used)


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

    `facts_elsewhere`: see `check_images`. `full`: the rows that a sub is taken from (see
    `pipeline.part`); without them it is made by itself. `corrections`: those that stand, of any
    source. `teach`: lets a network look at photographs, for a stage whose labels one completes.

    Raises:
        HobanError: a source is missing, empty or unreadable, or the engine knows no pairs as
            little similar as the stage asks for.
    """
    if stage.dedupe is not None:
        refuse_below(extract.engine, stage.dedupe)
    start = time.perf_counter()
    readers = [open_source(s, settings.raw_root) for s in _present(stage.sources, settings)]
    for reader in readers:
        reader.progress = progress_line(f"reading labels of {reader.source.name}", ledger.log)
    unread = {reader.source.name: counts_of(reader.unread) for reader in readers}
    target = stage.sub_target if partition == "sub" else None
    read = read_enough(readers, target, images_count=stage.backgrounds)
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
    look = partial(check_images, settings=settings, log=ledger.log, elsewhere=facts_elsewhere)
    samples = ledger.step("facts", look, samples)
    samples = corrected(samples, corrections, readers, ledger)
    samples = ledger.step("contradictions", drop_contradicting_copies, samples)
    if stage.backgrounds:
        names = frozenset(source.name for source in stage.sources)
        verify = partial(verify_backgrounds, backgrounds=names, labelled_hashes=frozenset())
        return StageBuild(ledger.step("backgrounds", verify, samples), unread=unread)
    if not is_benchmark(stage.name):  # there an empty scene is one that was looked at
        samples = ledger.step("labels", drop_without_labels, samples)
    proof = None
    if stage.dedupe is not None:
        samples, proof = _deduplicated(stage, stage.dedupe, samples, settings, extract, ledger)
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
    return check_images(read, settings, log)


def _deduplicated(
    stage: Stage,
    limit: float,
    samples: Samples,
    settings: Settings,
    extract: FeatureExtractor,
    ledger: Ledger,
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


def _present(sources: Iterable[RawSource], settings: Settings) -> list[RawSource]:
    """Sources without optional ones that are not there."""
    return [
        s
        for s in sources
        if not (s.optional and settings.raw_root.is_dir()) or s.is_present(settings.raw_root)
    ]


def check_images(
    samples: Samples,
    settings: Settings,
    log: Callable[[str], None],
    elsewhere: Callable[[list[str]], None] | None = None,
) -> Samples:
    """Decode every image once (or take what the cache knows) and apply what was found.

    `elsewhere` gets the files first and may fill the cache from another machine; whatever it
    leaves is read here, so the rows are the same.
    """
    if elsewhere is not None:
        elsewhere(samples.images.file.tolist())
    facts = read_facts(
        samples.images.file.tolist(),
        settings.raw_root,
        settings.cache / "image_facts.parquet",
        settings.workers,
        progress=progress_line("images", log),
    )
    return apply_facts(samples, facts)
