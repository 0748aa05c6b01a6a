"""Chapters of the quality report that are tables over all sources."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, zip_longest

from hoban_assets.catalog.asked import Row
from hoban_assets.language import Say
from hoban_assets.reporting.blocks import Bars, Block, Heading, Paragraph, table
from hoban_assets.reporting.quality.facts import Facts
from hoban_assets.reporting.quality.sql import (
    BLURRED,
    CONFLICT,
    DARK,
    DOUBTFUL,
    SAME_BOX,
    SAME_PICTURE,
    UNSEEN,
)
from hoban_assets.reporting.quality.totals import duplicates_of, rows_read
from hoban_assets.reporting.sizes import AREA_BANDS
from hoban_assets.rules import meaning
from hoban_assets.units import Share, area_text, percent

SHADES = ("#a61e4d", "#e8590c", "#f59f00", "#c0ca33", "#40a863", "#1098ad", "#5f3dc4")
"""Of area bands, the smallest first."""


def sizes(say: Say, facts: Facts) -> Iterator[Block]:
    """Area bands, and shorter sides in pixels at the training size."""
    yield Heading(2, say("How large the labels are"), "sizes")
    yield Paragraph(say("Share of the image that a label covers, by class."))
    lead = (
        "At {size} px: the finest grid of YOLO has cells of 8 px. A label below 8 px (root of its "
        "area) hardly leaves a trace, below 16 px it is doubtful."
    )
    yield Paragraph(say(lead, size=facts.image_size))
    borders = [f"{b * 100:g}" for b in AREA_BANDS]
    names = [f"< {borders[0]} %", *(f"{low}-{high} %" for low, high in pairwise(borders))]
    names.append(f">= {borders[-1]} %")
    shown = [b for b in facts.boxes if b["labels"]]
    shares = [
        {name: Share(b[f"band_{n}"] / b["labels"]) for n, name in enumerate(names)} for b in shown
    ]
    groups = [f"{b['source']} · {say(b['class_name'])}" for b in shown]
    colours = dict(zip(names, SHADES, strict=True))
    yield Bars(dict(zip(groups, shares, strict=True)), colours, stacked=True)
    columns = {"source": say("source"), "class_name": say("class"), "labels": say("labels")}
    told = [{**b, "class_name": say(b["class_name"])} for b in shown]
    bands = [{**b, **part} for b, part in zip(told, shares, strict=True)]
    yield table(bands, {**columns, **{name: name for name in names}})
    pixels = {
        "unseen": say("below {n} px", n=UNSEEN),
        "doubtful": say("below {n} px", n=DOUBTFUL),
        "side": say("median side, px"),
        "smallest": say("smallest"),
        "middle": say("median"),
        "largest": say("largest"),
    }
    rows = [
        {
            **b,
            "unseen": Share(b["unseen"] / b["labels"]),
            "doubtful": Share(b["doubtful"] / b["labels"]),
            "side": round(b["side"]),
            **{key: area_text(b[key]) for key in ("smallest", "middle", "largest")},
        }
        for b in told
    ]
    yield table(rows, {**columns, **pixels})


def crowding(say: Say, facts: Facts) -> Iterator[Block]:
    """How many persons there are on a photograph."""
    yield Heading(2, say("Persons on one photograph"), "crowding")
    columns = {
        "source": say("source"),
        "mean": say("persons an image"),
        "above": say("images above {n}", n=facts.limits.max_persons),
        "share": say("share"),
        "top": say("most"),
        "worst": say("the fullest image"),
    }
    images = {(i["asset"], i["source"]): i["images"] for i in facts.images}
    rows = [
        {
            **c,
            "mean": f"{c['mean']:.1f}",
            "above": c["images"],
            "share": Share(c["images"] / images[c["asset"], c["source"]]),
        }
        for c in sorted(facts.crowding, key=lambda c: -c["mean"])
    ]
    yield table(rows, columns)


def doubts(say: Say, facts: Facts) -> Iterator[Block]:
    """Counts of boxes and pairs of boxes worth a second look."""
    yield Heading(2, say("Doubtful annotations"), "doubts")
    columns = {
        "source": "source",
        "images": "near-duplicates removed",
        "alike": "of the same moment",
        "disagreeing": "labelled otherwise",
        "share": "share",
        "asset": "removed in",
    }
    found = [d for d in (duplicates_of(facts, i) for i in facts.images) if d]
    rows = [
        {**d, "share": Share(d["disagreeing"] / d["alike"]) if d["alike"] else None} for d in found
    ]
    if rows:
        lead = (
            "How far two labellings of the same moment agree: removed near-duplicates of "
            "similarity {alike} and above, compared with the photograph that was kept. Below "
            "that, frames of a person in motion rightly differ."
        )
        yield Paragraph(say(lead, alike=SAME_PICTURE))
        yield table(rows, columns, say)
    columns = {
        "source": "source",
        "class_name": "class",
        "labels": "labels",
        "band_6": "20 % and more",
        "whole": "above 70 %",
        "far": "class outliers",
        "slim": "unusual shape",
        "cut": "cut by the border",
    }
    if labelled := [b for b in facts.boxes if b["labels"]]:
        yield Paragraph(say("Boxes worth a second look, by number."))
        yield table(labelled, columns, say, ["class_name"])
    columns = {
        "source": "source",
        "class_name": "class",
        "other_class": "other class",
        "pairs": "pairs",
        "images": "images",
    }
    if facts.overlaps:
        lead = (
            "Pairs of boxes that nearly coincide: of one class with an IoU above {same}, of two "
            "classes above {conflict}."
        )
        yield Paragraph(say(lead, same=SAME_BOX, conflict=CONFLICT))
        yield table(facts.overlaps, columns, say, ["class_name", "other_class"])


def photographs(say: Say, facts: Facts) -> Iterator[Block]:
    """Scenes, sharpness, brightness, size, and what is labelled."""
    yield Heading(2, say("The photographs"), "photographs")
    lead = (
        "Blurred: less than {part} of the median sharpness of the source. Too dark: mean "
        "brightness below {dark} of 255."
    )
    yield Paragraph(say(lead, part=percent(BLURRED), dark=f"{DARK:g}"))
    lead = (
        "Objects of classes that a source does not label are on its photographs all the same; "
        "they are neither labels nor background there."
    )
    yield Paragraph(say(lead))
    columns = {
        "source": "source",
        "images": "images",
        "groups": "clips or scenes",
        "per": "images a scene",
        "blurred": "blurred",
        "dark": "too dark",
        "size": "usual size",
        "labelled": "labels completely",
    }
    rows = [
        {
            **i,
            "per": f"{i['images'] / max(i['groups'], 1):.1f}",
            "size": f"{i['width']}x{i['height']}",
            "labelled": ", ".join(say(c) for c in i["labelled_classes"] or ()) or "-",
        }
        for i in facts.images
    ]
    yield table(rows, columns, say)


def rules(say: Say, facts: Facts) -> Iterator[Block]:
    """Every rule of reading and opening, with examples."""
    yield Heading(2, say("Defects by rule"), "rules")
    columns = {
        "rule": "rule",
        "meaning": "what it means",
        "action": "action",
        "count": "count",
        "share": "share of rows",
        "where": "where",
        "examples": "examples: file:row value",
    }
    total = sum(rows_read(facts, source)[1] for source in facts.images) or 1
    lead = (
        "What reading the label files and opening the photographs brought up, of {rows} label "
        "rows in all. All of it is done; nothing here needs a recipe field."
    )
    yield Paragraph(say(lead, rows=f"{total:,}"))
    by_rule: dict[tuple[str, str], list[Row]] = {}
    for d in facts.decisions:
        if d["stage"] in ("read", "facts"):
            by_rule.setdefault((d["rule"], d["action"]), []).append(d)
    rows = [
        {
            "rule": rule,
            "meaning": meaning(rule, say),
            "action": say(action),
            "count": sum(d["decisions"] for d in found),
            "share": Share(sum(d["decisions"] for d in found) / total),
            "where": ", ".join(f"{d['source']} {d['decisions']:,}" for d in found),
            "examples": " · ".join(_examples(found)),
        }
        for (rule, action), found in by_rule.items()
    ]
    yield table(sorted(rows, key=lambda row: -int(row["count"])), columns, say)


def _examples(decisions: list[Row]) -> list[str]:
    """Up to three, of different sources where there are several."""
    turns = zip_longest(*(d["examples"] for d in decisions))
    texts = [_example(e) for turn in turns for e in turn if e is not None]
    return list(dict.fromkeys(texts))[:3]


def _example(example: Row) -> str:
    where = example["file"] if example["row"] is None else f"{example['file']}:{example['row']}"
    return f"{where} {example['value'] or ''}".strip()


def method(say: Say) -> Iterator[Block]:
    """By which rule sources were judged."""
    yield Heading(2, say("How this was judged"), "method")
    text = (
        "Doubtful: labels are wrong in a way that no recipe field fixes (labelled twice, two "
        "names, different labels for one scene, unusable rows or images). Usable: something else "
        "stands out. Good: nothing does. A share of fewer than 10 cases, or fewer than 3 hits, is "
        "only a note."
    )
    yield Paragraph(say(text))
    text = (
        "The limits tried here are those of version 9: with the same amount of data they took "
        "mAP50 of the team's model from 0.801 to 0.868."
    )
    yield Paragraph(say(text))
