"""What an image costs by each feature engine, in processor time: constants of `hoban plan`.

fastdup's features and ours of `thumbnail` grow as the images do. The engine `copies` also searches
by itself, and is measured at two sizes, as its search for whole pictures compares all pairs.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks import copies, fastdup_peer, photographs
from benchmarks.duplicates import SIDE, fastdup_python
from benchmarks.harness import Context, Criterion, Result, fresh
from benchmarks.worker import Work, call

LINEAR = 1.5
"""Times that an image may cost `copies` at twice the images: its proofs grow with the images."""
PICTURES = 6_000
"""Small pictures that the search for wholes compares: 18 million pairs in eight turns."""


def run(context: Context) -> Result:
    """Write photographs; then each engine on them, `copies` on half of them as well."""
    images = context.size(300, 60)
    photos, half = context.folder / "photos", context.folder / "half"
    for folder, count in ((photos, images), (half, images // 2)):
        call(
            f"{photographs.__name__}:write",
            folder=str(folder),
            count=count,
            width=SIDE,
            height=SIDE,
        )
    thumbnail = call(f"{__name__}:thumbnails", photos=str(photos))
    sketches = call(f"{__name__}:sketches", photos=str(photos))
    many, few = (call(f"{copies.__name__}:find", photos=str(p)) for p in (photos, half))
    fastdup = call(
        f"{fastdup_peer.__name__}:run",
        python=fastdup_python(),
        photos=str(photos),
        work_dir=str(fresh(context.folder / "fastdup")),
    )
    whole = call(f"{__name__}:wholes", count=context.size(PICTURES, 500))
    pair = whole.processor_seconds / whole.result
    each = {
        "fastdup": fastdup.processor_seconds / images,
        "thumbnail": thumbnail.processor_seconds / images,
        "copies, sketches": sketches.processor_seconds / images,
        "copies, sketches and proofs": many.processor_seconds / images,
    }
    halved = few.processor_seconds / (images // 2)
    told = ", ".join(f"{name} {1000 * cost:.1f} ms" for name, cost in each.items())
    return Result(
        criteria=(
            Criterion(
                f"engine copies, an image: {images:,} photographs / {images // 2:,}",
                f"{1000 * each['copies, sketches and proofs']:.1f} ms",
                f"{1000 * halved:.1f} ms",
                each["copies, sketches and proofs"] / halved,
                LINEAR,
                "at most",
            ),
        ),
        notes=(
            f"{photographs.origin()}, {SIDE}x{SIDE}; processor time of an image: {told}; whole "
            f"pictures in eight turns {1e9 * pair:.0f} ns a pair; peak "
            f"{many.peak_mb:,.0f} MB with {images:,} sketches",
        ),
        samples={name: [round(cost, 5)] for name, cost in each.items()},
    )


def thumbnails(photos: str) -> Work:
    """Features of the engine `thumbnail`."""
    from hoban_assets.curation.features import thumbnail_features

    files = sorted(Path(photos).glob("*.jpg"))
    return lambda: len(thumbnail_features(files, 1))


def sketches(photos: str) -> Work:
    """What `copies` keeps of a picture."""
    from hoban_assets.curation.copies.reading import sketches_of

    files = sorted(Path(photos).glob("*.jpg"))
    return lambda: len(sketches_of(files, 1))


def wholes(count: int) -> Work:
    """Compare invented small pictures as wholes; the result is how many pairs that were."""
    import numpy as np

    from hoban_assets.curation.copies.candidates import whole_pictures
    from hoban_assets.curation.copies.sketch import SMALL

    small = np.random.default_rng(0).integers(0, 255, (count, SMALL, SMALL), np.uint8)

    def work() -> int:
        whole_pictures(small)
        return count * (count - 1) // 2

    return work
