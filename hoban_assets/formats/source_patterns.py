"""What the rows of a whole source show together, and none of them alone.

One corner on the wrong side is a slip of the mouse, and put right. If one row in ten has it, the
four numbers are something else than corners, and those that look sound are wrong as well. So each
rule here needs at least `LEAST` rows or images and a share above `MOST_SHARE`, and then takes every
row that it casts doubt on:

``encoding_differs``  corners swapped too often: x y w h where corners are due; or rows that reach
                      over the edge too often, and all fit if their numbers mean something else
``other_unit``        every box within the upper left 100 (1000) pixels of large images: percent
``frame_unknown``     boxes outside the picture on too many images of the source, or most boxes of
                      one image: it was reduced after it was labelled, and those that fit are wrong
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson
import pandas as pd
from numpy.typing import NDArray

from hoban_assets.formats.frames import SLACK
from hoban_assets.samples import Samples

STAGE = "facts"
LEAST = 3
"""Rows or images from which something is a pattern and no accident."""
MOST_SHARE = 0.05
"""Share of a source's rows, or images, up to which a fault is one of single rows; the limit of the
check `rows_readable`, too."""
CARELESS = 0.05
"""Overrun, as share of the image's side, up to which it may be a careless hand's."""
_LEAST_ROWS = 10
_NUMBER_UNITS = ((100.0, _LEAST_ROWS), (1000.0, 5 * _LEAST_ROWS))
"""Percent, and the thousandths that vision-language models write; and the boxes that show it: a
fixed camera may well see ten in the upper left quarter of a large picture."""


def judge_sources(samples: Samples) -> Samples:
    """Drop what the rules of this module cast doubt on, box by box. Pure.

    Args:
        samples: as read, with stated sizes, and the decisions of reading.
    """
    boxes = samples.boxes
    if boxes.empty:
        return samples
    table = _Table(samples)
    for rule, mask, value in _findings(table):
        gone = mask & np.isin(table.ids, samples.boxes.image_id.to_numpy())
        left = pd.MultiIndex.from_arrays([samples.boxes.image_id, samples.boxes.row])
        hit = left.isin(pd.MultiIndex.from_arrays([table.ids[gone], table.row[gone]]))
        samples = samples.drop_boxes(
            hit, stage=STAGE, rule=rule, value=[value] * int(hit.sum()), threshold=MOST_SHARE
        )
    return samples


class _Table:
    """Kept boxes and the decisions about rows, each with its source."""

    def __init__(self, samples: Samples) -> None:
        boxes, images = samples.boxes, samples.images
        at = samples.positions_of(boxes.image_id)
        self.ids = boxes.image_id.to_numpy()
        self.row = boxes.row.to_numpy()
        self.source = images.source.to_numpy()[at]
        self.sizes = images.set_index("image_id")[["width", "height"]].astype(np.float64)
        self.size = self.sizes.to_numpy()[at]
        centre = boxes[["x_center", "y_center"]].to_numpy()
        extent = boxes[["width", "height"]].to_numpy()
        self.unit = np.where(self.size > 0, self.size, 1.0)
        """Pixels of the image; 1 where its size is not known, and boxes are shares of it."""
        self.start, self.extent = (centre - extent / 2) * self.unit, extent * self.unit
        found = samples.decisions
        about_rows = found[found.row.notna()]
        self.decisions = about_rows.assign(
            source=[str(image_id).partition("/")[0] for image_id in about_rows.image_id]
        )
        self.images = images.groupby("source").size()

    def decided(self, source: str, *rules: str) -> pd.DataFrame:
        d = self.decisions
        return d[(d.source == source) & d.rule.isin(rules)]


def _findings(table: _Table) -> Iterator[tuple[str, NDArray[np.bool_], str]]:
    for source in pd.unique(table.source).tolist():
        mine = table.source == source
        in_pixels = bool((table.size[mine] > 0).any())
        yield from _swapped(table, source, mine)
        yield from _other_encoding(table, source, mine)
        if in_pixels:
            yield from _small_numbers(table, mine)
        yield from _outside(table, source, mine)


def _is_pattern(count: int, of: int) -> bool:
    return count >= LEAST and count > MOST_SHARE * of


def _swapped(
    table: _Table, source: str, mine: NDArray[np.bool_]
) -> Iterator[tuple[str, NDArray[np.bool_], str]]:
    count = len(table.decided(source, "corners_swapped"))
    of = int(mine.sum()) + len(table.decided(source, "outside_image", "box_empty"))
    if _is_pattern(count, of):
        yield "encoding_differs", mine, f"corners swapped in {count} of {of} rows: x y w h?"


def _other_encoding(
    table: _Table, source: str, mine: NDArray[np.bool_]
) -> Iterator[tuple[str, NDArray[np.bool_], str]]:
    """Rows with a start, or a middle, and an extent of which many reach over the edge."""
    over = table.decided(source, "clipped", "outside_image")
    over = over[~over.duplicated(["image_id", "row"])]  # rows of two label files share numbers
    if not _is_pattern(len(over), int(mine.sum())):
        return
    numbers = [_four(text) for text in over.value]
    if None in numbers:
        return
    raw = np.array(numbers, np.float64).reshape(-1, 4)
    sizes = table.sizes.reindex(over.image_id).to_numpy()
    is_relative = not (table.size[mine] > 0).any()
    key = pd.MultiIndex.from_arrays([over.image_id, over.row.astype(int)])
    kept = pd.MultiIndex.from_arrays([table.ids, table.row])
    at = key.get_indexer(kept)
    clipped = mine & (at >= 0)
    if not is_relative and _are_corners(table, clipped, raw[at[clipped]]):
        return
    whole = mine & (at < 0)
    first = table.start[whole] + (table.extent[whole] / 2 if is_relative else 0)
    rows = np.vstack([raw, np.hstack([first, table.extent[whole]])])
    unit = np.vstack([np.where(sizes > 0, sizes, 1.0), table.unit[whole]])
    if len(rows) < _LEAST_ROWS:
        return
    reach = _overrun(rows, unit, is_relative=is_relative)
    meant = _that_fits(rows, unit, is_relative=is_relative)
    if meant == "corners" or (meant and _is_pattern(int((reach > CARELESS).sum()), len(rows))):
        value = f"{len(over)} of {len(rows)} rows reach over the edge: {meant}?"
        yield "encoding_differs", mine, value


def _are_corners(table: _Table, clipped: NDArray[np.bool_], raw: NDArray[np.float64]) -> bool:
    """Whether rows that were clipped were read as corners: they end at their third number."""
    end = (table.start + table.extent)[clipped]
    return bool(len(raw)) and bool(
        (np.abs(np.minimum(raw[:, 2:], table.unit[clipped]) - end) < 1).all()
    )


def _overrun(
    rows: NDArray[np.float64], unit: NDArray[np.float64], *, is_relative: bool
) -> NDArray[np.float64]:
    """How far each row, as it is read, reaches over an edge: share of the image's side, (n,)."""
    first, extent = rows[:, :2], rows[:, 2:]
    start = first - extent / 2 if is_relative else first
    beyond: NDArray[np.float64] = np.maximum(-start, start + extent - unit) / unit
    return beyond.max(axis=1)


