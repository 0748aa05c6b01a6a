"""A source is observed by whoever reads it, and a stage is stale only when its sources changed."""

import json
import os
from pathlib import Path

import dagster as dg
import pytest
from correcting import correction, undo
from dagster._core.definitions.data_version import CachingStaleStatusResolver
from dagster._core.loader import LoadingContextForTest
from PIL import Image
from road import Road, failure_of

from hoban_assets.corrections.apply import boxes_of
from hoban_assets.corrections.log import append
from hoban_assets.observing import labels as fingerprint_labels
from hoban_assets.observing.fingerprint import fingerprint
from hoban_assets.settings import Settings
from hoban_assets.units import size_text

SOURCE = dg.AssetKey(["raw", "coco"])
STAGE = dg.AssetKey("coco_person")
LABELS = "coco/annotations/instances_train2017.json"


@pytest.fixture
def raw(tmp_path) -> Path:
    """COCO with three photographs and a person on each."""
    folder = tmp_path / "raw"
    images, annotations = [], []
    for number in (1, 2, 3):
        name = f"{number:012}.jpg"
        path = folder / "coco/train2017" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.effect_noise((64, 48), 20 * number).convert("RGB").save(path)
        images.append({"id": number, "file_name": name, "width": 64, "height": 48})
        box = {"id": number, "image_id": number, "category_id": 1, "bbox": [5, 5, 20, 30]}
        annotations.append(box)
    (folder / LABELS).parent.mkdir()
    document = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "person"}],
    }
    (folder / LABELS).write_text(json.dumps(document))
    return folder


def move_one_box(raw: Path) -> None:
    document = json.loads((raw / LABELS).read_text())
    document["annotations"][0]["bbox"][0] = 6
    (raw / LABELS).write_text(json.dumps(document))


class House:
    """Source and stage of COCO, and a Dagster instance that remembers what they did."""

    def __init__(self, road: Road) -> None:
        self.road = road
        self.instance = dg.DagsterInstance.ephemeral()
        with road.environment():
            self.definitions = self._definitions()

    def _definitions(self) -> dg.Definitions:
        from hoban_assets.catalog.io_manager import SamplesIOManager
        from hoban_assets.catalog.store import Catalog
        from hoban_assets.components.corrections_asset import corrections_asset
        from hoban_assets.components.platform import Platform
        from hoban_assets.components.source_assets import observed
        from hoban_assets.components.stage_assets import stage_asset
        from hoban_assets.declared import sources, stages

        samples = SamplesIOManager(Catalog(self.road.data / "catalog.duckdb", deadline=5))
        return dg.Definitions(
            [corrections_asset(), observed(sources.COCO), stage_asset(stages.COCO_PERSON)],
            resources={"platform": Platform(), "samples": samples},
        )

    def build(self) -> None:
        assert self._run(STAGE, "sub").success

    def observe(self) -> dg.ExecuteInProcessResult:
        return self._run(SOURCE, None)

    def _run(self, key: dg.AssetKey, partition: str | None) -> dg.ExecuteInProcessResult:
        with self.road.environment():
            job = self.definitions.resolve_implicit_global_asset_job_def()
            return job.execute_in_process(
                asset_selection=[key],
                partition_key=partition,
                instance=self.instance,
                raise_on_error=False,
            )

    def observation(self) -> dg.AssetObservation:
        return self.instance.fetch_observations(SOURCE, limit=1).records[0].asset_observation

    def seen(self) -> dict[str, object]:
        """Metadata of the last observation."""
        return {name: value.value for name, value in self.observation().metadata.items()}

    def version(self) -> str:
        return self.observation().tags["dagster/data_version"]

    def made_from(self) -> str:
        built = self.instance.fetch_materializations(STAGE, limit=1).records[0]
        return built.asset_materialization.tags["dagster/input_data_version/raw/coco"]

    def status(self) -> str:
        """What the UI says of the stage: FRESH, STALE or MISSING."""
        graph = self.definitions.resolve_asset_graph()
        context = LoadingContextForTest(self.instance)
        return (
            CachingStaleStatusResolver(self.instance, graph, context).get_status(STAGE, "sub").value
        )


@pytest.fixture
def house(raw, tmp_path, monkeypatch) -> House:
    monkeypatch.setattr(fingerprint_labels, "TICK_NS", 0)  # files of a moment ago are remembered
    return House(Road(raw, tmp_path / "data"))


def test_a_stage_leaves_its_source_observed_and_is_fresh_until_a_box_moves(house, raw):
    house.build()
    assert house.version() == house.made_from() == fingerprint(raw / "coco").version
    assert house.seen()["read by"] == "coco_person"
    assert house.status() == "FRESH"
    os.utime(raw / LABELS)
    assert house.observe().success
    assert house.status() == "FRESH"
    move_one_box(raw)
    house.observe()
    assert house.seen()["changed"] == 1
    assert house.status() == "STALE"
    house.build()
    assert house.status() == "FRESH"


def test_a_stage_names_what_it_read_and_not_what_was_known_before_it_began(house, raw):
    house.observe()
    known = house.version()
    move_one_box(raw)
    house.build()
    assert house.made_from() == fingerprint(raw / "coco").version != known
    assert house.status() == "FRESH"


def test_a_correction_is_in_the_next_rows_and_gone_when_it_is_undone(house, raw):
    house.build()
    catalog = house.road.catalog
    picture = catalog.query("SELECT image_id, content_hash FROM images LIMIT 1").iloc[0]
    before = boxes_of(catalog.load("coco_person", "sub").boxes.iloc[:1])
    moved = before[0]._replace(x=before[0].x + 0.05)
    with house.road.environment():
        log = Settings.from_env().corrections
    row = correction(picture.image_id, before, [moved], content_hash=picture.content_hash)
    append(log, [row])
    house.build()
    assert catalog.query("SELECT max(x_center) AS x FROM boxes").x[0] == moved.x
    decided = catalog.query("SELECT rule, value FROM decisions WHERE action = 'correct'")
    assert decided.rule.tolist() == ["box_moved"]
    assert "kim" in decided.value[0]
    assert house.status() == "FRESH"
    append(log, [undo(row)])
    house.build()
    assert catalog.query("SELECT max(x_center) AS x FROM boxes").x[0] == before[0].x


def test_a_stage_that_had_nothing_to_do_names_its_source_too(house):
    house.build()
    house.build()
    built = house.instance.fetch_materializations(STAGE, limit=1).records[0].asset_materialization
    assert "unchanged" in built.metadata
    assert house.made_from() == house.version()


def test_an_observation_tells_how_much_there_is_and_what_changed(house, raw):
    house.observe()
    first = house.seen()
    assert (first["files"], first["labels"], first["labels opened"]) == (4, 1, 1)
    held = sum(f.stat().st_size for f in raw.rglob("*") if f.is_file())
    assert (first["MB"], first["size"]) == (round(held / 1e6, 3), size_text(held))
    assert first["newest file"] == LABELS.removeprefix("coco/")
    assert "first look" in first["compared with the look of"]
    (raw / "coco/train2017/new.jpg").write_bytes(b"new")
    (raw / "coco/train2017/000000000003.jpg").unlink()
    house.observe()
    second = house.seen()
    assert (second["added"], second["changed"], second["removed"]) == (1, 0, 1)
    assert second["labels opened"] == 0


def test_a_folder_that_is_gone_fails_the_observation_in_one_sentence(house, raw):
    (raw / "coco").rename(raw / "elsewhere")
    message = failure_of(house.observe())
    assert str(raw / "coco") in message
    assert "put the source there" in message
