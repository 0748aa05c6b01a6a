"""What the YOLO format and Ultralytics fix."""

from __future__ import annotations

SPLITS = ("train", "val")
"""Folders of a tree below ``images`` and ``labels``, and what an image of a dataset is for."""
MANIFEST = "manifest.parquet"
"""What lies in a published tree beside it: a row an image."""
STRIDE = 32
"""Image sizes are rounded up to a multiple of this, the largest stride of the detectors."""
LEAST_SIDE = 10
"""Images below this many pixels on a side are refused, by Ultralytics and by fastdup alike."""
