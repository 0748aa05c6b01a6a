"""Two people on one installation: SQLite, as everybody starts (PostgreSQL: make test-postgres)."""

import os
import shutil
import subprocess
import sys

import dagster as dg
from road import REPOSITORY, Road

BUILD = """
import sys
import dagster as dg
from hoban_assets.definitions import defs

graph = defs()
with dg.DagsterInstance.get() as instance:
    done = dg.materialize(
        [a for a in graph.assets if isinstance(a, dg.AssetsDefinition)],
        selection=["background"],
        partition_key=sys.argv[1],
        resources=graph.resources,
        instance=instance,
    )
sys.exit(not done.success)
"""
"""What a run does, without the processes of its own that the executor starts for each step."""


def test_two_people_build_different_partitions_at_once_and_the_catalog_holds_both(sample, tmp_path):
    home, road = tmp_path / "home", Road(sample, tmp_path / "data")
    home.mkdir()
    shutil.copy(REPOSITORY / "dagster.yaml", home)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        instance.get_runs(limit=1)  # make instance
    people = [
        subprocess.Popen(
            [sys.executable, "-c", BUILD, partition],
            env={**os.environ, **road.env(), "DAGSTER_HOME": str(home)},
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for partition in ("sub", "full")
    ]
    for person in people:
        said, _ = person.communicate(timeout=300)
        assert person.returncode == 0, said[-3000:]
    built = {p: road.catalog.load("background", p).images.image_id for p in ("sub", "full")}
    assert len(built["sub"]) > 0
    assert set(built["sub"]) <= set(built["full"])
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert [run.status.value for run in instance.get_runs()] == ["SUCCESS"] * 2
