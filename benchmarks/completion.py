"""``python -m benchmarks.completion``: how right are the labels that a teacher adds?

Before any training: photographs whose source labels heads only are completed with a teacher's
predictions of persons, and compared with all persons on them, which no step but the comparison
reads: precision and recall of the boxes, what the ignore regions cover, by verdict of the
cross-check. Limits are those that a
stage declares by default, and those that are chosen by F-beta on one half of the photographs and
judged on the other, in both directions; halves by clip, so that no clip is in both.

``--truth`` holds YOLO label files (0 and 1 heads, 2 person), named as the photographs below the raw
root. Tables for docs/partial-labels.md.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.harness import CHECKOUT
from hoban_assets.classes import PERSON
from hoban_assets.curation.completion.bands import Labelled, part
from hoban_assets.curation.completion.choosing import Looked, choose, hits
from hoban_assets.curation.completion.complete import labelled_on
from hoban_assets.curation.completion.limits import Limits
from hoban_assets.curation.completion.verdicts import BOX, IGNORE
from hoban_assets.curation.completion.voting import Candidates, vote
from hoban_assets.declared.stages import HELMET_60K
from hoban_assets.formats import open_source
from hoban_assets.formats.predictions import read_predictions
from hoban_assets.samples import stable_shares

COVERED = 0.5
"""Share of a person in ignore regions from which on it is covered."""
GRID = 100
"""Cells a side in which areas are counted."""


@dataclass(frozen=True)
class Photograph:
    """One photograph: what is labelled, what the teacher saw, and who is really there."""

    group: str
    labelled: Labelled
    found: Candidates
    truth: np.ndarray


@dataclass(frozen=True)
class Figures:
    """Sums over photographs."""

    images: int
    persons: int
    boxes: int
    right: int
    covered: int
    regions: int
    area: float
    """Share of the pictures that is ignored."""
    verdicts: Counter[tuple[str, str, bool]]
    """(band, verdict, right) -> candidates."""


def main() -> None:
    """Read, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    shared = CHECKOUT.parent / "shared"
    parser.add_argument("--raw", type=Path, default=shared / "real_raw")
    parser.add_argument("--truth", type=Path, default=shared / "real_truth")
    teacher = shared / "teacher_predictions" / "person.jsonl"
    parser.add_argument("--predictions", type=Path, default=teacher)
    arguments = parser.parse_args()
    seen = photographs(arguments.raw, arguments.truth, arguments.predictions)
    if not seen:
        sys.exit(
            f"{arguments.truth} has a label file of no photograph of {arguments.raw}\n"
            "  -> name the folder that repeats those of --raw, with a .txt for each photograph"
        )
    sys.stdout.write(report(seen))


def photographs(raw: Path, truth: Path, predictions: Path) -> list[Photograph]:
    """Photographs of the helmet source that have a file in `truth`."""
    (source,) = HELMET_60K.sources
    samples = open_source(source, raw).read().samples
    known = [(truth / file).with_suffix(".txt").is_file() for file in samples.images.file]
    samples = replace(samples, images=samples.images[known].reset_index(drop=True))
    table = read_predictions(predictions, {PERSON: PERSON}, samples.images)
    by_file = {
        str(name): rows
        for name, rows in table.assign(teacher="teacher").groupby("file", sort=False)
    }
    nothing = table.assign(teacher="").iloc[:0]
    groups = samples.images.group_id
    return [
        Photograph(group, labelled, vote(by_file.get(file, nothing), 1), persons(truth, file))
        for group, (file, labelled) in zip(groups, labelled_on(samples), strict=True)
    ]


def persons(truth: Path, file: str) -> np.ndarray:
    """Corners of all persons of a label file: [n, 4]."""
    lines = (truth / file).with_suffix(".txt").read_text().splitlines()
    rows = np.array([line.split() for line in lines if line.strip()], float).reshape(-1, 5)
    boxes = rows[rows[:, 0] == 2, 1:]
    return np.hstack([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2])


