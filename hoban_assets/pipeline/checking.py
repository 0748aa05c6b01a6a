"""Look at every picture once: does it decode, how large is it, what is the same photograph."""

from __future__ import annotations

from collections.abc import Callable

from hoban_assets.curation.contradictions import (
    drop_contradicting_copies,
    ignore_contradicting_labels,
)
from hoban_assets.formats.image_facts import apply_facts, read_facts
from hoban_assets.pipeline.progress import progress_line
from hoban_assets.samples import Samples
from hoban_assets.settings import Settings


def with_picture_facts(
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


def check_images(samples: Samples, settings: Settings, log: Callable[[str], None]) -> Samples:
    """Do what a stage does with images that nobody corrected by hand (for scripts).

    Of labels, and of copies of one photograph, that exclude each other none is left. A stage
    applies corrections in between, which may settle such a contradiction.
    """
    samples = ignore_contradicting_labels(with_picture_facts(samples, settings, log))
    return drop_contradicting_copies(samples)
