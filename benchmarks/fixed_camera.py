"""50,000 frames of one camera: removal, certificate and split groups, in time and memory.

All of them are similar to all others, a list of which would hold 1,250 million pairs. The floor is
one blocked matrix product over all pairs that looks at the highest similarity of each block and
keeps nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.harness import Context, Criterion, Result, in_turn, processor_median, samples
from benchmarks.worker import Timing, Work, call

if TYPE_CHECKING:
    import numpy as np

    from hoban_assets.samples import Samples

PICTURE_LIMIT, EVENT_LIMIT = 1.5, 7.0
"""Times the floor's processor time; 0.75 and 4.9 at 50,000. Under `picture` few frames are left to
compare; under `event` greedy, certificate and groups each look at all pairs, and at labels."""
MOST_MEGABYTES = 2000.0
DIMENSIONS = 576
"""As fastdup's features."""
THRESHOLD, GROUPS = 0.9, 0.85


def run(context: Context) -> Result:
    """Time the floor, the rule `picture`, and the rule `event` with three workers on a frame."""
    frames = context.size(50_000, 3_000)

    def side(function: str, **more: Any) -> Any:
        def timed(_: int) -> Timing:
            return call(f"{__name__}:{function}", frames=frames, **more)

        return timed

    timings = in_turn(
        context,
        {
            "floor": side("floor"),
            "picture": side("curate", rule="picture"),
            "event": side("curate", rule="event"),
        },
    )
    floor = processor_median(timings["floor"])
    criteria, notes = [], []
    for rule, limit in (("picture", PICTURE_LIMIT), ("event", EVENT_LIMIT)):
        ours, found = processor_median(timings[rule]), timings[rule][0].result
        peak = max(timing.peak_mb for timing in timings[rule])
        what = f"{frames:,} frames of one camera, duplicates: {rule}"
        criteria += [
            Criterion(
                f"{what}: processor time / blocked product",
                f"{ours:.1f} s",
                f"{floor:.1f} s",
                ours / floor,
                limit,
                "at most",
            ),
            Criterion(
                f"{what}: peak memory",
                f"{peak:,.0f} MB",
                "",
                peak,
                MOST_MEGABYTES,
                "at most",
                " MB",
            ),
        ]
        notes.append(f"{rule}: {found}")
    return Result(criteria=tuple(criteria), notes=tuple(notes), samples=samples(timings))


def invented_features(frames: int) -> np.ndarray:
    """One room with noise: cosines of about 0.96, float32 [frames, DIMENSIONS]."""
    import numpy as np

    draw = np.random.default_rng(0)
    room = draw.normal(size=DIMENSIONS).astype(np.float32)
    features = room + np.float32(0.2) * draw.standard_normal((frames, DIMENSIONS), np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    return features


def floor(frames: int) -> Work:
    """One blocked product over all pairs; only the highest of each block is looked at."""
    features = invented_features(frames)
    block = 2048

    def work() -> int:
        similar = 0
        for top in range(0, frames, block):
            for left in range(top, frames, block):
                product = features[top : top + block] @ features[left : left + block].T
                similar += bool(product.max() >= THRESHOLD)
        return similar

    return work


def curate(frames: int, rule: str) -> Work:
    """Time what a dataset does with its pictures, from features to split groups."""
    import numpy as np

    from hoban_assets.curation.components import components
    from hoban_assets.curation.duplicates import certificate, deduplicate
    from hoban_assets.curation.events import Rule, duplicates_among
    from hoban_assets.curation.similarity import similarity_graph

    pool, features = _room(frames), invented_features(frames)

    def work() -> str:
        pictures = similarity_graph(features, GROUPS)
        chosen: Rule = "event" if rule == "event" else "picture"
        same = duplicates_among(pool, pictures, chosen, look=_one_room, threshold=THRESHOLD)
        kept = deduplicate(pool, same, THRESHOLD, pictures=pictures, look=_one_room)
        proof = certificate(pool, kept, same, THRESHOLD)
        at = np.flatnonzero(pool.images.image_id.isin(kept.images.image_id))
        groups = len(np.unique(components(pictures, at, GROUPS)))
        return f"{proof.kept:,} kept, certificate holds: {proof.holds}, {groups} split groups"

    return work


def _one_room(positions: np.ndarray) -> np.ndarray:
    """The same small picture with noise; reading photographs is another row's matter."""
    import numpy as np

    draw = np.random.default_rng(2)
    noise = draw.integers(0, 40, (len(positions), 64, 64))
    room = np.random.default_rng(3).integers(0, 200, (64, 64))
    return np.asarray(room + noise, np.uint8)


def _room(frames: int) -> Samples:
    """Three workers on every frame, each somewhere."""
    import numpy as np

    from hoban_assets.samples import Samples

    draw, ids = np.random.default_rng(1), [f"site/{n:06d}.jpg" for n in range(frames)]
    boxes = 3 * frames
    return Samples.of(
        {"image_id": ids, "source": ["site"] * frames, "file": ids},
        {
            "image_id": np.repeat(ids, 3).tolist(),
            "class_id": [2] * boxes,
            "class_name": ["person"] * boxes,
            "x_center": draw.uniform(0.1, 0.9, boxes),
            "y_center": draw.uniform(0.3, 0.8, boxes),
            "width": draw.uniform(0.06, 0.1, boxes),
            "height": draw.uniform(0.2, 0.3, boxes),
        },
    )
