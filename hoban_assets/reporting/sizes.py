"""How large the labels of a class are: what an area limit would keep, and what lies at the ends.

Areas are shares of the image. `side` is the square root of a box's area in pixels once the image
is scaled so that its long side has `image_size` pixels, as training does (letterbox); COCO's
'small' is a side below 32 (https://cocodataset.org/#detection-eval, there without scaling). With
w, h the image's size: side = image_size * sqrt(area * min(w, h) / max(w, h)). An image whose size
is not known (0) counts as a square, so its sides are an upper bound; `unknown_size` counts them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from hoban_assets.catalog.asked import Ask, Row
from hoban_assets.errors import HobanError
from hoban_assets.language import Say
from hoban_assets.reporting.blocks import Block, Heading, Paragraph, table

TOPS = (5_000, 10_000, 15_000, 20_000)
"""Sizes of a subset that the table answers for: its k-th largest box."""
PIXELS = (8, 16, 32, 64)
AREA_BANDS = (0.001, 0.005, 0.01, 0.02, 0.05, 0.20)
"""Borders of the area bands, share of the image; each belongs to the band above it."""
_PER_CENT = [f"{border * 100:g}" for border in AREA_BANDS]
BANDS = (
    f"<{_PER_CENT[0]} %",
    *(f"{low}-{high} %" for low, high in pairwise(_PER_CENT)),
    f">={_PER_CENT[-1]} %",
)
AREAS = AREA_BANDS[1:]
QUANTILES = (0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999)
END_SHARE, LEAST_END = 0.001, 10
"""Looked at for outliers: the top and bottom 0.1 %, at least 10."""
LISTED = 10
"""Of these, how many a document lists."""


@dataclass(frozen=True)
class Sizes:
    """The sizes of one class of one asset. Areas are shares 0-1, sides pixels."""

    asset: str
    partition: str
    class_name: str
    image_size: int
    with_ignored: bool
    labels: int
    images: int
    unknown_size: int
    """Labels on images whose size is not known."""
    top: list[Row]
    """top, area_of_last, side_of_last; the last row is all of them."""
    too_few_for: list[int]
    """Tops that were asked for and that there are not enough labels for."""
    below_side: list[Row]
    """side, labels (below it), share."""
    below_area: list[Row]
    """area, labels (below it), share."""
    quantiles: list[Row]
    """share (of the labels), area, side."""
    sources: list[Row]
    """source, labels, smallest, median, largest, below_32_px (share)."""
    smallest: list[Row]
    """The smallest 0.1 %, at least 10: image_id, area, side, width, height (in its own pixels)."""
    largest: list[Row]


def sizes(
    ask: Ask,
    asset: str,
    partition: str,
    class_name: str,
    *,
    tops: Sequence[int] = TOPS,
    image_size: int = 640,
    with_ignored: bool = False,
) -> Sizes:
    """Measure the labels of a class (`with_ignored`: and its ignore regions).

    Raises:
        HobanError: there is none; says which classes there are.
    """
    place = {"asset": asset, "partition": partition}
    boxes = _BOXES.format(
        ignored="UNION ALL SELECT * FROM ignore_regions" if with_ignored else "",
    )
    values = {**place, "class_name": class_name, "image_size": image_size}
    figures = _FIGURES.format(
        below_side=", ".join(f"count(*) FILTER (side < {limit})" for limit in PIXELS),
        below_area=", ".join(f"count(*) FILTER (area < {limit})" for limit in AREAS),
        quantiles=list(QUANTILES),
    )
    (found,) = ask(boxes + figures, values)
    labels = found["labels"]
    if not labels:
        there = ", ".join(r["class_name"] for r in ask(_CLASSES, place)) or "no label at all"
        raise HobanError(f"{asset} [{partition}] has no label of {class_name}", f"it has: {there}")
    wanted = sorted(set(tops))
    enough = [*(n for n in wanted if n < labels), labels]
    end = max(LEAST_END, round(labels * END_SHARE))
    return Sizes(
        **place,
        class_name=class_name,
        image_size=image_size,
        with_ignored=with_ignored,
        labels=labels,
        images=found["images"],
        unknown_size=found["unknown_size"],
        top=ask(boxes + _TOPS, {**values, "tops": enough}),
        too_few_for=[n for n in wanted if n > labels],
        below_side=_below("side", PIXELS, found["below_side"], labels),
        below_area=_below("area", AREAS, found["below_area"], labels),
        quantiles=[
            {"share": q, "area": area, "side": side}
            for q, area, side in zip(QUANTILES, found["areas"], found["sides"], strict=True)
        ],
        sources=ask(boxes + _SOURCES, values),
        smallest=ask(boxes + _END.format(way="ASC"), {**values, "count": end}),
        largest=ask(boxes + _END.format(way="DESC"), {**values, "count": end}),
    )


def _below(name: str, limits: Sequence[float], counts: Sequence[int], labels: int) -> list[Row]:
    return [
        {name: limit, "labels": int(count), "share": count / labels}
        for limit, count in zip(limits, counts, strict=True)
    ]


def document(found: Sizes, say: Say) -> Iterator[Block]:
    """Tell the sizes: tables, each under a sentence that says what it is."""
    name = say(found.class_name)
    name = name if name == found.class_name else f"{name} ({found.class_name})"
    counted = "{labels:,} labels and ignore regions on {images:,} images"
    if not found.with_ignored:
        counted = "{labels:,} labels on {images:,} images"
    told = say(counted, labels=found.labels, images=found.images)
    yield Heading(1, f"{found.asset} [{found.partition}]  {name}  {told}")
    yield from _chapter(say("Largest first: the area of the last of the top N"), found.top)
    if found.too_few_for:
        missing = ", ".join(f"{n:,}" for n in found.too_few_for)
        text = say("There are only {n:,}: no top {missing}.", n=found.labels, missing=missing)
        yield Paragraph(text)
    title = say("Smaller than a side in pixels, at training size {n} px", n=found.image_size)
    yield from _chapter(title, found.below_side)
    yield Paragraph(say("side_px: square root of the area of the box in pixels."))
    if found.unknown_size:
        text = (
            "Of {n:,} of them the size of the image is not known: counted as square, so "
            "they are at most this large."
        )
        yield Paragraph(say(text, n=found.unknown_size))
    yield from _chapter(say("Smaller than a share of the image"), found.below_area)
    yield from _chapter(say("Quantiles"), found.quantiles)
    if len(found.sources) > 1:
        yield from _chapter(say("By source"), found.sources)
    for title, rows in (
        (say("The smallest: are these labels right?"), found.smallest),
        (say("The largest: are these labels right?"), found.largest),
    ):
        yield from _chapter(title, rows[:LISTED])
        if (more := len(rows) - LISTED) > 0:
            yield Paragraph(say("... and {n:,} more: --json, or --gallery", n=more))


def _chapter(title: str, rows: Sequence[Row]) -> tuple[Block, Block]:
    return Heading(2, title), table([_readable(row) for row in rows])


def _readable(row: Row) -> Row:
    """Shares of images as per cent, sides as whole pixels; the names say so."""
    shown: Row = {}
    for key, value in row.items():
        if key in ("area", "area_of_last", "smallest", "median", "largest", "share", "below_32_px"):
            shown[f"{key}_%"] = None if value is None else 100 * value
        elif key.startswith("side"):
            shown[f"{key}_px"] = round(value, 1) if key == "side_of_last" else round(value)
        else:
            shown[key] = value
    return shown


_BOXES = """
WITH sized AS (
    SELECT
        b.image_id, b.area, i.source, i.width AS image_width, i.height AS image_height,
        b.x_center, b.y_center,
        coalesce(i.width, 0) > 0 AND coalesce(i.height, 0) > 0 AS known,
        side_px(b.area, i.width, i.height, $image_size) AS side,
        b.width AS share_of_width, b.height AS share_of_height
    FROM (SELECT * FROM boxes {ignored}) AS b
    JOIN images AS i USING (asset, partition, image_id)
    WHERE asset = $asset AND partition = $partition AND class_name = $class_name
)
"""
_FIGURES = """
SELECT
    count(*) AS labels,
    count(DISTINCT image_id) AS images,
    count(*) FILTER (NOT known) AS unknown_size,
    [{below_side}] AS below_side,
    [{below_area}] AS below_area,
    quantile_cont(area, {quantiles}) AS areas,
    quantile_cont(side, {quantiles}) AS sides
FROM sized
"""
_TOPS = """
SELECT n AS top, areas[n] AS area_of_last, sides[n] AS side_of_last
FROM (
    SELECT list(area ORDER BY area DESC, image_id, x_center, y_center) AS areas,
           list(side ORDER BY area DESC, image_id, x_center, y_center) AS sides,
           unnest($tops) AS n
    FROM sized
)
"""
_SOURCES = """
SELECT source, count(*) AS labels, min(area) AS smallest, median(area) AS median,
       max(area) AS largest, avg((side < 32)::INTEGER) AS below_32_px
FROM sized
GROUP BY source
ORDER BY labels DESC, source
"""
_END = """
SELECT image_id, area, side,
       CASE WHEN known THEN round(share_of_width * image_width)::INTEGER END AS width,
       CASE WHEN known THEN round(share_of_height * image_height)::INTEGER END AS height
FROM sized
ORDER BY area {way}, image_id, x_center, y_center
LIMIT $count
"""
_CLASSES = """
SELECT DISTINCT class_name, class_id FROM boxes
WHERE asset = $asset AND partition = $partition ORDER BY class_id
"""
