"""What scripts of users import stands where it stood, and does what it did."""

import importlib

import numpy as np
import pytest

NAMES = (
    ("hoban_assets.defs.sources", "COCO"),
    ("hoban_assets.defs.stages", "FALLEN_POOL"),
    ("hoban_assets.defs.recipes", "declared_recipes"),
    ("hoban_assets.training.weights", "resolve_weights"),
    ("hoban_assets.pipeline.stage", "check_images"),
    ("hoban_assets.curation.similarity", "among"),
)


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_it_is_there(module, name):
    assert hasattr(importlib.import_module(module), name)


def test_pairs_among_kept_images_are_numbered_among_these():
    from hoban_assets.curation.similarity import among, similar_pairs

    features = np.array([[1, 0], [0, 1], [1, 0], [1, 0]], np.float32)
    found = among(similar_pairs(features, 0.9), np.array([False, True, True, True]))
    assert (found.i.tolist(), found.j.tolist()) == ([1], [2])
