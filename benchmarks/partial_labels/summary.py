"""What the figures of all trainings say together: Markdown, in English or Korean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from benchmarks.partial_labels.common import ARMS, COMPLETED, FULL, MASKED, NAIVE

EVERYWHERE = "all"
SUFFERS = 0.05
"""Recall that naive training loses against full labels, from which on a class suffers."""
CLOSED = {MASKED: (0.5, 0.5), COMPLETED: (0.9, 0.7)}
"""Share of that loss that a way has to win back, on drawn and on real photographs."""
PARTS = ("drawn", "real")
ALARMS = 1.3
"""False alarms an image, at most, in those of full labels."""
WORDS: Mapping[str, Mapping[str, Any]] = {
    "en": {
        "criterion": "asked for",
        "measured": "measured",
        "verdict": "",
        "reached": "reached",
        "missed": "**missed**",
        "open": "not known",
        "closed": "{part}: {arm} wins back at least {limit:.0%} of the recall that naive loses "
        "against full labels",
        "map": "{part}: mAP50 of {arm} not below naive by more than the noise of a seed",
        "alarms": "{part}: false alarms an image of {arm} at most 1.3 times those of full labels",
        "none suffers": "no class loses {least} or more",
        "no full": "full labels of the photographs to train on are not known",
        "one seed": "one seed: its noise is not known",
        "parts": {"drawn": "drawn", "real": "real"},
        "seeds": "seed",
        "on": "on",
        "class": "class",
        "objects": "objects",
        "way": "way",
        "recall": "recall",
        "precision": "precision",
        "false alarms": "false alarms an image",
        "mean": "mean",
        "sum": "all classes",
        "part": "part",
        "trained": "trained on",
        "judged": "judged on",
        "setting": "epochs, size",
        "time": "processor minutes a training",
        "images": "{images} photographs, {boxes} boxes, {regions} ignore regions",
        "judging": "{images} photographs",
        "spread": "mean over seeds (standard deviation)",
        "missing": "**Not trained yet** (part, way, seed), so not in any figure here:",
        "tried": "Tried:",
    },
    "ko": {
        "criterion": "목표",
        "measured": "측정",
        "verdict": "",
        "reached": "도달",
        "missed": "**미달**",
        "open": "알 수 없음",
        "closed": "{part}: {arm}이(가) 전체 라벨에 견주어 naive가 잃는 재현율의 {limit:.0%} 이상을 "
        "되찾음",
        "map": "{part}: {arm}의 mAP50이 시드 잡음보다 크게 naive 아래로 내려가지 않음",
        "alarms": "{part}: {arm}의 이미지당 오탐이 전체 라벨의 1.3배 이하",
        "none suffers": "{least} 이상 잃는 클래스가 없음",
        "no full": "학습 사진의 전체 라벨을 알 수 없음",
        "one seed": "시드 하나: 잡음을 알 수 없음",
        "parts": {"drawn": "그린 표본", "real": "실제 사진"},
        "seeds": "시드",
        "on": "사진",
        "class": "클래스",
        "objects": "객체",
        "way": "방식",
        "recall": "재현율",
        "precision": "정밀도",
        "false alarms": "이미지당 오탐",
        "mean": "평균",
        "sum": "모든 클래스",
        "part": "구분",
        "trained": "학습",
        "judged": "평가",
        "setting": "에폭, 크기",
        "time": "학습당 CPU 분",
        "images": "사진 {images}장, 박스 {boxes}개, 무시 영역 {regions}개",
        "judging": "사진 {images}장",
        "spread": "시드 평균(표준편차)",
        "missing": "**아직 학습하지 않음**(구분, 방식, 시드). 아래 수치에 없습니다:",
        "tried": "해 본 것:",
    },
}
Word = Mapping[str, Any]


def text(told: Mapping[str, Any], language: str) -> str:
    """Everything: what was trained, what was asked for, means and every seed."""
    word, runs = WORDS[language], sorted(told["runs"], key=_order)
    before = [tried(each, word, language) for each in told.get("tried", ())]
    if not runs:
        return "\n\n".join(before)
    rows = frame(runs)
    tables = [
        trained(runs, word),
        *missing(told, word),
        _table([word[k] for k in ("criterion", "measured", "verdict")], criteria(rows, word)),
        f"{word['spread']}:",
        *(means(rows[rows.part == part], word) for part in PARTS if (rows.part == part).any()),
        every_seed(rows, word),
        *before,
    ]
    return "\n\n".join(tables)


def frame(runs: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """A row a training, slice and class."""
    keys = ("part", "arm", "seed")
    return pd.DataFrame([{**{k: r[k] for k in keys}, **row} for r in runs for row in r["figures"]])


def trained(runs: Sequence[Mapping[str, Any]], word: Word) -> str:
    """What each way was trained and judged on, and how long it took."""
    lines = []
    for (part, arm), mine in _grouped(runs):
        first = mine[0]
        seconds = [r["processor_seconds"] for r in mine if r["processor_seconds"]]
        counts = (
            {k: first[k] for k in ("images", "boxes", "regions")}
            if len({r["boxes"] for r in mine}) == 1
            else {
                "images": first["images"],
                **{k: _range(r[k] for r in mine) for k in ("boxes", "regions")},
            }
        )
        lines.append(
            [
                word["parts"][part],
                arm,
                ", ".join(str(r["seed"]) for r in mine),
                word["images"].format(**counts),
                f"{first['epochs']}, {first['size']}",
                word["judging"].format(images=first["judged_images"]),
                f"{sum(seconds) / len(seconds) / 60:.1f}" if seconds else "-",
            ]
        )
    heads = ("part", "way", "seeds", "trained", "setting", "judged", "time")
    return _table([word[k] for k in heads], lines)


def missing(told: Mapping[str, Any], word: Word) -> Iterator[str]:
    """Trainings that belong to it and were not finished."""
    absent = [f"{word['parts'][p]} {arm} {seed}" for p, arm, seed in told.get("missing", ())]
    if absent:
        yield f"{word['missing']} {', '.join(absent)}."


def suffering(rows: pd.DataFrame) -> list[str]:
    """Classes whose mean recall is lower by `SUFFERS` or more with naive than with full labels."""
    mean = _mean(rows, "recall")
    if FULL not in mean or NAIVE not in mean:
        return []
    lost = (mean[FULL] - mean[NAIVE]).to_dict()
    return [str(name) for name, recall in lost.items() if recall >= SUFFERS]


def criteria(rows: pd.DataFrame, word: Word) -> Iterator[list[str]]:
    """Each thing that was asked for, what was measured, and whether it is reached."""
    for part in PARTS:
        every = rows[(rows.part == part) & (rows.on == EVERYWHERE)]
        for arm in (MASKED, COMPLETED):
            if not (every.arm == arm).any():
                continue
            mine = of_common_seeds(every, arm)
            named = {"part": word["parts"][part], "arm": arm}
            limit = CLOSED[arm][PARTS.index(part)]
            asked = word["closed"].format(**named, limit=limit)
            yield [asked, *_closed(mine, arm, limit, word)]
            yield [word["map"].format(**named), *_not_below(mine, arm, word)]
            yield [word["alarms"].format(**named), *_alarms(mine, arm, word)]


def of_common_seeds(rows: pd.DataFrame, arm: str) -> pd.DataFrame:
    """Rows of the seeds that a way, naive and full labels (where there are any) all have."""
    seeds = [set(rows[rows.arm == each].seed) for each in (arm, NAIVE, FULL)]
    common = set.intersection(*(each for each in seeds if each))
    return rows[rows.seed.isin(common)]


def _closed(rows: pd.DataFrame, arm: str, limit: float, word: Word) -> tuple[str, str]:
    if FULL not in set(rows.arm):
        return word["no full"], word["open"]
    mean, suffers = _mean(rows, "recall"), suffering(rows)
    if not suffers:
        return word["none suffers"].format(least=SUFFERS), word["open"]
    shares = {
        name: (mean[arm][name] - mean[NAIVE][name]) / (mean[FULL][name] - mean[NAIVE][name])
        for name in suffers
    }
    told = ", ".join(
        f"{name} {share:.0%} ({mean[NAIVE][name]:.3f} → {mean[arm][name]:.3f}, "
        f"full {mean[FULL][name]:.3f})"
        for name, share in shares.items()
    )
    return told, _verdict(min(shares.values()) >= limit, word)


def _not_below(rows: pd.DataFrame, arm: str, word: Word) -> tuple[str, str]:
    by_seed = rows.groupby(["arm", "seed"])["mAP50"].mean().unstack("arm")
    both = by_seed[[NAIVE, arm]].dropna() if NAIVE in by_seed else by_seed.iloc[:0]
    if not len(both):
        return "-", word["open"]
    difference = float((both[arm] - both[NAIVE]).mean())
    told = f"{difference:+.3f} ({both[NAIVE].mean():.3f} → {both[arm].mean():.3f})"
    if len(both) < 2:
        return f"{told}; {word['one seed']}", _verdict(True, word) if difference >= 0 else word[
            "open"
        ]
    noise = float(both[NAIVE].std())
    return f"{told}; ±{noise:.3f}", _verdict(difference >= -noise, word)


def _alarms(rows: pd.DataFrame, arm: str, word: Word) -> tuple[str, str]:
    total = rows.groupby(["arm", "seed"])["false_alarms"].sum().groupby("arm").mean()
    if FULL not in total:
        return f"{total[arm]:.2f} (naive {total[NAIVE]:.2f})", word["open"]
    told = f"{total[arm]:.2f} (naive {total[NAIVE]:.2f}, full {total[FULL]:.2f})"
    return told, _verdict(total[arm] <= ALARMS * total[FULL], word)


def means(rows: pd.DataFrame, word: Word) -> str:
    """Recall, false alarms and mAP50, ways side by side: each class, and where one suffers."""
    arms = [arm for arm in ARMS if arm in set(rows.arm)]
    measures = {"recall": "recall", "false alarms": "false_alarms", "mAP50": "mAP50"}
    heads = [f"{word.get(m, m)} {arm}" for m in measures for arm in arms]
    lines = []
    slices = sorted(rows.on.unique(), key=lambda on: (on != EVERYWHERE, on))
    shown = [*suffering(rows[rows.on == EVERYWHERE])] or list(rows["class"].unique())
    for on in slices:
        for name in rows["class"].unique():
            mine = rows[(rows.on == on) & (rows["class"] == name)]
            everywhere = on == EVERYWHERE
            if mine.empty or not (everywhere or (name in shown and mine.labels.iloc[0])):
                continue
            cells = [
                _spread(mine[mine.arm == arm][column])
                for column in measures.values()
                for arm in arms
            ]
            lines.append([f"{rows.part.iloc[0]}: {on}", name, f"{mine.labels.iloc[0]}", *cells])
    return _table([word["on"], word["class"], word["objects"], *heads], lines)


def every_seed(rows: pd.DataFrame, word: Word) -> str:
    """Each class of each training on all photographs that judge."""
    lines = []
    for row in rows[(rows.on == EVERYWHERE) & (rows.labels > 0)].to_dict("records"):
        own = [f"{row[k]:.3f}" if pd.notna(row[k]) else "-" for k in ("recall", "precision")]
        alarms = f"{row['false_alarms']:.3f}"
        averages = [f"{row[k]:.3f}" for k in ("mAP50", "mAP50-95")]
        first = [row["part"], str(row["seed"]), row["arm"], row["class"]]
        lines.append([*first, *own, alarms, *averages])
    heads = ("part", "seeds", "way", "class", "recall", "precision", "false alarms")
    return _table([*(word[k] for k in heads), "mAP50", "mAP50-95"], lines)


def tried(told: Mapping[str, Any], word: Word, language: str) -> str:
    """Trainings by another recipe, which were given up: what it was, and its figures."""
    what = f"{word['tried']} {told['what'][language]}."
    if "lines" in told:
        return f"{what}\n\n{_table(told['heads'], told['lines'])}"
    rows = told["rows"]
    arms = list(rows[0]["mAP50-95"])
    measures = [m for m in ("mAP50", "mAP50-95", "recall", "false_alarms") if m in rows[0]]
    heads = [f"{word.get(m.replace('_', ' '), m)} {arm}" for m in measures for arm in arms]
    lines = [
        [
            row["on"],
            row["class"],
            row["objects"] or "-",
            *(
                "-" if row[m][arm] is None else f"{row[m][arm]:.3f}"
                for m in measures
                for arm in arms
            ),
        ]
        for row in rows
    ]
    table = _table([word["on"], word["class"], word["objects"], *heads], lines)
    return f"{what}\n\n{table}"


def _mean(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """[classes, ways] mean over seeds, of classes with objects."""
    there = rows[rows.labels > 0]
    return there.groupby(["class", "arm"])[column].mean().unstack("arm")


def _spread(values: pd.Series) -> str:
    known = values.dropna()
    if not len(known):
        return "-"
    deviation = f" ({known.std():.2f})" if len(known) > 1 else ""
    return f"{known.mean():.2f}{deviation}"


def _grouped(
    runs: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[tuple[str, str], list[Mapping[str, Any]]]]:
    for part in PARTS:
        for arm in ARMS:
            mine = [r for r in runs if (r["part"], r["arm"]) == (part, arm)]
            if mine:
                yield (part, arm), mine


def _order(run: Mapping[str, Any]) -> tuple[int, int, int]:
    return PARTS.index(run["part"]), run["seed"], ARMS.index(run["arm"])


def _range(values: Any) -> str:
    known = sorted(set(values))
    return str(known[0]) if len(known) == 1 else f"{known[0]}-{known[-1]}"


def _verdict(is_reached: bool, word: Word) -> str:
    return str(word["reached" if is_reached else "missed"])


def _table(heads: Sequence[str], lines: Any) -> str:
    rows = [heads, ["---"] * len(heads), *lines]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows).replace("  |", " |")
