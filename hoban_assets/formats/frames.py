"""Which picture the numbers of a label refer to, where its rows do not fit the size it states.

A label may state the size of the original while its boxes were drawn on a reduced copy, or the
reverse, or width and height the other way round. The stated size is believed as long as every row
fits it. Where one does not, the header of the image file is read (only then: an open file an
image would double the time of reading), and where all rows of the image fit the file, its size is
the frame of all of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

SLACK = 0.01
"""Overrun, as share of the image, that is a careless hand and no other frame."""
SLACK_PIXELS = 2.0


def reach(image: NDArray[np.int64], corners: NDArray[np.float64], images: int) -> NDArray[Any]:
    """Largest x and y of the rows of each image, (images, 2); 0 where it has none.

    Args:
        image: position of each row's image, (n,).
        corners: of each row in pixels, (n, 4), in either order; what is not finite counts for
            nothing.
        images: how many there are.
    """
    out = np.zeros((images, 2))
    sound = np.isfinite(corners).all(axis=1)
    far = np.maximum(corners[sound, :2], corners[sound, 2:])
    np.maximum.at(out, image[sound], far)
    return out


def exceeds(far: NDArray[Any], sizes: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a reach lies beyond a size by more than a careless hand does; both (n, 2)."""
    beyond: NDArray[np.bool_] = np.any(far > sizes * (1 + SLACK) + SLACK_PIXELS, axis=1)
    return beyond
