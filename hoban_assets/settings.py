"""Where things lie and what was chosen, read from the environment in one place."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hoban_assets.errors import HobanError
from hoban_assets.windows import as_in_linux

CHECKOUT = Path(__file__).parents[1]
SAMPLE_MARK = "defects.json"
"""In the raw root of the drawn sample: what must become of each of its defects."""
SAMPLE = {
    "HOBAN_WEIGHTS": "yolo26n.yaml",
    "HOBAN_IMAGE_SIZE": "160",
    "HOBAN_EPOCHS_SUB": "24",
    "HOBAN_NOMINAL_BATCH": "16",
}
"""Defaults while the raw root is the drawn sample: a small net from scratch, small images, so that
a laptop without weights or GPU sees the whole road. A variable that is set goes before them."""
FEATURE_ENGINES = ("fastdup", "copies", "thumbnail")
LANGUAGES = ("ko", "en")
PARTITIONS = ("sub", "full")
SIMILAR = 0.9
"""Similarity from which two photographs count as copies, where no recipe says otherwise."""
REPORTS = "reports"
"""Folder below the data root."""


@dataclass(frozen=True)
class Settings:
    """Typed view of the ``HOBAN_*`` environment variables. Paths are absolute.

    Relative values are taken from the checkout (`home_of`), so that a daemon, or a command
    started elsewhere, means the same folders as the shell.
    """

    raw_root: Path
    """``HOBAN_RAW_ROOT``: raw sources. What lies there is never changed; `hoban add` puts
    new folders beside it, and nothing else writes there."""
    data_root: Path
    """``HOBAN_DATA_ROOT``: catalog, artifacts, models, reports, cache."""
    weights: str
    """``HOBAN_WEIGHTS``: a .pt file, or a .yaml to train from scratch."""
    fastdup_python: Path
    """``HOBAN_FASTDUP_PYTHON``: interpreter (or environment folder) that has fastdup."""
    feature_engine: str
    """``HOBAN_FEATURE_ENGINE``: 'fastdup', or 'copies' or 'thumbnail' where fastdup may not be
    used."""
    image_size: int
    """``HOBAN_IMAGE_SIZE``: training size in pixels (long side)."""
    epochs: Mapping[str, int]
    """``HOBAN_EPOCHS_SUB`` and ``HOBAN_EPOCHS_FULL``: epochs of each partition."""
    batch: int
    """``HOBAN_BATCH``: images a training step."""
    nominal_batch: int
    """``HOBAN_NOMINAL_BATCH``: images an optimizer step; 16 where there are a few hundred."""
    device: str
    """``HOBAN_DEVICE``: '' chooses the GPU where there is one, else 'cpu', '0', '0,1'."""
    trainer: Mapping[str, str]
    """``HOBAN_TRAINER_SUB`` (default 'local') and ``HOBAN_TRAINER_FULL`` (default 'auto'): where a
    model of a partition trains: 'local', 'ray', or 'auto' (Ray where there is an address)."""
    data_steps: Mapping[str, str]
    """``HOBAN_DATA_STEPS_SUB`` and ``HOBAN_DATA_STEPS_FULL``: 'local' (default), 'ray' or 'auto',
    for image facts and features."""
    ray_address: str
    """``RAY_ADDRESS``: of the cluster's dashboard, http://host:8265; '' where there is none."""
    ray_gpus: int
    """``HOBAN_RAY_GPUS``: GPUs that a training on Ray asks the cluster for."""
    ray_python: Path
    """``HOBAN_RAY_PYTHON``: interpreter on the cluster's nodes; default that of this process."""
    inbox: Path
    """``HOBAN_INBOX`` (default ``inbox`` below the data root): results of a server land here."""
    catalog_wait: int
    """``HOBAN_CATALOG_WAIT``: seconds to wait for another program that holds the catalog."""
    language: str
    """``HOBAN_LANG``: 'ko' or 'en', of all that is said; see `language_of`."""
    stall_seconds: int
    """``HOBAN_STALL_SECONDS``: silence after which a worker is reported as stalled."""
    workers: int
    """``HOBAN_WORKERS``: processes or threads for image work; 0 = one a core."""
    links: str = "hard"
    """``HOBAN_LINKS``: 'symbolic' where hard links are impossible (raw files on another drive) and
    nothing is to be copied."""
    author: str = ""
    """``HOBAN_AUTHOR`` (default the account's name): who corrects labels."""
    ui_hosts: tuple[str, ...] = ()
    """``HOBAN_UI_HOSTS``: names under which a proxy shows the UI, separated by commas."""
    reports_apart: Path | None = None
    """``HOBAN_REPORTS``: where reports go instead of ``reports`` below the data root, which may be
    read-only."""

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Read the settings.

        Raises:
            HobanError: a value is not of its kind; the message names the variable.
        """
        env = os.environ if env is None else env
        base = home_of(env)
        _refuse_windows_paths(env)
        data_root = _path(base, env.get("HOBAN_DATA_ROOT") or "data")
        raw_root = _path(base, env.get("HOBAN_RAW_ROOT") or "data/raw")
        if (raw_root / SAMPLE_MARK).is_file():
            env = {**SAMPLE, **{name: value for name, value in env.items() if value}}
        fastdup = _fastdup(base, env.get("HOBAN_FASTDUP_PYTHON"))
        return cls(
            raw_root=raw_root,
            data_root=data_root,
            weights=env.get("HOBAN_WEIGHTS") or "yolo26m.pt",
            fastdup_python=fastdup / "bin" / "python" if fastdup.is_dir() else fastdup,
            feature_engine=_choice(env, "HOBAN_FEATURE_ENGINE", FEATURE_ENGINES),
            image_size=_number(env, "HOBAN_IMAGE_SIZE", 640, least=32),
            epochs={
                "sub": _number(env, "HOBAN_EPOCHS_SUB", 30, least=1),
                "full": _number(env, "HOBAN_EPOCHS_FULL", 300, least=1),
            },
            batch=_number(env, "HOBAN_BATCH", 16, least=1),
            nominal_batch=_number(env, "HOBAN_NOMINAL_BATCH", 64, least=1),
            device=env.get("HOBAN_DEVICE", ""),
            trainer={
                "sub": _choice(env, "HOBAN_TRAINER_SUB", ("local", "ray", "auto")),
                "full": _choice(env, "HOBAN_TRAINER_FULL", ("auto", "local", "ray")),
            },
            data_steps={
                partition: _choice(
                    env, f"HOBAN_DATA_STEPS_{partition.upper()}", ("local", "ray", "auto")
                )
                for partition in PARTITIONS
            },
            ray_address=env.get("RAY_ADDRESS", ""),
            ray_gpus=_number(env, "HOBAN_RAY_GPUS", 1, least=0),
            ray_python=_path(base, env.get("HOBAN_RAY_PYTHON") or sys.executable),
            inbox=_path(base, env.get("HOBAN_INBOX") or str(data_root / "inbox")),
            catalog_wait=_number(env, "HOBAN_CATALOG_WAIT", 60, least=1),
            language=language_of(env),
            stall_seconds=_number(env, "HOBAN_STALL_SECONDS", 900, least=1),
            workers=_number(env, "HOBAN_WORKERS", 0, least=0) or os.cpu_count() or 1,
            links=_choice(env, "HOBAN_LINKS", ("hard", "symbolic")),
            author=env.get("HOBAN_AUTHOR") or _account(),
            ui_hosts=tuple(
                h.strip() for h in env.get("HOBAN_UI_HOSTS", "").split(",") if h.strip()
            ),
            reports_apart=_path(base, env["HOBAN_REPORTS"]) if env.get("HOBAN_REPORTS") else None,
        )

    @property
    def is_sample(self) -> bool:
        """Whether the raw root holds the drawn sample, which is too small for a team's limits."""
        return (self.raw_root / SAMPLE_MARK).is_file()

    def named(self, path: str | Path) -> Path:
        """What a path that a user types means, the same in every command.

        From the working directory; where nothing is there, below the data root, as tables print
        it, then below the raw root, as catalog and declarations do.
        """
        here = Path(path).expanduser().absolute()
        places = (here, self.data_root / path, self.raw_root / path)
        return next((place for place in places if place.exists()), here)

    @property
    def catalog_path(self) -> Path:
        """The DuckDB file."""
        return self.data_root / "catalog.duckdb"

    @property
    def artifacts(self) -> Path:
        """Published datasets: ``artifacts/<asset>/<partition>/<data version>``."""
        return self.data_root / "artifacts"

    @property
    def models(self) -> Path:
        """Training runs: ``models/<asset>/<partition>/<run key>``."""
        return self.data_root / "models"

    @property
    def corrections(self) -> Path:
        """What people corrected by hand: rows that cannot be made again."""
        return self.data_root / "corrections" / "log.jsonl"

    @property
    def proposals(self) -> Path:
        """Boxes that models propose on photographs without labels, and how long videos run."""
        return self.data_root / "proposals"

    @property
    def reports(self) -> Path:
        """Documents, pages and galleries; all of it can be made again."""
        return self.reports_apart or self.data_root / REPORTS

    @property
    def logs(self) -> Path:
        """What Dagster and its workers wrote during a build: ``build-<date>-<time>.log``."""
        return self.data_root / "logs"

    @property
    def cache(self) -> Path:
        """What can be computed again: image facts, features."""
        return self.data_root / "cache"


