"""What the report promises a remedy would do is what `curation.quality` does."""

import numpy as np
import pytest

from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.store import Build, Catalog, Run
from hoban_assets.classes import CLASS_NAMES
from hoban_assets.curation.quality import (
    AreaLimits,
    drop_without_labels,
    limit_areas,
    limit_crowding,
)
from hoban_assets.reporting.quality.facts import SUGGESTED, quality_facts
from hoban_assets.samples import Samples

EDGES = [0.005, 0.01, 0.02, 0.20, 0.70]
"""Areas exactly at a limit, where 'below' and 'at' differ."""


def mixed_samples(seed: int, source: str = "site") -> Samples:
    """200 images with 1 to 14 boxes of all classes, some ignore regions, areas at the limits."""
    random = np.random.default_rng(seed)
    ids = [f"{source}/{n:03d}.jpg" for n in range(200)]
    of_image = np.repeat(ids, random.integers(1, 15, len(ids)))
    size = len(of_image)
    class_id = random.choice(4, size, p=[0.1, 0.1, 0.7, 0.1])
    area = np.where(
        random.random(size) < 0.2, random.choice(EDGES, size), 10 ** random.uniform(-4, -0.05, size)
    )
    samples = Samples.of(
        {
            "image_id": ids,
            "source": [source] * len(ids),
            "file": ids,
            "label_file": ids,
            "width": [1920] * len(ids),
            "height": [1080] * len(ids),
            "group_id": ids,
        },
        {
            "image_id": of_image,
            "class_id": class_id,
            "class_name": np.array(CLASS_NAMES, object)[class_id],
            "x_center": np.full(size, 0.5),
            "y_center": np.full(size, 0.5),
            "width": np.sqrt(area),
            "height": np.sqrt(area),
            "area": area,
            "origin": ["human"] * size,
            "ignore": random.random(size) < 0.15,
            "row": np.arange(size),
        },
    )
    return drop_without_labels(samples)


def facts_of(tmp_path, samples: Samples):
    catalog = Catalog(tmp_path / "catalog.duckdb")
    catalog.record("site_stage", "sub", Build("key", samples=samples), Run("run", "code"))
    with asking(catalog.path) as ask:
        return quality_facts(ask, "sub", ["site_stage"], 640)


@pytest.fixture(scope="module", params=[1, 2])
def case(request, tmp_path_factory):
    samples = mixed_samples(request.param)
    return samples, facts_of(tmp_path_factory.mktemp("catalog"), samples)


@pytest.mark.parametrize(
    ("class_name", "field"),
    [(name, field) for name, fields in SUGGESTED.area.items() for field in fields],
)
def test_one_area_limit_touches_what_the_report_says(case, class_name, field):
    samples, facts = case
    limits = {class_name: AreaLimits(**{field: SUGGESTED.area[class_name][field]})}
    limited = limit_areas(samples, limits)
    left = drop_without_labels(limited)
    (row,) = [r for r in facts.fields if r["class_name"] == class_name]
    assert row[field] == len(limited.decisions) - len(samples.decisions) > 0
    assert row[f"{field}_dropped"] == len(limited.images) - len(left.images)
    assert row["labels"] == samples.box_counts()[class_name]


def test_the_crowd_limit_drops_what_the_report_says(case):
    samples, facts = case
    limited = limit_crowding(samples, "person", SUGGESTED.max_persons)
    (row,) = facts.crowding
    assert row["images"] == len(samples.images) - len(limited.images) > 0
    assert row["labels"] == len(samples.labels) - len(limited.labels)
    persons = samples.boxes[samples.boxes.class_name == "person"]
    assert row["top"] == persons.image_id.value_counts().max()


def test_all_limits_together_leave_what_the_report_says(case):
    samples, facts = case
    limits = {name: AreaLimits(**fields) for name, fields in SUGGESTED.area.items()}
    limited = limit_areas(limit_crowding(samples, "person", SUGGESTED.max_persons), limits)
    left = drop_without_labels(limited)
    (row,) = facts.together
    assert row["images_left"] == len(left.images)
    assert row["labels_left"] == len(left.labels)
    actions = limited.decisions[limited.decisions.stage == "area"].action.value_counts()
    assert row["ignored"] == actions["ignore"]
    assert row["dropped"] == actions["drop"]


def test_sources_of_one_stage_are_counted_apart(tmp_path):
    near, far = mixed_samples(3, "near"), mixed_samples(4, "far")
    facts = facts_of(tmp_path, Samples.concat([near, far]))
    alone = facts_of(tmp_path / "alone", far)
    assert [r for r in facts.fields if r["source"] == "far"] == alone.fields
    assert [r for r in facts.together if r["source"] == "far"] == alone.together
    assert [r for r in facts.crowding if r["source"] == "far"] == alone.crowding
