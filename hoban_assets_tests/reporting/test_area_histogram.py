"""The picture of how large the labels of each class are."""

import io

import numpy as np
import pytest
from builders import samples_of
from PIL import Image, ImageColor

from hoban_assets.classes import CLASS_NAMES, COLOURS
from hoban_assets.reporting.area_histogram import BOTTOM, LEFT, RIGHT, TOP, area_histogram
from hoban_assets.samples import Samples


def where(samples: Samples, name: str, within: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the pixels of a class, below the list of classes."""
    with Image.open(io.BytesIO(area_histogram(samples))) as picture:
        pixels = np.asarray(picture.convert("RGB"), int)
    near = np.abs(pixels - ImageColor.getrgb(COLOURS[name])).sum(axis=2) < within
    rows, columns = np.nonzero(near[TOP + 75 : BOTTOM, LEFT + 2 :])
    return rows + TOP + 75, columns + LEFT + 2


@pytest.mark.parametrize("name", CLASS_NAMES)
@pytest.mark.parametrize(("area", "share"), [(0.001, 0.25), (0.01, 0.5), (0.1, 0.75)])
def test_a_class_has_its_line_where_its_areas_are(name, area, share):
    """Its only peak is that of all boxes, on a log scale from 0.01 % to 100 %."""
    samples = samples_of({f"s/{n}.jpg": [(name, area * 1.01)] for n in range(3)})
    _, columns = where(samples, name)
    peak = LEFT + share * (RIGHT - LEFT)
    upright = columns[np.isin(columns, np.flatnonzero(np.bincount(columns) > 40))]
    assert len(upright)
    assert np.abs(upright - peak).max() < (RIGHT - LEFT) / 40 + 3
    assert all(not len(where(samples, other)[0]) for other in CLASS_NAMES if other != name)


def test_areas_below_the_scale_are_in_its_first_bin():
    samples = samples_of({"s/a.jpg": [("person", 1e-6)]})
    rows, columns = where(samples, "person", within=200)  # the line lies between two columns
    assert columns[rows < BOTTOM - 5].max() < LEFT + (RIGHT - LEFT) / 40 + 3


def test_without_labels_the_axes_are_there():
    with Image.open(io.BytesIO(area_histogram(Samples.empty()))) as picture:
        assert len(picture.convert("RGB").getcolors(1 << 16)) > 2
