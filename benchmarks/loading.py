"""Row 7: Ultralytics' data loader alone, on a prescaled tree against the same photographs as is.

Both trees are published by the platform from the same raw files, and both are loaded by stock
Ultralytics in a process of its own: its dataset, its augmentation with mosaic on, shuffled as in
training. Nothing else runs; no model is there.

Judged is what one process loads, as in the measurements from which this variant was asked for
(62 photographs/s as they are, 148/s scaled, one core). Ultralytics' own number of loader processes
is measured in the same rounds and told beside it: on two cores it swings by a quarter from round
to round, as the loop that empties the queue needs a core of its own and has none.

Two more things decide the ratio, and both are as in a training on 100,000 photographs of a camera:

- What a photograph costs to decode. Quality 95 is what cameras write; a frame of 1920x1080 then
  has about 650 kB, and one process of stock Ultralytics loads the 62 images/s that the project
  measured before this variant was asked for. At quality 90 a frame has half the bytes, decodes
  faster, and there is less to save.
- How often a photograph is not decoded at all: Ultralytics keeps the last ``8 x batch`` of each
  worker for mosaic. Of 100,000 that is nothing to speak of, of some hundred every second one. So
  every file lies in the tree under many names (hard links), each of them loaded on its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from statistics import median as middle
from typing import Any

from benchmarks import loading_trees, photographs
from benchmarks.harness import Context, Criterion, Result, agree, in_turn, median, samples
from benchmarks.loading_trees import HEIGHT, IMAGE_SIZE, WIDTH
from benchmarks.worker import Timing, Work, call

SPEED_UP = 2
"""Images/s of the prescaled tree over those of the raw photographs."""
BATCH = 16
TIMED = 48
"""Batches that are timed; a training goes on like this for hours."""
WARM = 16
"""Batches before: processes start, fill their buffers of mosaic tiles, and their queues."""
ONE, ALL = " in one process", ""
COMPARED = 48
"""Photographs whose pixels are compared."""


def run(context: Context) -> Result:
    """Write photographs, publish them both ways, then load both trees in turn."""
    images = context.size(320, 24)
    raw = context.folder / "raw"
    call(f"{loading_trees.__name__}:write", folder=str(raw), count=images)
    trees = {name: str(context.folder / "trees" / name) for name in ("stock", "prescaled")}
    built = {
        name: call(
            f"{loading_trees.__name__}:publish",
            raw_root=str(raw),
            destination=tree,
            scaled=name == "prescaled",
        )
        for name, tree in trees.items()
    }
    context.say(f"{images} photographs scaled in {built['prescaled'].seconds:.1f} s")
    environment = ultralytics_environment(context.folder / "config")
    batches = context.size(TIMED, 4)

    def loaded(tree: str, **more: Any) -> Timing:
        return call(f"{__name__}:load", environment=environment, tree=tree, batches=batches, **more)

    timings = in_turn(
        context,
        {
            name + how: lambda _, tree=tree, workers=workers: loaded(tree, workers=workers)
            for how, workers in ((ONE, 0), (ALL, None))
            for name, tree in reversed(trees.items())
        },
    )
    in_memory = loaded(trees["stock"], cache="ram", workers=0)
    seen = timings["stock"][0].result
    for name, timed in {**timings, "stock, cache='ram'": [in_memory]}.items():
        for which in ("images", "boxes", "shape"):
            agree(f"{which} loaded by {name}", timed[0].result[which], seen[which])
    compared = call(
        f"{__name__}:compare", environment=environment, trees=[trees["stock"], trees["prescaled"]]
    )
    rates = {name: seen["images"] / median(timed) for name, timed in timings.items()}
    return Result(
        criteria=(
            Criterion(
                f"photographs {WIDTH}x{HEIGHT} at imgsz {IMAGE_SIZE}, mosaic, one process: "
                "images/s prescaled / stock",
                f"{rates['prescaled' + ONE]:.0f}/s",
                f"{rates['stock' + ONE]:.0f}/s",
                rates["prescaled" + ONE] / rates["stock" + ONE],
                SPEED_UP,
                "at least",
            ),
        ),
        notes=(
            f"photographs {photographs.origin()}",
            f"{seen['workers']} loader processes on {os.cpu_count()} cores: "
            f"{rates['prescaled']:.0f}/s prescaled, {rates['stock']:.0f}/s stock "
            f"({rates['prescaled'] / rates['stock']:.2f}x)",
            *_processor_time(timings),
            f"stock with cache='ram', in one process, one round: "
            f"{seen['images'] / in_memory.seconds:.0f}/s",
            *_cost(built),
            *_closeness(compared.result),
        ),
        samples=samples(timings),
    )


def _processor_time(timings: Mapping[str, Sequence[Timing]]) -> Iterator[str]:
    """Say what an image costs in processor time: it depends less on who else uses the cores."""
    cost = {
        name: middle(1000 * t.result["cpu"] / t.result["images"] for t in timed)
        for name, timed in timings.items()
    }
    for how, where in ((ONE, "in one process"), (ALL, "in the loader processes")):
        ours, stock = cost[f"prescaled{how}"], cost[f"stock{how}"]
        yield (
            f"processor time {where}: {ours:.1f} ms an image prescaled, {stock:.1f} ms stock "
            f"({stock / ours:.2f}x)"
        )


def _cost(built: Mapping[str, Timing]) -> Iterator[str]:
    scaled = built["prescaled"]
    rate = scaled.result["images"] / scaled.seconds
    yield f"building the prescaled tree: {rate:.0f} photographs/s on {os.cpu_count()} cores"
    small, large = (built[name].result["bytes"] / 1e6 for name in ("prescaled", "stock"))
    yield f"on the disk: {small:.0f} MB prescaled, {large:.0f} MB as is ({large / small:.1f}x)"


def _closeness(found: Mapping[str, float]) -> Iterator[str]:
    yield (
        f"PSNR of what the augmentation is given against stock: median {found['median']:.1f} dB, "
        f"worst {found['worst']:.1f} dB of {found['images']} photographs"
    )


def ultralytics_environment(config: Path) -> dict[str, str]:
    """Environment in which Ultralytics asks no network and prints nothing."""
    config.mkdir(exist_ok=True)
    return {
        "YOLO_CONFIG_DIR": str(config),
        "YOLO_OFFLINE": "1",
        "YOLO_AUTOINSTALL": "False",
        "YOLO_VERBOSE": "False",
    }


def load(tree: str, batches: int, cache: str | bool = False, workers: int | None = None) -> Work:
    """Worker function: some batches of a training's data loader, after some to get going.

    `workers` is the number of loader processes; None: Ultralytics' own default.

    The queue is not filled ahead when the timing starts: the loader is slower than the loop that
    empties it.
    """
    from ultralytics.cfg import get_cfg
    from ultralytics.data.build import build_dataloader

    dataset = yolo_dataset(Path(tree), "train", cache=cache)
    asked = int(get_cfg().workers) if workers is None else workers
    loader = build_dataloader(dataset, BATCH, asked, shuffle=True, rank=-1)
    endless = (batch for _ in count() for batch in loader)
    for _ in range(WARM):
        next(endless)

    def work() -> Callable[[], dict[str, Any]]:
        before = loading_seconds()
        shapes = [tuple(next(endless)["img"].shape) for _ in range(batches)]
        spent = loading_seconds() - before
        return lambda: {
            "images": sum(shape[0] for shape in shapes),
            "boxes": sum(len(label["cls"]) for label in dataset.labels),
            "shape": list(shapes[0][1:]),
            "workers": loader.num_workers,
            "cpu": spent,
        }

    return work


def loading_seconds() -> float:
    """Processor seconds used by the processes that load: the children, or else this one."""
    import psutil

    here = psutil.Process()
    times = [process.cpu_times() for process in here.children() or [here]]
    return float(sum(t.user + t.system for t in times))


def yolo_dataset(tree: Path, split: str, *, cache: str | bool = False) -> Any:
    """Open the dataset as Ultralytics' trainer does for a training with default settings."""
    from ultralytics.cfg import get_cfg
    from ultralytics.data.build import build_yolo_dataset

    names = {0: "a", 1: "b", 2: "c", 3: "d"}
    data = {"path": str(tree), "names": names, "nc": len(names), "channels": 3}
    config = get_cfg(overrides={"imgsz": IMAGE_SIZE, "task": "detect", "cache": cache})
    assert config.mosaic == 1.0
    return build_yolo_dataset(
        config, str(tree / "images" / split), BATCH, data, mode="train", rect=False, stride=32
    )


def compare(trees: list[str]) -> Work:
    """Worker function: PSNR between what both trees give to the augmentation, in dB."""
    import cv2

    raw, scaled = (yolo_dataset(Path(tree), "train") for tree in trees)

    def work() -> dict[str, float]:
        found = []
        for index in range(min(COMPARED, len(raw))):
            agree("photograph", *(Path(d.im_files[index]).name for d in (scaled, raw)))
            found.append(cv2.PSNR(raw.load_image(index)[0], scaled.load_image(index)[0]))
        return {"median": middle(found), "worst": min(found), "images": len(found)}

    return work
