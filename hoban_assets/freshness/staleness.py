"""Is a build up to date? If not: why, in words. Pure; the one judgement of what is out of date.

The ingredients that a build recorded are compared with those that it would have now: where they
are the same, so is the key, and no reason is given. Two reasons come beside that: a published
folder that is gone, and an input that is out of date itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hoban_assets.freshness.declared import DATASET, MODEL, STAGE, Declared
from hoban_assets.freshness.facts import Built as Built
from hoban_assets.freshness.facts import Now as Now
from hoban_assets.freshness.ingredients import compared
from hoban_assets.ingredients import CORRECTIONS, Change, Ingredients, changes, is_of_full, key_of
from hoban_assets.saying import Say

UP_TO_DATE, STALE, NOT_BUILT = "up to date", "stale", "not built"
CANNOT, BROKEN, UNDECLARED = "cannot be built here", "recipe is wrong", "not declared any more"


@dataclass(frozen=True)
class Reason:
    """One sentence: `text` is English with {fields}, the key of its translation."""

    kind: str
    text: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def said(self, say: Say) -> str:
        """The sentence in the language of `say`."""
        return say(self.text, **self.values)


@dataclass(frozen=True)
class Verdict:
    """State of an asset in one partition."""

    state: str
    reasons: tuple[Reason, ...] = ()
    """Why it is not up to date."""
    notes: tuple[Reason, ...] = ()
    """Why it could not be built again as things are."""
    remarks: tuple[Reason, ...] = ()
    """What does not make it stale, but should be known."""


def judge(
    declared: Sequence[Declared], built: Mapping[str, Built], partition: str, now: Now
) -> dict[str, Verdict]:
    """Judge every declared and every built asset of a partition.

    Args:
        declared: upstream first.
        built: current materialisations of `partition`, by asset.
        partition: 'sub' or 'full'.
        now: what they are compared with.
    """
    verdicts: dict[str, Verdict] = {}
    obstacles: dict[str, tuple[Reason, ...]] = {}
    for asset in declared:
        inputs = asset.inputs.get(partition, ())
        unknown = [_unknown(n) for n in inputs if n not in obstacles]
        lacking = [*_absent_sources(asset, now.raw_root), *unknown]
        above = [r for name in inputs for r in obstacles.get(name, ())]
        obstacles[asset.name] = _once([*lacking, *above])
        verdicts[asset.name] = _verdict(
            asset, built, partition, now, verdicts, obstacles[asset.name]
        )
    for name in built:
        if name not in verdicts:
            gone = Reason("undeclared", "no stage or recipe of this name is declared any more")
            verdicts[name] = Verdict(UNDECLARED, (gone,))
    return verdicts


def _verdict(
    asset: Declared,
    built: Mapping[str, Built],
    partition: str,
    now: Now,
    verdicts: Mapping[str, Verdict],
    obstacles: tuple[Reason, ...],
) -> Verdict:
    if asset.error:
        wrong = Reason(
            "recipe_broken", "{file}: {error}", {"file": asset.file, "error": asset.error}
        )
        return Verdict(BROKEN, (wrong,))
    mine = built.get(asset.name)
    if mine is None:
        return Verdict(CANNOT, obstacles) if obstacles else Verdict(NOT_BUILT)
    reasons = (
        *_folder_gone(asset, mine),
        *_ingredients_changed(asset, partition, mine, built, now),
        *_inputs_stale(asset.inputs.get(partition, ()), built, verdicts),
    )
    state = STALE if reasons else UP_TO_DATE
    remarks = (*_chosen(partition, mine, now), *_not_of_full(asset, partition))
    return Verdict(state, reasons, obstacles, remarks)


def _not_of_full(asset: Declared, partition: str) -> Iterator[Reason]:
    """Say so where the sub of a dataset cannot be a part of its full."""
    sub, full = (asset.inputs.get(p, ()) for p in ("sub", "full"))
    if partition == "sub" and asset.kind == DATASET and sub != full:
        text = (
            "its sub is not part of its full, as they are made from other stages ({sub}; {full}): "
            "images may be missing in full, or lie on the other side of the split"
        )
        only = {"sub": set(sub) - set(full), "full": set(full) - set(sub)}
        names = {
            p: ", ".join(n for n in names if n in only[p])
            for p, names in (("sub", sub), ("full", full))
        }
        yield Reason("not_of_full", text, names)


def _absent_sources(asset: Declared, raw_root: Path) -> list[Reason]:
    if asset.sources and not raw_root.is_dir():
        text = "there is no raw root {folder}: HOBAN_RAW_ROOT says where the sources lie"
        return [Reason("raw_root_absent", text, {"folder": str(raw_root)})]
    return [
        Reason(
            "source_absent",
            "the raw folder {folder} of source {source} is not on this machine",
            {"folder": str(raw_root / s.folder), "source": s.name},
        )
        for s in asset.sources
        if not s.optional and not (raw_root / s.folder).is_dir()
    ]


def _unknown(name: str) -> Reason:
    return Reason("unknown_input", "no stage is named {input}", {"input": name})


def _folder_gone(asset: Declared, mine: Built) -> list[Reason]:
    if asset.kind not in (DATASET, MODEL) or mine.path is None:
        return []
    wanted = {DATASET: "data.yaml", MODEL: "best.pt"}[asset.kind]
    folder = Path(mine.path)
    if not folder.is_dir():
        return [Reason("folder_gone", "its folder {path} is gone", {"path": mine.path})]
    if not (folder / wanted).is_file():
        return [
            Reason(
                "folder_gone",
                "its folder {path} is not whole: {file} is gone",
                {"path": mine.path, "file": wanted},
            )
        ]
    return []


def _ingredients_changed(
    asset: Declared, partition: str, mine: Built, built: Mapping[str, Built], now: Now
) -> list[Reason]:
    """A reason for each ingredient that differs: none exactly where the keys are the same."""
    before, after = compared(asset, partition, mine, built, now)
    names = asset.inputs.get(partition, ())
    reasons = [
        *(_worded(change) for change in changes(_but_inputs(before), _but_inputs(after))),
        *_inputs_changed(names, before["inputs"], after["inputs"], built),
        *_full_changed(asset.name, before["inputs"], after["inputs"]),
    ]
    if asset.kind == STAGE:
        was, now_there = (
            {name: v for name, v in inputs.items() if name not in names}
            for inputs in (before["inputs"], after["inputs"])
        )
        reasons += _raw_changed(was, now_there)
    if not reasons and key_of(before) != key_of(after):
        found = "; ".join(map(str, changes(before, after)))
        text = "it would be made from something else now: {change}"
        reasons.append(Reason("ingredients_changed", text, {"change": found}))
    return reasons


def _but_inputs(made: Ingredients) -> Ingredients:
    return {name: value for name, value in made.items() if name != "inputs"}


def _worded(change: Change) -> Reason:
    """One ingredient that differs, as a sentence."""
    part, _, field_name = change.field.partition(".")
    inner = Change(field_name, change.before, change.after)
    before, after = change.before or "-", change.after or "-"
    if part == "code":
        text = "the code that makes it was changed since (code version {before} -> {after})"
        return Reason("code_changed", text, {"before": before, "after": after})
    if part == "engine":
        text = "another engine compares its images now ({before} -> {after})"
        return Reason("engine_changed", text, {"before": before, "after": after})
    if part == "ultralytics":
        text = "Ultralytics has another release now ({before} -> {after})"
        return Reason("release_changed", text, {"before": before, "after": after})
    if part == "machine":
        text = "the settings of this machine train it otherwise now: {change}"
        return Reason("settings_changed", text, {"change": str(inner)})
    text = "its recipe was changed: {change}"
    return Reason("recipe_changed", text, {"change": str(inner if part == "recipe" else change)})


def _chosen(partition: str, mine: Built, now: Now) -> Iterator[Reason]:
    """What was chosen for one training, where the settings say otherwise."""
    made, settings = mine.ingredients or {}, now.machine.get(partition, {})
    for name in made.get("chosen", ()):
        was, would = made["machine"].get(name), settings.get(name)
        if would is not None and changes({name: was}, {name: would}):
            text = (
                "{field} was chosen for that training alone: {chosen}; the next one without this "
                "choice takes what the settings say, {settings}"
            )
            values = {"field": name, "chosen": was, "settings": would}
            yield Reason("chosen_for_one_run", text, values)


def _inputs_changed(
    names: Sequence[str],
    before: Mapping[str, str],
    after: Mapping[str, str],
    built: Mapping[str, Built],
) -> list[Reason]:
    """Of what the catalog holds; `names` are those that the recipe names now."""
    reasons = []
    for name in names:
        if name not in built:
            text = (
                "{input}, which it was made from, is not in the catalog any more"
                if name in before or not before
                else "{input}, which its recipe names now, is not built"
            )
            reasons.append(Reason("input_missing", text, {"input": name}))
        elif name in before and name in after and after[name] != before[name]:
            text = "{input} was built again since, with other rows ({before} -> {after})"
            versions = {"before": before[name][:12], "after": after[name][:12] or "-"}
            reasons.append(Reason("input_rebuilt", text, {"input": name, **versions}))
    return reasons


def _inputs_stale(
    names: Sequence[str], built: Mapping[str, Built], verdicts: Mapping[str, Verdict]
) -> list[Reason]:
    if old := [name for name in names if name in built and verdicts[name].state == STALE]:
        text = "what it is made from is out of date itself: {inputs}"
        return [Reason("input_stale", text, {"inputs": ", ".join(old)})]
    return []


def _full_changed(asset: str, before: Mapping[str, str], after: Mapping[str, str]) -> list[Reason]:
    """Of a sub: the full that it was taken from, or would be taken from now."""
    was, now = (next((v for n, v in i.items() if is_of_full(n)), None) for i in (before, after))
    if was == now:
        return []
    if was is None:
        text = "{asset} [full] was built since, and sub is taken from that: it becomes part of it"
        return [Reason("full_built", text, {"asset": asset})]
    if now is None:
        text = (
            "{asset} [full], which it was taken from, is not in the catalog any more, or is not "
            "what would be built now: without it, sub is made by itself"
        )
        return [Reason("full_gone", text, {"asset": asset})]
    text = (
        "{asset} [full], which it was taken from, was built again since, with other rows "
        "({before} -> {after})"
    )
    return [Reason("full_rebuilt", text, {"asset": asset, "before": was[:12], "after": now[:12]})]


def _raw_changed(was: Mapping[str, str], found: Mapping[str, str]) -> list[Reason]:
    texts = {
        "raw_changed": "the files of {folder} have changed since it was read",
        "raw_added": "{folder} was not there when it was read",
        "raw_gone": "{folder} is not there any more",
    }
    reasons = []
    for folder in (name for name in dict.fromkeys((*was, *found)) if not is_of_full(name)):
        before, after = was.get(folder), found.get(folder)
        if before != after and folder == CORRECTIONS:
            text = "people have corrected its pictures since it was built, or undone corrections"
            reasons.append(Reason("corrected", text))
        elif before != after:
            kind = "raw_added" if before is None else "raw_gone" if after is None else "raw_changed"
            reasons.append(Reason(kind, texts[kind], {"folder": folder}))
    return reasons


def _once(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """Each sentence once, in order (reasons hold mappings, which have no hash)."""
    return tuple({(r.kind, tuple(r.values.items())): r for r in reasons}.values())
