"""The asset graph as a reviewed file: a changed line of it is a changed contract.

After a change that is meant:  python hoban_assets_tests/graph_snapshot.py
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg
import yaml

from hoban_assets import code_version

FILE = Path(__file__).with_suffix(".yaml")


def described(definitions: dg.Definitions) -> dict[str, Any]:
    """Assets, their checks (name! blocks) and what they are made from; schedules, sensors, code."""
    graph = definitions.resolve_asset_graph()
    assets = {}
    for key in sorted(graph.get_all_asset_keys()):
        node = graph.get(key)
        checks = [graph.get_check_spec(k) for k in graph.get_check_keys_for_assets({key})]
        said = {
            "group": node.group_name,
            "from": sorted(parent.to_user_string() for parent in node.parent_keys),
            "checks": sorted(f"{c.name}{'!' if c.blocking else ''}" for c in checks),
        }
        assets[key.to_user_string()] = {name: value for name, value in said.items() if value}
    return {
        "assets": assets,
        "schedules": {
            s.name: {"cron": s.cron_schedule, "job": s.job_name}
            for s in definitions.schedules or []
        },
        "sensors": sorted(sensor.name for sensor in definitions.sensors or []),
        "code": {
            name.partition("_")[0].lower(): list(getattr(code_version, name))
            for name in ("STAGE_PARTS", "DATASET_PARTS", "MODEL_PARTS")
        },
    }


def main() -> None:
    """Write the graph of now, without raw data or a data root of this machine."""
    from road import Road

    with TemporaryDirectory() as folder:
        road = Road(Path(folder) / "raw", Path(folder) / "data")
        with road.environment():
            from hoban_assets.definitions import defs

            graph = described(defs())
    text = yaml.safe_dump(graph, sort_keys=False, width=100, default_flow_style=None)
    FILE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
