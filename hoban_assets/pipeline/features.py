"""The one thing that a build needs from outside: features of images."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from hoban_assets.samples import Samples


class FeatureExtractor(Protocol):
    """Features of images, computed elsewhere (fastdup's environment) and kept by content."""

    @property
    def engine(self) -> str:
        """Name, version and model of what computes them."""
        ...

    def __call__(self, samples: Samples) -> np.ndarray:
        """Return float32 [images, dimensions], rows of unit length, in the order of images."""
        ...
