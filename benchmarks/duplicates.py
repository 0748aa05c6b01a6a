"""Row 4: near-duplicates of 3,000 photographs, found exactly, against `fastdup.run` alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import fastdup_peer, photographs
from benchmarks.harness import (
    CHECKOUT,
    Context,
    Criterion,
    Result,
    fresh,
    in_turn,
    median,
    samples,
)
from benchmarks.worker import Timing, Work, call

if TYPE_CHECKING:
    from hoban_assets.samples import Samples

LIMIT = 1.3
SIDE = 640
THRESHOLD = 0.9


def run(context: Context) -> Result:
    """Write photographs; then both sides in turn, each with an empty cache and work folder."""
    images = context.size(3_000, 120)
    photos = context.folder / "raw" / "photos"
    made = call(
        f"{photographs.__name__}:write",
        folder=str(photos),
        count=images,
        width=SIDE,
        height=SIDE,
    )
    context.say(f"{images:,} photographs written in {made.seconds:.1f} s")

    def ours(_: int) -> Timing:
        data_root = fresh(context.folder / "data")
        return call(
            f"{__name__}:deduplicate", raw_root=str(photos.parent), data_root=str(data_root)
        )

    def peer(_: int) -> Timing:
        work_dir = fresh(context.folder / "fastdup")
        return call(
            f"{fastdup_peer.__name__}:run",
            python=fastdup_python(),
            photos=str(photos),
            work_dir=str(work_dir),
        )

    timings = in_turn(context, {"hoban": ours, "fastdup.run": peer})
    total, alone = median(timings["hoban"]), median(timings["fastdup.run"])
    found = timings["hoban"][0].result
    return Result(
        criteria=(
            Criterion(
                f"near-duplicates of {images:,} photographs: time / fastdup.run alone",
                f"{total:.2f} s",
                f"{alone:.2f} s",
                total / alone,
                LIMIT,
                "at most",
            ),
        ),
        notes=(
            f"{photographs.origin()}, {SIDE}x{SIDE}; ours from the start of fastdup's process to "
            f"the certificate: {found['pairs']:,} pairs at >= {THRESHOLD}, {found['kept']:,} kept, "
            f"certificate holds: {found['holds']}; inside it {_shares(timings['hoban'])}; the "
            "peer's import is not timed, ours is",
        ),
        samples=samples(timings),
    )


def _shares(timings: list[Timing]) -> str:
    middle = sorted(timings, key=lambda timing: timing.seconds)[len(timings) // 2].result
    return f"features {middle['features_s']:.2f} s, pairs and greedy {middle['search_s']:.2f} s"


def fastdup_python() -> Path:
    """Interpreter of fastdup's environment, as the platform's settings understand it."""
    path = CHECKOUT / os.environ.get("HOBAN_FASTDUP_PYTHON", ".venv-fastdup")
    return path / "bin" / "python" if path.is_dir() else path


def deduplicate(raw_root: str, data_root: str) -> Work:
    """Time the platform: features from fastdup's process, pairs, removal, certificate."""
    import time

    import dagster as dg
    import numpy as np

    from hoban_assets.components.extractor import Extractor
    from hoban_assets.curation import duplicates
    from hoban_assets.curation.similarity import similarity_graph, within
    from hoban_assets.settings import Settings

    pool = _samples_of(Path(raw_root))
    python = str(fastdup_python())
    settings = Settings.from_env(
        {"HOBAN_RAW_ROOT": raw_root, "HOBAN_DATA_ROOT": data_root, "HOBAN_FASTDUP_PYTHON": python}
    )
    found: dict[str, Any] = {}

    @dg.asset
    def deduplicated(context):  # type: ignore[no-untyped-def] # dg is not known at module level
        started = time.perf_counter()
        features = Extractor(settings, context)(pool)
        extracted = time.perf_counter()
        similar = similarity_graph(features, THRESHOLD)
        kept = duplicates.deduplicate(pool, similar, THRESHOLD)
        proof = duplicates.certificate(pool, kept, similar, THRESHOLD)
        searched = time.perf_counter()
        everyone = np.arange(len(features))
        pairs = sum(len(block.i) for block in within(similar, everyone, THRESHOLD))
        found.update(
            features_s=extracted - started,
            search_s=searched - extracted,
            pairs=pairs,
            kept=proof.kept,
            holds=proof.holds,
        )
        return dg.MaterializeResult()  # Dagster takes no bare value once Pipes was used

    instance = dg.DagsterInstance.ephemeral()

    def work() -> dict[str, Any]:
        dg.materialize([deduplicated], instance=instance)
        return found

    return work


def _samples_of(raw_root: Path) -> Samples:
    """Return the photographs as Samples with their content hashes; image facts are row 3."""
    import xxhash

    from hoban_assets.samples import Samples

    files = sorted(path.relative_to(raw_root).as_posix() for path in raw_root.rglob("*.jpg"))
    return Samples.of(
        images={
            "image_id": files,
            "source": ["photos"] * len(files),
            "file": files,
            "width": [SIDE] * len(files),
            "height": [SIDE] * len(files),
            "content_hash": [
                xxhash.xxh3_128_hexdigest((raw_root / file).read_bytes()) for file in files
            ],
        }
    )