def judged(seen: Sequence[Photograph], limits: Limits, *, checked: bool = True) -> Figures:
    """Complete the photographs with these limits and compare with the truth.

    Without `checked` no label is asked: the teacher's scores alone.
    """
    total = Figures(0, 0, 0, 0, 0, 0, 0.0, Counter())
    for each in seen:
        labelled = each.labelled if checked else replace(each.labelled, classes=frozenset())
        parted = part(PERSON, each.found, labelled, limits)
        box = parted.band == BOX
        by = hits(each.found.score[box], each.found.corners[box], each.truth)
        right = np.isin(np.arange(box.sum()), by)
        regions = np.vstack([each.found.corners[parted.band == IGNORE], parted.regions])
        mask = cells(regions)
        verdicts = Counter(
            zip([BOX] * len(right), parted.verdict[box].tolist(), right.tolist(), strict=True)
        )
        verdicts += Counter((IGNORE, v, False) for v in parted.verdict[parted.band == IGNORE])
        verdicts += Counter({(IGNORE, "body_missing", False): len(parted.regions)})
        covered = [
            bool(found) or (mask & cells(person[None])).sum() >= COVERED * cells(person[None]).sum()
            for found, person in zip(by >= 0, each.truth, strict=True)
        ]
        total = Figures(
            total.images + 1,
            total.persons + len(each.truth),
            total.boxes + int(box.sum()),
            total.right + int(right.sum()),
            total.covered + sum(covered),
            total.regions + len(regions),
            total.area + float(mask.mean()),
            total.verdicts + verdicts,
        )
    return total


def cells(boxes: np.ndarray) -> np.ndarray:
    """Cells of the picture whose middle lies in one of the boxes [n, 4]: bool [GRID, GRID]."""
    at = (np.arange(GRID) + 0.5) / GRID
    mask = np.zeros((GRID, GRID), bool)
    for left, top, right, bottom in boxes:
        mask |= ((at >= top) & (at < bottom))[:, None] & ((at >= left) & (at < right))[None]
    return mask


def report(seen: Sequence[Photograph]) -> str:
    """Markdown: the tables of docs/partial-labels.md."""
    side = stable_shares(sorted({each.group for each in seen})) < 0.5
    names = dict(zip(sorted({each.group for each in seen}), side.tolist(), strict=True))
    halves = {
        "A": [each for each in seen if names[each.group]],
        "B": [each for each in seen if not names[each.group]],
    }
    lines = [
        "| limits | judged on | photographs | persons | boxes | recall | precision | covered | "
        "ignored area |",
        "|" + "---|" * 9,
    ]
    for score in (0.2, 0.3, 0.4, 0.5):
        alone = judged(seen, Limits(score, score, score), checked=False)
        lines.append(row(f"score {score} alone, no cross-check", "all", alone))
    default = judged(seen, Limits())
    lines.append(row("declared", "all", default))
    both: list[Figures] = []
    for chosen_on, judged_on in (("A", "B"), ("B", "A")):
        looked = [Looked(p.found, p.labelled, p.truth) for p in halves[chosen_on]]
        chosen = choose(PERSON, looked, Limits())
        if chosen is None:
            continue
        limits = chosen.limits
        told = f"box {limits.box:.3f}, ignore {limits.ignore:.3f}, confirmed {limits.confirmed:.3f}"
        both.append(judged(halves[judged_on], limits))
        lines.append(row(f"chosen on {chosen_on}: {told}", judged_on, both[-1]))
    if len(both) == 2:
        lines.append(row("chosen on the other half", "A and B", added(*both)))
    lines += ["", "| band | cross-check | candidates | right |", "|---|---|---|---|"]
    for band, verdict in sorted({(band, str(v)) for band, v, _ in default.verdicts}):
        of = {
            right: count
            for (b, v, right), count in default.verdicts.items()
            if (b, str(v)) == (band, verdict)
        }
        right = str(of.get(True, 0)) if band == BOX else "-"
        lines.append(f"| {band} | {verdict} | {sum(of.values())} | {right} |")
    return "\n".join([*lines, ""])


def row(limits: str, judged_on: str, found: Figures) -> str:
    """One line of the first table."""
    return (
        f"| {limits} | {judged_on} | {found.images} | {found.persons} | {found.boxes} | "
        f"{found.right / found.persons:.3f} | {found.right / max(found.boxes, 1):.3f} | "
        f"{found.covered / found.persons:.3f} | {found.area / found.images:.3f} |"
    )


def added(one: Figures, other: Figures) -> Figures:
    """Sums of both."""
    return Figures(
        one.images + other.images,
        one.persons + other.persons,
        one.boxes + other.boxes,
        one.right + other.right,
        one.covered + other.covered,
        one.regions + other.regions,
        one.area + other.area,
        one.verdicts + other.verdicts,
    )


if __name__ == "__main__":
    main()
