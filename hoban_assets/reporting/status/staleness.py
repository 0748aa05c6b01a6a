"""Is a build up to date? If not: why, in words. Pure; the rules are those by which assets rebuild.

An asset builds again where its code, its recipe or an input differs from what was recorded
(``input_key`` in `pipeline.stage`, `pipeline.dataset` and ``run_key`` in `training.plan`). Sizes
and devices that belong to the machine (HOBAN_EPOCHS_SUB, HOBAN_IMAGE_SIZE, ...) are left out:
they differ from shell to shell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hoban_assets.reporting.recipe_changes import changes
from hoban_assets.reporting.status.declared import DATASET, MODEL, Declared

UP_TO_DATE, STALE, NOT_BUILT = "up to date", "stale", "not built"
CANNOT, BROKEN, UNDECLARED = "cannot be built here", "recipe is wrong", "not declared any more"


@dataclass(frozen=True)
class Built:
    """The current materialisation of an asset."""

    data_version: str | None
    code_version: str | None = None
    recipe: Mapping[str, Any] | None = None
    """None: not recorded (a release before recipes were kept)."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    path: str | None = None


@dataclass(frozen=True)
class Reason:
    """One sentence: `text` is English with {fields}, the key of its translation."""

    kind: str
    text: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def said(self, say: Callable[..., str]) -> str:
        """The sentence in the language of `say`."""
        return say(self.text, **self.values)


@dataclass(frozen=True)
class Verdict:
    """State of an asset in one partition."""

    state: str
    reasons: tuple[Reason, ...] = ()
    """Why it is not up to date."""
    notes: tuple[Reason, ...] = ()
    """What does not make it stale, but should be known."""


@dataclass(frozen=True)
class Now:
    """The world that builds are held against."""

    raw_root: Path
    code_versions: Mapping[str, str]
    """Kind of asset -> code version."""
    raw: Mapping[str, Mapping[str, str]] | None = None
    """Stage -> raw folder -> fingerprint, as `pipeline.stage.raw_versions`; None: not looked."""


def judge(
    declared: Sequence[Declared], built: Mapping[str, Built], partition: str, now: Now
) -> dict[str, Verdict]:
    """Judge every declared and every built asset of a partition.

    Args:
        declared: upstream first.
        built: current materialisations of `partition`, by asset.
        partition: 'sub' or 'full'.
        now: what they are held against.
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
        *_code_changed(asset, mine, now),
        *_recipe_changed(asset, mine),
        *_inputs_changed(asset.inputs.get(partition, ()), mine, built, verdicts),
        *_raw_changed(mine, (now.raw or {}).get(asset.name)),
    )
    return Verdict(STALE if reasons else UP_TO_DATE, reasons, obstacles)


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


def _code_changed(asset: Declared, mine: Built, now: Now) -> list[Reason]:
    code = now.code_versions[asset.kind]
    if mine.code_version == code:
        return []
    return [
        Reason(
            "code_changed",
            "the code that makes it was changed since (code version {before} -> {after})",
            {"before": mine.code_version or "-", "after": code},
        )
    ]


def _recipe_changed(asset: Declared, mine: Built) -> list[Reason]:
    if mine.recipe is None:
        return []
    before = mine.recipe
    if asset.kind == MODEL:  # it records all arguments of Ultralytics; the gate only warns
        before = {k: v for k, v in before.items() if k in asset.recipe}
    after = {k: v for k, v in asset.recipe.items() if asset.kind != MODEL or k in before}
    return [
        Reason("recipe_changed", "its recipe was changed: {change}", {"change": str(change)})
        for change in changes(before, after)
    ]


def _inputs_changed(
    inputs: Sequence[str],
    mine: Built,
    built: Mapping[str, Built],
    verdicts: Mapping[str, Verdict],
) -> list[Reason]:
    reasons = []
    for name in inputs:
        current, recorded = built.get(name), mine.inputs.get(name)
        if current is None:
            text = (
                "{input}, which it was made from, is not in the catalog any more"
                if recorded is not None or not mine.inputs
                else "{input}, which its recipe names now, is not built"
            )
            reasons.append(Reason("input_missing", text, {"input": name}))
        elif recorded is not None and current.data_version != recorded:
            text = "{input} was built again since, with other rows ({before} -> {after})"
            versions = {"before": recorded[:12], "after": (current.data_version or "-")[:12]}
            reasons.append(Reason("input_rebuilt", text, {"input": name, **versions}))
    if old := [name for name in inputs if name in built and verdicts[name].state == STALE]:
        text = "what it is made from is out of date itself: {inputs}"
        reasons.append(Reason("input_stale", text, {"inputs": ", ".join(old)}))
    return reasons


def _raw_changed(mine: Built, found: Mapping[str, str] | None) -> list[Reason]:
    if found is None:
        return []
    texts = {
        "raw_changed": "the files of {folder} have changed since it was read",
        "raw_added": "{folder} was not there when it was read",
        "raw_gone": "{folder} is not there any more",
    }
    reasons = []
    for folder in dict.fromkeys((*mine.inputs, *found)):
        before, after = mine.inputs.get(folder), found.get(folder)
        if before != after:
            kind = "raw_added" if before is None else "raw_gone" if after is None else "raw_changed"
            reasons.append(Reason(kind, texts[kind], {"folder": folder}))
    return reasons


def _once(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """Each sentence once, in order (reasons hold mappings, which have no hash)."""
    return tuple({(r.kind, tuple(r.values.items())): r for r in reasons}.values())
