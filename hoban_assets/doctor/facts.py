"""What `hoban doctor` looks at. Nothing is changed but a link that is tried and removed again."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hoban_assets.errors import HobanError
from hoban_assets.file_systems import cannot_link, existing, kind_of, refuse_no_data_root
from hoban_assets.freshness.declared import declared
from hoban_assets.reporting.copies import photographs
from hoban_assets.settings import Settings, home_of, language_of
from hoban_assets.weights import resolve_weights

PORT = 3000
"""Where `make ui` serves."""
_GPU_SECONDS = 10


@dataclass(frozen=True)
class Machine:
    """What was found; '' where something is not there."""

    python: str
    home: Path
    has_dagster_yaml: bool
    env_loaded: bool
    """Whether env.sh was loaded in this shell."""
    engine: str
    engine_python: Path
    engine_found: bool
    weights: str
    weights_problem: HobanError | None
    raw_root: Path
    raw_found: bool
    is_sample: bool
    sources: tuple[str, ...]
    sources_found: tuple[str, ...]
    data_root: Path
    data_root_problem: HobanError | None
    free_bytes: int
    raw_kind: str
    """Kind of file system."""
    data_kind: str
    no_link: str | None
    """Why a photograph cannot be linked ('' if it can); None: there is none to try it with."""
    links: str
    home_kind: str
    is_wsl: bool
    gpu: str
    device: str
    language: str
    language_from: str
    """What named it: a variable with its value, or ''."""
    encoding: str
    port_free: bool
    port_instead: int


def look(settings: Settings, env: Mapping[str, str]) -> Machine:
    """Look at this machine, within a few seconds."""
    home = home_of(env)
    sources = {s.name: s for d in declared(settings.cache) for s in d.sources if not s.optional}
    found = [n for n, s in sources.items() if (settings.raw_root / s.folder).is_dir()]
    photograph = next(
        (f for n in found for f in photographs(settings.raw_root / sources[n].folder)), None
    )
    problem = _problem(_refuse_no_place_to_write, settings.data_root)
    return Machine(
        python=platform.python_version(),
        home=home,
        has_dagster_yaml=(home / "dagster.yaml").is_file(),
        env_loaded="DAGSTER_MODULE_NAME" in env,
        engine=settings.feature_engine,
        engine_python=settings.fastdup_python,
        engine_found=os.access(settings.fastdup_python, os.X_OK),
        weights=settings.weights,
        weights_problem=_problem(resolve_weights, settings.weights, settings.data_root),
        raw_root=settings.raw_root,
        raw_found=settings.raw_root.is_dir(),
        is_sample=settings.is_sample,
        sources=tuple(sources),
        sources_found=tuple(found),
        data_root=settings.data_root,
        data_root_problem=problem,
        free_bytes=shutil.disk_usage(existing(settings.data_root)).free,
        raw_kind=kind_of(existing(settings.raw_root)),
        data_kind=kind_of(existing(settings.data_root)),
        no_link=None if problem else _tried(photograph, settings.data_root),
        links=settings.links,
        home_kind=kind_of(home),
        is_wsl="microsoft" in platform.release().lower(),
        gpu=gpu(),
        device=settings.device,
        language=language_of(env),
        language_from=next(
            (
                f"{n}={env[n]}"
                for n in ("HOBAN_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
                if env.get(n)
            ),
            "",
        ),
        encoding=sys.getfilesystemencoding(),
        port_free=is_free(PORT),
        port_instead=free_port(PORT),
    )


def _problem(look: Callable[..., object], *arguments: object) -> HobanError | None:
    """What `look` raises, where it is an error that its reader can fix."""
    try:
        look(*arguments)
    except HobanError as error:
        return error
    return None


def _refuse_no_place_to_write(data_root: Path) -> None:
    refuse_no_data_root(data_root)
    try:
        with tempfile.TemporaryDirectory(prefix=".trial-", dir=existing(data_root)):
            pass
    except OSError as error:
        raise HobanError(
            f"nothing can be written to data root {data_root}: {error.strerror}",
            "set HOBAN_DATA_ROOT to a folder in which this account may write",
        ) from error


def _tried(photograph: Path | None, data_root: Path) -> str | None:
    if photograph is None:
        return None
    try:
        return cannot_link(photograph, data_root)
    except OSError as error:
        return f"{error.filename}: {error.strerror}"


def gpu() -> str:
    """Name and memory of the first GPU, as its driver says; '' where there is none."""
    found = shutil.which("nvidia-smi") or shutil.which("nvidia-smi", path="/usr/lib/wsl/lib")
    if found is None:
        return ""
    question = [found, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        done = subprocess.run(
            question, capture_output=True, encoding="utf-8", timeout=_GPU_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return (done.stdout.strip().splitlines() or [""])[0]


def is_free(port: int) -> bool:
    """Whether nothing listens on a port of this machine."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(first: int) -> int:
    """The first free port from `first` on.

    Raises:
        HobanError: none of the next 50 is.
    """
    for port in range(first, first + 50):
        if is_free(port):
            return port
    raise HobanError(f"no port from {first} to {port} is free", "end what uses them: ss -ltnp")
