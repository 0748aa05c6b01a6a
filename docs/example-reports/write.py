"""Writes all example reports anew, in both languages: ``make example-reports``.

From what HOBAN_RAW_ROOT and HOBAN_DATA_ROOT hold: v7, v8 and v9 with models, partition sub. What
cannot be written is said and left as it is. Folders of this machine become /srv/hoban.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from hoban_assets.errors import HobanError
from hoban_assets.reporting.comparison.writing import write_comparison
from hoban_assets.reporting.journal.writing import write_journal
from hoban_assets.reporting.quality.writing import write_quality
from hoban_assets.reporting.report import Report
from hoban_assets.reporting.results.document import write_results
from hoban_assets.reporting.status.document import write_status
from hoban_assets.settings import LANGUAGES, Settings

HERE = Path(__file__).parent
REPORTS: Mapping[str, Callable[[Settings, str, Callable[[str], None]], Report]] = {
    "DATASET_STATUS.md": write_status,
    "DATA_QUALITY_ISSUES.md": write_quality,
    "results_v9.md": partial(write_results, model="model_v9"),
    "model_comparison.md": partial(write_comparison, models=("model_v7", "model_v9")),
    "JOURNAL.md": write_journal,
}
"""File -> what its asset calls."""
COMMANDS: Mapping[str, Sequence[str]] = {
    "diff-v7-v9.md": ["diff", "dataset_v7", "dataset_v9", "--markdown"],
    "inspect.txt": ["inspect", "fall detection ip camera.v3i.yolo26"],
    "sizes.txt": ["sizes", "helmet_60k", "--class", "08"],
}
"""File -> the command of `hoban` that prints it."""


def main() -> None:
    """Write them; exit status 1 where one could not be written."""
    own, failed = Settings.from_env(), False
    if not own.catalog_path.exists():
        sys.exit(
            f"nothing was built yet: {own.catalog_path} is not there\n"
            "  -> hoban build v7 --model && hoban build v9 --model, then the same command again"
        )
    for language in LANGUAGES:
        for name in (*REPORTS, *COMMANDS):
            try:
                text = text_of(name, replace(own, language=language))
            except (HobanError, subprocess.CalledProcessError) as error:
                failed = True
                print(f"{language}/{name}: not written: {error}", file=sys.stderr)
                continue
            (HERE / language / name).write_text(of_no_machine(text, own), encoding="utf-8")
    sys.exit(failed)


def text_of(name: str, settings: Settings) -> str:
    """What a report says in the language of the settings.

    Raises:
        HobanError: what it tells of was not built.
        subprocess.CalledProcessError: the same, of a command.
    """
    if name in REPORTS:
        files = REPORTS[name](settings, "sub", lambda line: None).files
        (document,) = [file for file in files if file.suffix == ".md"][:1]
        return document.read_text(encoding="utf-8")
    command = [str(Path(sys.executable).parent / "hoban"), *COMMANDS[name]]
    env = {**os.environ, "HOBAN_LANG": settings.language}
    done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    return done.stdout


def of_no_machine(text: str, settings: Settings) -> str:
    """The text without the folders of this machine."""
    places = sorted((str(settings.data_root), str(settings.raw_root)), key=len, reverse=True)
    for place in places:
        text = text.replace(place, f"/srv/hoban/{Path(place).name}")
    return text


if __name__ == "__main__":
    main()
