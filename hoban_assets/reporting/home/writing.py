"""Writes the first page, ``reports/index.html``: after every build and report, and for the UI."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.asked import Ask
from hoban_assets.files import save
from hoban_assets.freshness.declared import DATASET
from hoban_assets.language import Say, speaker
from hoban_assets.reporting.blocks import Picture
from hoban_assets.reporting.home.document import Home, Link, document
from hoban_assets.reporting.page import page
from hoban_assets.reporting.status.figures import Status, status_of
from hoban_assets.reporting.summary import survival_lines
from hoban_assets.settings import Settings

NAME = "index.html"
_URI = re.compile(r"!\[([^\]]*)\]\((data:image/[^)]+)\)")
_VERSION = """
    SELECT data_version FROM materializations WHERE is_current AND asset = ? AND partition = ?
"""
_MAP50 = """
    SELECT asset, partition, "mAP50" AS value FROM model_figures
    WHERE source = 'all' AND class_name = 'all' AND value IS NOT NULL
"""


def write_home(settings: Settings) -> Path:
    """Write it, and return where it lies.

    Raises:
        HobanError: the catalog cannot be read.
    """
    say = speaker(settings.language)
    status = status_of(settings, composition=False)
    home = Home({}, {}, reports=list(_reports(settings.reports)))
    if settings.catalog_path.exists():
        with asking(settings.catalog_path, settings.catalog_wait) as ask:
            home = _asked(ask, status, settings, home, say)
    blocks = list(document(status, home, say))
    return save(settings.reports / NAME, page(blocks, settings.language))


def _asked(ask: Ask, status: Status, settings: Settings, home: Home, say: Say) -> Home:
    datasets = [a for a in status.built if a.kind == DATASET]
    newest = max(datasets, key=lambda a: str(a.built_at), default=None)
    if newest is None:
        return home
    lines = survival_lines(ask, newest.asset, newest.partition, say)
    row = ask(_VERSION, [newest.asset, newest.partition])[0]
    return Home(
        map50={(r["asset"], r["partition"]): r["value"] for r in ask(_MAP50)},
        survivals={newest.name: lines} if lines else {},
        pictures=list(_pictures(settings, row["data_version"] or "", say)),
        reports=home.reports,
    )


def _pictures(settings: Settings, version: str, say: Say) -> Iterator[Picture]:
    """One contact sheet of each class, as the dataset's materialisation shows them."""
    file = settings.cache / "pictures" / f"{version}-{settings.language}.json"
    if file.is_file():
        for name, text in json.loads(file.read_text(encoding="utf-8")).items():
            if found := _URI.search(text):
                yield Picture(found[2], say(name))


def _reports(folder: Path) -> Iterator[Link]:
    """Pages that lie there: the overview of a gallery stands for its folders."""
    if not folder.is_dir():
        return
    found = [f for f in folder.glob("*.html") if f.name != NAME]
    found += [*folder.glob("*/*/index.html"), *folder.glob("gallery/*/*/index.html")]
    found += [f for f in folder.glob("*/*.html") if f not in found]
    for file in sorted(set(found)):
        below = file.relative_to(folder)
        name = below.parent if file.name == NAME else below.with_suffix("")
        yield str(name).replace("_", " "), below.as_posix(), ""
