"""``python -m benchmarks.prove_partial_labels``: do masks and completed labels help?

Sources that label only their own classes are read, cleaned and published as version 12 is, and
trained in up to four ways with equal epochs and settings: naive, masked, completed, and with full
labels on the train side. Every model is judged on photographs that no training sees and whose
every object is known.

drawn: the sample, whose generator knows all that is on it; trained from scratch; completed by the
masked model of the same seed; judged on fresh scenes of another seed.
real: photographs below ``--raw``; those with a label file below ``--truth`` judge. Persons on
photographs of heads are completed from a file of predictions. All ways start at weights of the
drawn part (full labels, seed 0). What no label marks on the photographs to train on is known
nowhere, so full labels are trained only where they are given (``--rest``).

Every training is kept and told. Started again it goes on where it was: finished datasets,
trainings and judgements are taken over, one that was stopped resumes. ``--page`` writes the pages
of the documentation from what is there.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.harness import CHECKOUT
from benchmarks.partial_labels.arms import chain, weights_of
from benchmarks.partial_labels.common import COMPLETED, FULL, MASKED, NAIVE, Part, Schedule
from benchmarks.partial_labels.criteria import PARTS
from benchmarks.partial_labels.drawn import Drawn
from benchmarks.partial_labels.page import told_of, write_pages
from benchmarks.partial_labels.real import Real
from benchmarks.partial_labels.summary import text

QUICK: Mapping[str, Any] = {
    "scenes": 400,
    "drawn": Schedule(seeds=1, epochs=8, size=128, mosaic_off=4),
    "real": Schedule(seeds=1, epochs=6, size=128, mosaic_off=3),
}
WHOLE: Mapping[str, Any] = {
    "scenes": 1500,
    "drawn": Schedule(seeds=3, epochs=10, size=128, mosaic_off=5),
    "real": Schedule(seeds=2, epochs=8, size=160, mosaic_off=4),
}
JUDGED_SCENES = 200
JOBS = ((FULL,), (MASKED, COMPLETED), (NAIVE,))
"""Ways that wait for nothing but the one before."""
SHARED = CHECKOUT.parent / "shared"


def main() -> None:
    """Prepare, train each seed in every way, judge, tell."""
    arguments = _arguments()
    form: Mapping[str, Any] = QUICK if arguments.quick else WHOLE
    folder = (arguments.folder / ("quick" if arguments.quick else "whole")).absolute()
    schedules = {name: form[name] for name in PARTS}
    if arguments.page:
        write_pages(told_of(folder, schedules))
        return
    for done in _worked_off(list(_jobs(folder, form, arguments)), arguments.processes):
        sys.stdout.write(f"{done}: done\n")
        sys.stdout.flush()
    sys.stdout.write(f"{text(told_of(folder, schedules), 'en')}\n")


@dataclass(frozen=True)
class Job:
    """Ways of one part that are trained one after the other."""

    part: Part
    ways: tuple[str, ...]
    seed: int
    schedule: Schedule
    after: str = ""
    """Job whose weights it starts at."""

    @property
    def name(self) -> str:
        """What is said of it."""
        return f"{self.part.name}, seed {self.seed}: {', '.join(self.ways)}"


def _jobs(folder: Path, form: Mapping[str, Any], arguments: argparse.Namespace) -> Iterator[Job]:
    """Prepare the datasets; a seed of every part before the next seed of any."""
    drawn = Drawn(folder / "drawn", form["scenes"], JUDGED_SCENES)
    drawn.prepare()
    parts: list[Part] = [drawn]
    first = Job(drawn, (FULL,), 0, form["drawn"])
    if arguments.raw.is_dir() and arguments.truth.is_dir():
        start = weights_of(drawn, FULL, 0, form["drawn"])
        real = Real(
            folder / "real",
            arguments.raw.absolute(),
            arguments.truth.absolute(),
            arguments.predictions.absolute(),
            str(start),
            arguments.rest and arguments.rest.absolute(),
        )
        real.prepare()
        parts.append(real)
    else:
        sys.stdout.write(f"{arguments.raw} or {arguments.truth} is not there: only drawn ones\n")
    for seed in range(max(form[part.name].seeds for part in parts)):
        for part in parts:
            schedule = form[part.name]
            for ways in JOBS if seed < schedule.seeds else ():
                if own := tuple(way for way in ways if way in part.arms):
                    yield Job(part, own, seed, schedule, "" if part is drawn else first.name)


def _worked_off(jobs: list[Job], processes: int) -> Iterator[str]:
    """Do all jobs, so many at once; yield the name of each as it ends."""
    running: dict[Future[list[dict[str, Any]]], Job] = {}
    done: set[str] = set()
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        while jobs or running:
            ready = [job for job in jobs if not job.after or job.after in done]
            for job in ready[: processes - len(running)]:
                jobs.remove(job)
                running[pool.submit(chain, job.part, job.ways, job.seed, job.schedule)] = job
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                future.result()
                done.add(name := running.pop(future).name)
                yield name


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one seed, fewer scenes and epochs")
    parser.add_argument("--page", action="store_true", help="write the pages from what is there")
    parser.add_argument("--raw", type=Path, default=SHARED / "real_raw")
    parser.add_argument("--truth", type=Path, default=SHARED / "real_truth")
    teacher = SHARED / "teacher_predictions" / "person.jsonl"
    parser.add_argument("--predictions", type=Path, default=teacher)
    parser.add_argument("--rest", type=Path, help="label files of the others, for full labels")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--folder", type=Path, default=CHECKOUT / "build" / "partial-labels")
    given = parser.parse_args()
    if given.truth.is_dir() and not any(given.truth.rglob("*.txt")):
        parser.error(
            f"{given.truth} holds no label file: --truth repeats the folders of --raw, with a .txt "
            "for each photograph that judges"
        )
    return given


if __name__ == "__main__":
    main()
