"""Image facts and features computed on a Ray cluster are those computed here."""

import os
from dataclasses import replace
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from ray_tools import run_step

from hoban_assets.components.extractor import Extractor
from hoban_assets.formats.image_facts import read_facts
from hoban_assets.samples import Samples
from hoban_assets.settings import Settings


@pytest.fixture
def raw(tmp_path):
    """Three photographs, one of them broken."""
    folder = tmp_path / "raw" / "source"
    folder.mkdir(parents=True)
    for index in range(2):
        coarse = np.random.default_rng(index).integers(0, 255, (6, 8, 3), np.uint8)
        Image.fromarray(coarse).resize((320, 240), Image.Resampling.BICUBIC).save(
            folder / f"{index} 사진.jpg"
        )
    (folder / "broken.jpg").write_bytes(b"\xff\xd8nothing")
    return folder.parent


def settings_of(raw: Path, where: str, cluster: str) -> Settings:
    home = os.environ.get("DAGSTER_HOME", Path(__file__).parents[2])
    return Settings.from_env(
        {
            "DAGSTER_HOME": str(home),
            "HOBAN_RAW_ROOT": str(raw),
            "HOBAN_DATA_ROOT": str(raw.parent / where),
            "HOBAN_DATA_STEPS_FULL": where,
            "HOBAN_FASTDUP_PYTHON": os.environ.get("HOBAN_FASTDUP_PYTHON", ""),
            "RAY_ADDRESS": cluster,
        }
    )


def facts(settings: Settings, files: list[str], progress=None) -> pd.DataFrame:
    return read_facts(files, settings.raw_root, settings.cache / "image_facts.parquet", 1, progress)


def test_facts(cluster, raw):
    files = sorted(str(file.relative_to(raw)) for file in raw.rglob("*.jpg"))
    there, here = (settings_of(raw, where, cluster) for where in ("ray", "local"))
    with dg.DagsterInstance.ephemeral() as instance:
        _, logged = run_step(lambda c: Extractor(there, c).read_facts(files), instance, "full")
        assert any("image facts of 3 files" in record.user_message for record in logged)
        read_here = []
        found = facts(there, files, lambda done, of: read_here.append(done))
        assert read_here == []  # all of it was in the cache
        pd.testing.assert_frame_equal(found, facts(here, files))

        ended, logged = run_step(lambda c: Extractor(there, c).read_facts(files), instance, "full")
        assert ended.success
        assert not logged  # nothing to do: no job


def test_features(cluster, raw):
    if not settings_of(raw, "ray", cluster).fastdup_python.exists():
        pytest.skip("fastdup's environment is not made")
    files = sorted(str(file.relative_to(raw)) for file in raw.rglob("*사진.jpg"))
    images = pd.DataFrame({"file": files, "content_hash": ["a" * 32, "b" * 32]})
    samples = replace(Samples.empty(), images=images)
    found = {}

    def compute(where):
        def body(context):
            found[where] = Extractor(settings_of(raw, where, cluster), context)(samples)

        return body

    with dg.DagsterInstance.ephemeral() as instance:
        for where in ("ray", "local"):
            ended, logged = run_step(compute(where), instance, "full")
            assert ended.success
            on_ray = [r for r in logged if "Starting Ray job fastdup_features-" in r.user_message]
            assert bool(on_ray) == (where == "ray")
    np.testing.assert_array_equal(found["ray"], found["local"])
