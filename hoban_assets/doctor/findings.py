"""What the facts of a machine mean. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hoban_assets.doctor.facts import Machine
from hoban_assets.file_systems import WINDOWS_DRIVES
from hoban_assets.language import Say
from hoban_assets.units import size_text

OK, NOTE, MISSING = "ok", "note", "missing"
LEAST_FREE = 10e9
"""Bytes below which a team's dataset may not fit."""


@dataclass(frozen=True)
class Finding:
    """One line: `text` is English with {fields}, the key of its translation."""

    level: str
    """OK; NOTE: works, but should be known; MISSING: nothing, or no model, can be built."""
    text: str
    values: dict[str, Any] = field(default_factory=dict)
    fix: str = ""
    """The line to type."""
    beside: str = ""
    """What there is to say of that line, as `text` is."""

    def said(self, say: Say) -> str:
        """The sentence in the language of `say`."""
        values = {k: say(v) if isinstance(v, str) else v for k, v in self.values.items()}
        return say(self.text, **values)

    def fix_said(self, say: Say) -> str:
        """The line to type, and in brackets what there is to say of it; '' where there is none."""
        return f"{self.fix}   ({say(self.beside)})" if self.beside else self.fix


def findings(m: Machine) -> Iterator[Finding]:
    """Everything that there is to say, what is in order too."""
    yield Finding(OK, "Python {version}", {"version": m.python})
    yield from _home(m)
    yield from _engine(m)
    yield from _weights(m)
    yield from _raw(m)
    yield from _disk(m)
    yield from _links(m)
    yield from _gpu(m)
    yield from _language(m)
    if m.port_free:
        yield Finding(OK, "port 3000 is free: make ui")
    else:
        text = "port 3000 is in use; make ui takes {port} instead"
        yield Finding(NOTE, text, {"port": m.port_instead}, f"make ui PORT={m.port_instead}")


def _home(m: Machine) -> Iterator[Finding]:
    if not m.has_dagster_yaml:
        text = "{folder} has no dagster.yaml, so it is not the checkout"
        yield Finding(MISSING, text, {"folder": m.home}, ". ./env.sh", "in the checkout")
    elif not m.env_loaded:
        text = "env.sh is not loaded: hoban works, dagster and dg do not"
        yield Finding(NOTE, text, {}, f". {m.home}/env.sh")
    else:
        yield Finding(OK, "env.sh is loaded; Dagster's records lie in {folder}", {"folder": m.home})
    if m.is_wsl and m.home_kind in WINDOWS_DRIVES:
        text = "the checkout lies on a drive of Windows ({kind}), where every file takes long"
        yield Finding(NOTE, text, {"kind": m.home_kind}, f"cp -r {m.home} ~/hoban_assets")


def _engine(m: Machine) -> Iterator[Finding]:
    if m.engine != "fastdup":
        yield Finding(OK, "images are compared by {engine}", {"engine": m.engine})
    elif m.engine_found:
        yield Finding(OK, "fastdup: {python}", {"python": m.engine_python})
    else:
        text = "fastdup's environment is not there: {python}"
        values = {"python": m.engine_python}
        other = "or: export HOBAN_FEATURE_ENGINE=copies"
        yield Finding(MISSING, text, values, "make fastdup", other)


def _weights(m: Machine) -> Iterator[Finding]:
    if m.weights_problem is None:
        yield Finding(OK, "weights: {weights}", {"weights": m.weights})
    else:
        fix = f"cp /path/to/{m.weights} {m.data_root}/weights/"
        yield Finding(MISSING, "{problem}", {"problem": m.weights_problem.problem}, fix)


def _raw(m: Machine) -> Iterator[Finding]:
    if not m.raw_found:
        text = "there is no raw root {folder}"
        yield Finding(
            MISSING, text, {"folder": m.raw_root}, "export HOBAN_RAW_ROOT=/mnt/d/datasets"
        )
        return
    if m.is_sample:
        text = "raw root {folder}: the drawn sample; a small net is trained from scratch"
        yield Finding(OK, text, {"folder": m.raw_root})
        return
    values = {"folder": m.raw_root, "found": len(m.sources_found), "all": len(m.sources)}
    text = "raw root {folder}: {found} of {all} sources are there"
    if m.sources_found:
        yield Finding(OK, text, values)
    else:
        yield Finding(MISSING, text, values, "hoban status", "names the folders looked for")


def _disk(m: Machine) -> Iterator[Finding]:
    values = {"size": size_text(m.free_bytes), "folder": m.data_root}
    fix = "export HOBAN_DATA_ROOT=/a/larger/disk/hoban-data"
    if m.data_root_problem is not None:
        yield Finding(MISSING, "{problem}", {"problem": m.data_root_problem.problem}, fix)
    elif m.free_bytes < LEAST_FREE:
        yield Finding(NOTE, "only {size} are free for {folder}", values, fix)
    else:
        yield Finding(OK, "{size} are free for {folder}", values)


def _links(m: Machine) -> Iterator[Finding]:
    kinds = {"raw": m.raw_kind or "?", "data": m.data_kind or "?"}
    if m.no_link is None:
        yield Finding(OK, "file systems: raw {raw}, data {data}", kinds)
    elif not m.no_link:
        text = "file systems: raw {raw}, data {data}; a link was tried: datasets copy nothing"
        yield Finding(OK, text, kinds)
    elif m.links == "symbolic":
        text = "file systems: raw {raw}, data {data}; photographs become symbolic links"
        yield Finding(OK, text, kinds)
    else:
        text = "file systems: raw {raw}, data {data}; datasets copy their photographs: {why}"
        fix = f"export HOBAN_DATA_ROOT={m.raw_root.parent}/hoban-data"
        other = "or: export HOBAN_LINKS=symbolic"
        yield Finding(NOTE, text, {**kinds, "why": m.no_link}, fix, other)
    if m.data_kind in WINDOWS_DRIVES:
        text = "the data root is on {kind}: large and small letters are the same there"
        yield Finding(NOTE, text, {"kind": m.data_kind})


def _gpu(m: Machine) -> Iterator[Finding]:
    if m.gpu:
        yield Finding(OK, "GPU: {gpu}", {"gpu": m.gpu})
    elif m.device not in ("", "cpu"):
        text = "HOBAN_DEVICE={device}, and no GPU answers nvidia-smi"
        yield Finding(MISSING, text, {"device": m.device}, "unset HOBAN_DEVICE")
    else:
        yield Finding(NOTE, "no GPU: models train on the processor, which takes long")


def _language(m: Machine) -> Iterator[Finding]:
    other = "en" if m.language == "ko" else "ko"
    text = "language: {language} ({source}); the other one: export HOBAN_LANG={other}"
    source = m.language_from or "no locale names another"
    yield Finding(OK, text, {"language": m.language, "source": source, "other": other})
    if m.encoding.lower() != "utf-8":
        text = "file names are read as {encoding}: Korean names may be lost"
        yield Finding(MISSING, text, {"encoding": m.encoding}, "export PYTHONUTF8=1")
