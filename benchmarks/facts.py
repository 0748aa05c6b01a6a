"""Row 3: image facts against a plain loop of cv2.imread + hash, and against the second run."""

from __future__ import annotations

from pathlib import Path

from benchmarks import photographs
from benchmarks.harness import Context, Criterion, Result, agree, fresh, in_turn, median, samples
from benchmarks.worker import Timing, Work, call

TIMES_THE_LOOP = 1.8
CACHED_FASTER = 50
WIDTH, HEIGHT = 1280, 720
CORES = 2


def run(context: Context) -> Result:
    """Write photographs; then, in turn: our first run, our second run, the plain loop."""
    images = context.size(600, 60)
    raw_root = str(context.folder / "raw")
    photos = str(context.folder / "raw" / "photos")
    made = call(
        "benchmarks.photographs:write", folder=photos, count=images, width=WIDTH, height=HEIGHT
    )
    context.say(f"{images} photographs written in {made.seconds:.1f} s")
    cache = context.folder / "cache"

    def first(_: int) -> Timing:
        return call(f"{__name__}:read", raw_root=raw_root, cache=str(fresh(cache)))

    timings = in_turn(
        context,
        {
            "hoban first": first,
            "hoban second": lambda _: call(f"{__name__}:read", raw_root=raw_root, cache=str(cache)),
            "cv2 loop": lambda _: call(f"{__name__}:plain_loop", folder=photos),
        },
    )
    for name, side in timings.items():
        agree(f"decoded by {name}", side[0].result, images)
    one, two, loop = (median(timings[name]) for name in timings)
    return Result(
        criteria=(
            Criterion(
                f"facts of {images} photographs {WIDTH}x{HEIGHT}: images/s / cv2.imread + xxh3",
                f"{images / one:,.0f}/s",
                f"{images / loop:,.0f}/s",
                loop / one,
                TIMES_THE_LOOP,
                "at least",
            ),
            Criterion(
                "second (cached) run, times faster than the first",
                f"{two * 1000:,.1f} ms",
                f"{one * 1000:,.0f} ms",
                one / two,
                CACHED_FASTER,
                "at least",
            ),
        ),
        notes=(
            f"{photographs.origin()}; {CORES} cores for ours, one thread for the loop "
            "(cv2.setNumThreads(1)), which computes neither sharpness nor brightness",
        ),
        samples=samples(timings),
    )


def read(raw_root: str, cache: str) -> Work:
    """Time the platform: facts of every photograph, remembered below `cache`."""
    import pyarrow.dataset  # noqa: F401 - Parquet imports it late, and imports are not timed

    from hoban_assets.formats.image_facts import read_facts

    root = Path(raw_root)
    files = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.jpg"))

    def work() -> int:
        facts = read_facts(files, root, Path(cache, "facts.parquet"), workers=CORES)
        return int(facts.ok.sum())

    return work


def plain_loop(folder: str) -> Work:
    """Time the peer: read the bytes for the hash, let cv2.imread read and decode, one thread."""
    import cv2
    import xxhash

    cv2.setNumThreads(1)
    files = sorted(str(path) for path in Path(folder).iterdir())

    def work() -> int:
        decoded = 0
        for file in files:
            with open(file, "rb") as stream:  # noqa: PTH123 - the plain loop's own
                xxhash.xxh3_128_hexdigest(stream.read())
            decoded += cv2.imread(file) is not None
        return decoded

    return work
