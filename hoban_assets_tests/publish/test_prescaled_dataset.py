"""A recipe with `prescale`: same rows, another data version, another folder."""

from pathlib import Path

import cv2
import dagster as dg
import numpy as np
import pandas as pd
import pytest
from builders import samples_of
from pydantic import ValidationError
from road import Road, metadata_of

from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.store import Build
from hoban_assets.formats.image_facts import apply_facts, read_facts
from hoban_assets.language import speaker
from hoban_assets.pipeline.recipe import Recipe
from hoban_assets.reporting.diff.difference import difference
from hoban_assets.reporting.diff.document import summary_text
from hoban_assets.reporting.diff.sides import with_previous
from hoban_assets.reporting.status.recipe_words import recipe_sentences

RECIPE = {
    "version": "v9t",
    "description": "for a test",
    "stages": ["coco_person"],
    "quota": {"sub": 30, "full": 30},
    "val_share": 0.3,
}


def recipe_of(**more) -> Recipe:
    return Recipe.model_validate({**RECIPE, **more})


@pytest.fixture(scope="module")
def road(tmp_path_factory) -> Road:
    """A project with one stage of 12 photographs; one of them is small."""
    folder = tmp_path_factory.mktemp("project")
    boxes = {f"coco/{n}.jpg": [("person", 0.2)] for n in range(12)}
    (folder / "raw/coco").mkdir(parents=True)
    rng = np.random.default_rng(1)
    for name in boxes:
        size = (60, 40) if name == "coco/0.jpg" else (240, 160)
        noise = rng.integers(0, 255, (6, 8, 3), np.uint8)
        cv2.imwrite(str(folder / "raw" / name), cv2.resize(noise, size))
    facts = read_facts(list(boxes), folder / "raw", folder / "facts.parquet", 1)
    road = Road(folder / "raw", folder / "data")
    stage = apply_facts(samples_of(boxes, width=[0] * 12, height=[0] * 12), facts)
    road.catalog.record("coco_person", "sub", Build("key", samples=stage))
    return road


def build(road: Road, recipe: Recipe) -> dg.ExecuteInProcessResult:
    with road.environment():
        from hoban_assets.catalog.io_manager import SamplesIOManager
        from hoban_assets.components.common import PARTITIONS_DEF
        from hoban_assets.components.platform import Platform
        from hoban_assets.components.version_assets import dataset_asset

        stage = dg.AssetSpec("coco_person", partitions_def=PARTITIONS_DEF)
        samples = SamplesIOManager(road.catalog)
        return dg.materialize(
            [stage.with_io_manager_key("samples"), dataset_asset(recipe, Path("defs.yaml"))],
            partition_key="sub",
            resources={"platform": Platform(), "samples": samples},
            instance=dg.DagsterInstance.ephemeral(),
        )


def test_rows_stay_and_version_and_folder_differ(road):
    build(road, recipe_of())
    plain, rows = (
        road.catalog.current("dataset_v9t", "sub"),
        road.catalog.load("dataset_v9t", "sub"),
    )
    result = build(road, recipe_of(prescale=64))
    scaled = road.catalog.current("dataset_v9t", "sub")
    assert road.catalog.load("dataset_v9t", "sub").data_version() == rows.data_version()
    assert scaled.data_version != plain.data_version
    assert scaled.path != plain.path
    assert Path(scaled.path).name == scaled.data_version[:16]
    assert Path(plain.path).is_dir(), "the earlier dataset is gone"
    metadata = metadata_of(result, "dataset_v9t")
    assert metadata["prescale"].value == 64
    assert metadata["image_MB"].value < metadata["raw_MB"].value
    assert "11 scaled to 64 pixels" in metadata["placed_as"].value
    manifest = pd.read_parquet(Path(scaled.path) / "manifest.parquet")
    assert manifest.scaled_bytes.isna().sum() == 1
    with asking(road.catalog.path) as ask:
        found = difference(ask, *with_previous(ask, "dataset_v9t", "sub"))
    assert not found.is_same
    assert "another size when published: - → 64 pixels" in summary_text(found, speaker("en"))
    assert found.as_json()["new"]["prescale"] == 64
    again = metadata_of(build(road, recipe_of(prescale=64)), "dataset_v9t")
    assert "nothing was read" in again["unchanged"].value
    assert again["prescale"].value == 64


def test_only_the_partition_that_asks_for_it_is_scaled():
    recipe = recipe_of(prescale={"sub": 0, "full": 640})
    assert (recipe.prescale_of("sub"), recipe.prescale_of("full")) == (None, 640)
    assert recipe_of(prescale=640).prescale_of("sub") == 640
    assert recipe_of().prescale_of("full") is None


@pytest.mark.parametrize("size", [600, -32, {"sub": 0, "full": 630}])
def test_a_size_that_ultralytics_would_round_is_refused(size):
    with pytest.raises(ValidationError, match="multiples of 32"):
        recipe_of(prescale=size)


def test_a_recipe_tells_it_in_words():
    recipe = recipe_of(prescale={"sub": 0, "full": 640}).as_recipe()
    sub, full = (recipe_sentences(recipe, p, speaker("en")) for p in ("sub", "full"))
    assert not any("scaled to" in sentence for sentence in sub)
    assert any("scaled to 640 pixels on the long side" in sentence for sentence in full)
