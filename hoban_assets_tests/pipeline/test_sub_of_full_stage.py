"""`sub` of a stage, taken from `full`: a part of it, and every image that is missing is told."""

import pytest
from builders import samples_of
from drawn_pool import Scenes, drawn_pool, pool

from hoban_assets.catalog.store import Build, Catalog, Run
from hoban_assets.components.stage_assets import CODE_VERSION, full_stage
from hoban_assets.ingredients import key_of
from hoban_assets.ledger import Ledger
from hoban_assets.pipeline.stage import stage_ingredients
from hoban_assets.pipeline.stage_build import build_stage


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return drawn_pool(tmp_path_factory.mktemp("falls"))


def built(stage, settings, partition, full=None):
    ledger = Ledger(lambda line: None)
    made = build_stage(stage, partition, settings, Scenes(), ledger, full=full)
    assert ledger.unbalanced() == []
    return made


@pytest.mark.parametrize("more", [{"dedupe": 0.9}, {"dedupe": 0.9, "duplicates": "event"}, {}])
def test_sub_is_the_part_of_full_that_it_reads_and_all_else_is_decided(settings, more):
    stage = pool(**more)
    full = built(stage, settings, "full").samples
    alone = built(stage, settings, "sub")
    part = built(stage, settings, "sub", full)
    ids = set(part.samples.images.image_id)
    assert 0 < len(ids) < len(full.images)
    by_itself = set(alone.samples.images.image_id) - set(full.images.image_id)
    assert (len(by_itself) > 0) == (stage.dedupe is not None)  # what this is for
    assert part.samples.images.equals(
        full.images[full.images.image_id.isin(ids)].reset_index(drop=True)
    )
    mine = full.boxes[full.boxes.image_id.isin(ids)].reset_index(drop=True)
    assert part.samples.boxes.equals(mine)
    seen = set(alone.samples.images.image_id) | set(
        alone.samples.decisions.image_id[alone.samples.decisions.images_removed > 0]
    )
    gone = part.samples.decisions[part.samples.decisions.images_removed > 0]
    assert seen == ids | set(gone.image_id)
    assert gone.image_id.is_unique
    assert not part.samples.decisions.duplicated().any()
    assert part.unread == alone.unread
    assert (part.certificate is None) == (stage.dedupe is None)
    assert part.certificate is None or (
        part.certificate.holds and part.certificate.images == len(ids)
    )


def test_full_counts_if_files_engine_and_declaration_are_those_of_now(tmp_path):
    stage, catalog = pool(dedupe=0.9), Catalog(tmp_path / "catalog.duckdb", deadline=5)
    assert full_stage(stage, "sub", catalog, "scenes", {"raw/hall": "1"}) is None
    whole = samples_of({"hall/1.png": [("fallen", 0.1)]})
    made = stage_ingredients(stage, "full", "scenes", CODE_VERSION, {"raw/hall": "1"})
    catalog.record(
        "pool",
        "full",
        Build(key_of(made), samples=whole, ingredients=made),
        Run(None, CODE_VERSION),
    )
    found = full_stage(stage, "sub", catalog, "scenes", {"raw/hall": "1"})
    assert found is not None and found.data_version == whole.data_version()
    assert full_stage(stage, "full", catalog, "scenes", {"raw/hall": "1"}) is None
    assert full_stage(stage, "sub", catalog, "other", {"raw/hall": "1"}) is None
    assert full_stage(stage, "sub", catalog, "scenes", {"raw/hall": "2"}) is None
    assert full_stage(pool(dedupe=0.8), "sub", catalog, "scenes", {"raw/hall": "1"}) is None


def test_the_key_of_a_sub_holds_the_version_of_full():
    keys = {
        key_of(stage_ingredients(pool(), "sub", "scenes", "code", {"raw/hall": "1"}, full))
        for full in (None, "a", "b")
    }
    assert len(keys) == 3
