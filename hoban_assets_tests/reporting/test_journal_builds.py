"""What the catalog tells a journal of a materialisation."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from builders import samples_of

from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.store import Build as RecordedBuild
from hoban_assets.catalog.store import Catalog, Run
from hoban_assets.reporting.journal.builds import days_with_builds, read_builds
from hoban_assets.reporting.journal.entries import Build, CheckEntry, ModelFigures, Removal

TODAY = datetime.now().astimezone().date()
LONG_AGO = TODAY - timedelta(days=400)
METRICS = pd.DataFrame(
    [
        (1, "train", "all", "all", "box_loss", 4.0),
        (2, "train", "all", "all", "box_loss", 3.0),
        (1, "val", "all", "all", "mAP50", 0.99),
        (1, "val_labelled", "all", "all", "mAP50", 0.8),
        (1, "val_labelled", "all", "all", "mAP50-95", 0.5),
        (1, "val_labelled", "all", "person", "mAP50", 0.7),
        (1, "val_labelled", "all", "fallen", "mAP50", None),
        (1, "val_labelled", "coco", "person", "mAP50", 0.1),
    ],
    columns=["epoch", "split", "source", "class_name", "metric", "value"],
)


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "catalog.duckdb"
    samples = samples_of(
        {"a/1": [("person", 0.1), ("fallen", 0.1)], "a/2": [("person", 0.1)], "a/3": []}
    )
    samples = samples.drop_images(
        (samples.images.image_id == "a/3").to_numpy(), stage="labels", rule="no_label_left"
    )
    boxes = (samples.boxes.image_id == "a/2").to_numpy()
    samples = samples.drop_boxes(boxes, stage="area", rule="area_too_large")
    counts = {"images_dropped": [1, 0], "boxes_in": [3, 3], "boxes_kept": [3, 2]}
    stages = pd.DataFrame(
        {"stage": ["labels", "area"], "images_in": [3, 2], "images_kept": [2, 2], **counts}
        | {"boxes_dropped": [0, 1], "seconds": [0.1, 0.1]}
    )
    checks = pd.DataFrame(
        [("quotas", False, False, "short", "{}")],
        columns=["name", "passed", "blocking", "text", "numbers"],
    )
    catalog = Catalog(path)
    catalog.record(
        "dataset_v9",
        "sub",
        RecordedBuild(
            "k",
            samples=samples,
            stages=stages,
            checks=checks,
            inputs={"pool": "abc", "helmets": "def"},
            path="/tree",
        ),
        Run("run-1"),
    )
    catalog.record("model_v9", "sub", RecordedBuild("m", metrics=METRICS, inputs={}), Run("run-2"))
    catalog.record("model_v9", "sub", RecordedBuild("m", metrics=METRICS), Run("run-3"))
    catalog.record("model_v9", "full", RecordedBuild("m", metrics=METRICS), Run("run-4"))
    return path


def read(catalog: Path, runs: list[str], numbers: list[int]) -> dict[int, Build]:
    """Builds of these runs and numbers, of a day on which nothing was built."""
    with asking(catalog) as ask:
        return read_builds(ask, runs, numbers, LONG_AGO, LONG_AGO)


def test_a_dataset_has_counts_inputs_checks_and_what_was_taken_out(catalog: Path) -> None:
    [build] = read(catalog, ["run-1"], []).values()
    assert (build.images_in, build.images, build.boxes) == (3, 2, 2)
    assert build.classes == {"person": 1, "fallen": 1}
    assert build.inputs == (("pool", "abc"), ("helmets", "def"))
    assert build.removed == (Removal("no_label_left", 1, 0), Removal("area_too_large", 0, 1))
    assert build.checks == (CheckEntry("quotas", False, False, "short"),)
    assert (build.path, build.model, build.same_as) == ("/tree", None, None)


def test_a_model_has_epochs_and_its_figures_where_each_class_is_labelled(catalog: Path) -> None:
    [build] = read(catalog, ["run-2"], []).values()
    assert build.model == ModelFigures(2, 1, 0.8, 0.5, {"person": 0.7})
    assert build.images is None


def test_the_same_made_again_names_the_first_one_of_its_partition(catalog: Path) -> None:
    builds = read(catalog, ["run-2", "run-3", "run-4"], [])
    assert {b.run_id: b.same_as for b in builds.values()} == {
        "run-2": None,
        "run-3": 2,
        "run-4": None,
    }


def test_builds_are_found_by_run_by_number_and_by_day(catalog: Path) -> None:
    assert set(read(catalog, ["run-1"], [3])) == {1, 3}
    with asking(catalog) as ask:
        days = days_with_builds(ask)  # two where midnight came between
        assert set(read_builds(ask, [], [], min(days), max(days))) == {1, 2, 3, 4}
    assert days <= {TODAY + timedelta(days=n) for n in range(2)}
    assert read(catalog, [], []) == {}


def test_times_are_local(catalog: Path) -> None:
    [build] = read(catalog, ["run-1"], []).values()
    assert abs(datetime.now().astimezone() - build.created_at) < timedelta(minutes=10)
