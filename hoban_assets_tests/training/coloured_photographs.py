"""Photographs of plain colour, so that a pixel tells whose photograph is under it.

Source 'blue' labels classes 0 and 1, source 'green' 2 and 3; a red part is an ignore region of
class 0 on a blue photograph. Augmented by Ultralytics itself, the pixels are what a mask must agree
with, however they got where they are.
"""

from pathlib import Path

import cv2
import numpy as np

NAMES = {0: "a", 1: "b", 2: "c", 3: "d"}
BLUE, GREEN, RED = (255, 0, 0), (0, 255, 0), (0, 0, 255)
REGION = (0.7, 0.3, 0.4, 0.3)
"""x y w h around the centre, in shares of the photograph."""
UNLABELLED = {0: {2, 3}, 1: {0, 1}, 2: {0, 2, 3}}
"""Channel that is on -> classes that are not labelled there."""
SHAPES = ((64, 64), (64, 48), (40, 64), (50, 64), (64, 30))
MARGIN = 2
"""Pixels around an anchor that must be of one kind: edges are blurred by half a pixel."""


def paint(folder: Path, count: int = 10) -> list[dict]:
    """Write `count` photographs with a small label each; return the rows of their manifest."""
    (folder / "images" / "train").mkdir(parents=True)
    (folder / "labels" / "train").mkdir(parents=True)
    rows = []
    for index in range(count):
        is_blue = index % 2 == 0
        height, width = SHAPES[index % len(SHAPES)]
        image = np.full((height, width, 3), BLUE if is_blue else GREEN, np.uint8)
        regions = []
        if index % 4 == 0:
            x, y, w, h = REGION
            corner = slice(round((y - h / 2) * height), round((y + h / 2) * height))
            image[corner, round((x - w / 2) * width) : round((x + w / 2) * width)] = RED
            regions = [dict(zip(("class_id", *"xywh"), (0, *REGION), strict=True))]
        name = f"{index}.png"
        cv2.imwrite(str(folder / "images" / "train" / name), image)
        label = folder / "labels" / "train" / f"{index}.txt"
        label.write_text(f"{0 if is_blue else 2} 0.3 0.75 0.3 0.3\n")
        rows.append(
            {
                "name": name,
                "split": "train",
                "source": "blue" if is_blue else "green",
                "labelled_classes": ["a", "b"] if is_blue else ["c", "d"],
                "boxes": 1,
                "ignore_regions": regions,
            }
        )
    return rows


def seen(image: np.ndarray, x: np.ndarray, y: np.ndarray) -> list[set[int] | None]:
    """What the pixels at points say is not labelled; None on an edge. `image`: (3, h, w), BGR.

    Two photographs that shine through each other light two channels; grey lights all alike.
    """
    lit = image - image.min(axis=0) > 40
    found: list[set[int] | None] = []
    for column, row in zip(x.astype(int), y.astype(int), strict=True):
        around = lit[:, row - MARGIN : row + MARGIN, column - MARGIN : column + MARGIN]
        one_kind = (around == around[:, :1, :1]).all()
        kinds = [UNLABELLED[channel] for channel in np.flatnonzero(around[:, 0, 0])]
        found.append(set().union(*kinds) if one_kind else None)
    return found


def as_sets(bits: np.ndarray) -> list[set[int]]:
    """Bits of each anchor as sets of classes."""
    return [{c for c in NAMES if value >> c & 1} for value in bits.tolist()]
