"""`hoban verify`: what is damaged below the data root is named, with what to do."""

import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from builders import samples_of

from hoban_assets.catalog.store import Build, Catalog, Run
from hoban_assets.settings import Settings
from hoban_assets.upkeep.damages import damages
from hoban_assets.workers.yolo_support import sha256_of


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings.from_env({"HOBAN_DATA_ROOT": str(tmp_path), "DAGSTER_HOME": str(tmp_path)})


def found(settings: Settings) -> dict[str, str]:
    def say(text, **values):
        return text.format(**values)

    return {d.path.name: d.way_out for d in damages(settings, say, lambda line: None)}


def record(settings: Settings, asset: str, folder: Path) -> None:
    catalog = Catalog(settings.catalog_path, deadline=5)
    samples = samples_of({"coco/1.jpg": [("person", 0.1)]}, split=["train"])
    catalog.record(asset, "sub", Build(asset, samples=samples, path=str(folder)), Run("run", "1"))


def test_nothing_is_damaged_where_nothing_was_built(settings):
    assert found(settings) == {}


def test_a_dataset_that_is_gone_and_weights_that_changed_say_what_makes_them_again(settings):
    run = settings.models / "model_v9" / "sub" / "key"
    run.mkdir(parents=True)
    (run / "best.pt").write_bytes(b"trained")
    kept = {"files": {"best.pt": sha256_of(run / "best.pt")}}
    (run / "finished.json").write_text(json.dumps(kept))
    record(settings, "model_v9", run)
    assert found(settings) == {}
    (run / "best.pt").write_bytes(b"trainee")
    record(settings, "dataset_v9", settings.artifacts / "gone")
    again = "it is made again by: hoban build {} --partition sub"
    assert found(settings) == {
        "key": again.format("model_v9"),
        "gone": again.format("dataset_v9"),
    }


def test_a_damaged_catalog_is_one_of_the_damages(settings):
    settings.catalog_path.write_bytes(b"no catalog" * 1000)
    assert settings.catalog_path.name in found(settings)


def test_whole_caches_of_whatever_arrays_are_no_damage(settings):
    settings.cache.mkdir()
    for name in ("matrix", "stats", "x_center"):
        np.savez(settings.cache / f"{name}.npz", **{name: np.arange(9)}, ids=np.array(["a"]))
    assert found(settings) == {}
    file = settings.cache / "stats.npz"
    data = file.read_bytes()
    file.write_bytes(data.replace(np.arange(9).tobytes(), bytes(72)))
    assert set(found(settings)) == {"stats.npz"}


def test_caches_and_bundles_are_read(settings):
    (settings.cache / "facts").mkdir(parents=True)
    for name in ("a.parquet", "b.json", "c.npz"):
        (settings.cache / "facts" / name).write_bytes(b"PK\x03\x04 half")
    bundles = settings.data_root / "bundles"
    bundles.mkdir()
    (bundles / "x").write_text("content")
    files = {"x": {"sha256": sha256_of(bundles / "x")}}
    (bundles / "b.json").write_text(json.dumps({"files": files}))
    with tarfile.open(bundles / "b.tar", "w") as tar:
        tar.add(bundles / "x", "b/x")
    assert set(found(settings)) == {"a.parquet", "b.json", "c.npz"}
    data = (bundles / "b.tar").read_bytes()
    (bundles / "b.tar").write_bytes(data.replace(b"content", b"kontent"))
    assert "b.tar" in found(settings)
