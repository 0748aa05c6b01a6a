"""Run in a copy of the project with one more class: builds it, asks everything that tells of it.

Prints JSON. Arguments: assets to build.
"""

import contextlib
import io
import json
import sys
from pathlib import Path

import dagster as dg
from typer.testing import CliRunner

from hoban_assets.catalog.answers import asking
from hoban_assets.classes import CLASS_NAMES
from hoban_assets.cli import app
from hoban_assets.definitions import defs
from hoban_assets.language import speaker
from hoban_assets.settings import Settings
from hoban_assets.viewer.server import Viewer
from hoban_assets.viewer.store import Filter, Store

definitions = defs()
with contextlib.redirect_stdout(io.StringIO()):
    result = dg.materialize(
        [a for a in definitions.assets or [] if isinstance(a, dg.AssetsDefinition)],
        selection=sys.argv[1:],
        partition_key="sub",
        resources=dict(definitions.resources or {}),
        instance=dg.DagsterInstance.ephemeral(),
        raise_on_error=False,
    )


def hoban(*words):
    done = CliRunner().invoke(app, words, env={"HOBAN_LANG": "en", "COLUMNS": "200"})
    return done.stdout + (repr(done.exception) if done.exit_code else "")


settings = Settings.from_env()
store = Store(settings.catalog_path, "dataset_v13", "sub")
with asking(settings.catalog_path, 10) as ask:
    (row,) = ask("SELECT path FROM materializations WHERE asset = 'dataset_v13'")
    boxes = ask(
        "SELECT class_id, class_name, count(*) AS boxes FROM boxes "
        "WHERE asset = 'dataset_v13' GROUP BY ALL ORDER BY class_id"
    )
viewer = Viewer(store, settings, "kim", speaker("ko"), {})
facts = {
    "built": result.success,
    "why": [
        e.step_failure_data.error_display_string for e in result.all_events if e.is_step_failure
    ],
    "checks": {
        e.check_name: e.passed
        for e in result.get_asset_check_evaluations()
        if e.asset_key.to_user_string() == "dataset_v13"
    },
    "names": CLASS_NAMES,
    "boxes": boxes,
    "data_yaml": (Path(row["path"]) / "data.yaml").read_text(encoding="utf-8"),
    "facets": store.facets()["class_name"],
    "seen": store.pictures(Filter(class_name="safety_vest"))["total"],
    "summary": hoban("summary", "v13"),
    "sizes": hoban("sizes", "dataset_v13", "--class", "safety_vest"),
    "quality": hoban("quality", "vests"),
    "gallery": hoban("gallery", "v13", "--class", "safety_vest", "--count", "3"),
    "why_image": hoban("why", "vests/train/images/p000.jpg"),
    "korean": speaker("ko")("safety_vest"),
}
print(json.dumps(facts, default=str))