def _that_fits(
    rows: NDArray[np.float64], unit: NDArray[np.float64], *, is_relative: bool
) -> str | None:
    """What the four numbers of all rows (n, 4) mean if every row fits its image so."""
    first, second = rows[:, :2], rows[:, 2:]
    if (second > first).all() and (second <= unit * (1 + SLACK)).all():
        return "corners"
    if (_overrun(rows, unit, is_relative=not is_relative) <= SLACK).all():
        return f"x y w h from the {'upper left corner' if is_relative else 'middle'}"
    return None


def _four(text: object) -> list[float] | None:
    """The four numbers of a row as a decision quotes it: JSON, or a line of YOLO."""
    words = str(text).split()
    if len(words) == 5 and not words[0].startswith("["):
        return _floats(words[1:])
    try:
        value = orjson.loads(str(text))
    except ValueError:
        return None
    return _floats(value) if isinstance(value, list) and len(value) == 4 else None


def _floats(values: list[Any]) -> list[float] | None:
    try:
        return [float(value) for value in values]
    except (ValueError, TypeError):
        return None


def _small_numbers(
    table: _Table, mine: NDArray[np.bool_]
) -> Iterator[tuple[str, NDArray[np.bool_], str]]:
    """Every box of a source in one corner of its large pictures."""
    end = (table.start + table.extent)[mine].max(axis=0)
    if len(np.unique(table.ids[mine].astype(str))) < LEAST:
        return
    side = table.size[mine].min(axis=1)
    for most, rows in _NUMBER_UNITS:
        if (
            int(mine.sum()) >= rows
            and (end <= most).all()
            and end.max() > most / 4
            and np.median(side) >= 2 * most
        ):
            yield "other_unit", mine, f"no number above {most:g} in {int(mine.sum())} boxes"
            return


def _outside(
    table: _Table, source: str, mine: NDArray[np.bool_]
) -> Iterator[tuple[str, NDArray[np.bool_], str]]:
    gone = table.decided(source, "outside_image").image_id.value_counts()
    images = int(table.images.get(source, 0))
    if _is_pattern(len(gone), images):
        value = f"boxes outside on {len(gone)} of {images} images of the source"
        yield "frame_unknown", mine & np.isin(table.ids, gone.index.to_numpy()), value
        return
    kept = pd.Series(table.ids[mine]).value_counts().reindex(gone.index, fill_value=0)
    most = gone[(gone >= LEAST) & (gone > kept)]
    hit = mine & np.isin(table.ids, most.index.to_numpy())
    if hit.any():
        yield "frame_unknown", hit, "most boxes of the image lie outside"