def home_of(env: Mapping[str, str]) -> Path:
    """Folder that relative settings start from: ``DAGSTER_HOME``, else the checkout of this code.

    The working directory counts only where the package was installed without a checkout.
    """
    if named := env.get("DAGSTER_HOME"):
        return Path(named)
    return CHECKOUT if (CHECKOUT / "dagster.yaml").is_file() else Path.cwd()


def language_of(env: Mapping[str, str]) -> str:
    """'ko' or 'en': ``HOBAN_LANG``, else what the reader's locale names, else Korean.

    A locale without a language (C, POSIX, C.UTF-8, none: a fresh WSL) says nothing of its reader.

    Raises:
        HobanError: ``HOBAN_LANG`` is neither.
    """
    if env.get("HOBAN_LANG"):
        return _choice(env, "HOBAN_LANG", LANGUAGES)
    locale = next((env[n] for n in ("LC_ALL", "LC_MESSAGES", "LANG") if env.get(n)), "")
    language = locale.partition(".")[0].partition("_")[0].lower()
    return "ko" if language in {"", "c", "posix", "ko"} else "en"


def _refuse_windows_paths(env: Mapping[str, str]) -> None:
    for name in (
        "HOBAN_RAW_ROOT",
        "HOBAN_DATA_ROOT",
        "HOBAN_WEIGHTS",
        "HOBAN_INBOX",
        "HOBAN_REPORTS",
    ):
        if linux := as_in_linux(env.get(name, "")):
            raise HobanError(
                f"{name}={env[name]!r} is a path of Windows", f"export {name}='{linux}'"
            )


def _fastdup(base: Path, named: str | None) -> Path:
    """Environment (or interpreter) of fastdup: as named, else the first that is there.

    Looked for in the folder of the settings, in the checkout that this code lies in, and beside
    it, as a command may be started from anywhere.
    """
    if named:
        return _path(base, named)
    checkout = Path(__file__).parents[1]
    places = [folder / ".venv-fastdup" for folder in (base, checkout, checkout.parent)]
    return next((place for place in places if place.is_dir()), places[0]).absolute()


def _path(base: Path, value: str) -> Path:
    # absolute() and not resolve(): resolving .venv-fastdup/bin/python would leave the environment.
    return (base / Path(value).expanduser()).absolute()


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in a container
        return f"uid {os.getuid()}"


def _choice(env: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = env.get(name) or choices[0]
    if value not in choices:
        raise HobanError(f"{name}={value!r} is not known", f"set it to one of {', '.join(choices)}")
    return value


def _number(env: Mapping[str, str], name: str, default: int, *, least: int) -> int:
    text = env.get(name) or str(default)
    if not text.isdigit() or int(text) < least:
        raise HobanError(f"{name}={text!r} is no whole number", f"set it to {least} or more")
    return int(text)
