"""What a stage is, and what decides its rows: declaration, raw folders, teachers, code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from hoban_assets.curation.events import Rule
from hoban_assets.formats.source import RawSource
from hoban_assets.ingredients import Ingredients, as_corrected, deciding, key_of, of_full, rows_from
from hoban_assets.observing.fingerprint import Fingerprint, fingerprints
from hoban_assets.pipeline.checking import check_images as check_images
from hoban_assets.pipeline.completing import teacher_versions
from hoban_assets.pipeline.progress import progress_line
from hoban_assets.pipeline.teaching import Completion
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
    sources = present(stage.reads, settings)
    folders = {f"raw/{source.asset_name}": source.root(settings.raw_root) for source in sources}
    elsewhere = [source.label_folders(settings.raw_root) for source in sources]
    named = sorted({(name, folder) for each in elsewhere for name, folder in each.items()})
    folders |= {f"{RAW_FOLDER}{name}": folder for name, folder in named}
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


def present(sources: Iterable[RawSource], settings: Settings) -> list[RawSource]:
    """Sources without optional ones that are not there."""
    return [
        s
        for s in sources
        if not (s.optional and settings.raw_root.is_dir()) or s.is_present(settings.raw_root)
    ]
