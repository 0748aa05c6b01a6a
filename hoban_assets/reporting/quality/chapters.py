"""Chapters of the quality report that are tables over all sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import zip_longest

from hoban_assets.catalog.asked import Row
from hoban_assets.language import Say
from hoban_assets.reporting.blocks import Bars, Block, Columns, Heading, Paragraph, listing
from hoban_assets.reporting.quality.facts import READING, Facts
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
from hoban_assets.reporting.sizes import BANDS
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
    shown = [b for b in facts.boxes if b["labels"]]

    def share_of(key: str) -> Callable[[Row], Share]:
        return lambda b: Share(b[key] / b["labels"])

    bands = {name: share_of(f"band_{n}") for n, name in enumerate(BANDS)}
    groups = {
        f"{b['source']} · {say(b['class_name'])}": {name: of(b) for name, of in bands.items()}
        for b in shown
    }
    yield Bars(groups, dict(zip(bands, SHADES, strict=True)), stacked=True)
    columns: Columns[Row] = {
        "source": "source",
        "class": lambda b: say(b["class_name"]),
        "labels": "labels",
    }
    yield listing(shown, {**columns, **bands}, say)
    pixels: Columns[Row] = {
        say("below {n} px", n=UNSEEN): share_of("unseen"),
        say("below {n} px", n=DOUBTFUL): share_of("doubtful"),
        "median side, px": lambda b: round(b["side"]),
        "smallest": lambda b: area_text(b["smallest"]),
        "median": lambda b: area_text(b["middle"]),
        "largest": lambda b: area_text(b["largest"]),
    }
    yield listing(shown, {**columns, **pixels}, say)


def crowding(say: Say, facts: Facts) -> Iterator[Block]:
    """How many persons there are on a photograph."""
    yield Heading(2, say("Persons on one photograph"), "crowding")
    images = {(i["asset"], i["source"]): i["images"] for i in facts.images}
    columns: Columns[Row] = {
        "source": "source",
        "persons an image": lambda c: f"{c['mean']:.1f}",
        say("images above {n}", n=facts.limits.max_persons): "images",
        "share": lambda c: Share(c["images"] / images[c["asset"], c["source"]]),
        "most": "top",
        "the fullest image": "worst",
    }
    yield listing(sorted(facts.crowding, key=lambda c: -c["mean"]), columns, say)


def doubts(say: Say, facts: Facts) -> Iterator[Block]:
    """Counts of boxes and pairs of boxes worth a second look."""
    yield Heading(2, say("Doubtful annotations"), "doubts")
    columns: Columns[Row] = {
        "source": "source",
        "near-duplicates removed": "images",
        "of the same moment": "alike",
        "labelled otherwise": "disagreeing",
        "share": lambda d: Share(d["disagreeing"] / d["alike"]) if d["alike"] else None,
        "removed in": "asset",
    }
    if found := [d for d in (duplicates_of(facts, i) for i in facts.images) if d]:
        lead = (
            "How far two labellings of the same moment agree: removed near-duplicates of "
            "similarity {alike} and above, compared with the photograph that was kept. Below "
            "that, frames of a person in motion rightly differ."
        )
        yield Paragraph(say(lead, alike=SAME_PICTURE))
        yield listing(found, columns, say)
    columns = {
        "source": "source",
        "class": lambda b: say(b["class_name"]),
        "labels": "labels",
        "20 % and more": "band_6",
        "above 70 %": "whole",
        "class outliers": "far",
        "unusual shape": "slim",
        "cut by the border": "cut",
    }
    if labelled := [b for b in facts.boxes if b["labels"]]:
        yield Paragraph(say("Boxes worth a second look, by number."))
        yield listing(labelled, columns, say)
    columns = {
        "source": "source",
        "class": lambda pair: say(pair["class_name"]),
        "other class": lambda pair: say(pair["other_class"]),
        "pairs": "pairs",
        "images": "images",
    }
    if facts.overlaps:
        lead = (
            "Pairs of boxes that nearly coincide: of one class with an IoU above {same}, of two "
            "classes above {conflict}."
        )
        yield Paragraph(say(lead, same=SAME_BOX, conflict=CONFLICT))
        yield listing(facts.overlaps, columns, say)


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
    columns: Columns[Row] = {
        "source": "source",
        "images": "images",
        "clips or scenes": "groups",
        "images a scene": lambda i: f"{i['images'] / max(i['groups'], 1):.1f}",
        "blurred": "blurred",
        "too dark": "dark",
        "usual size": lambda i: f"{i['width']}x{i['height']}" if i["width"] else None,
        "labels completely": lambda i: ", ".join(map(say, i["labelled_classes"] or ())) or None,
    }
    yield listing(facts.images, columns, say)


def rules(say: Say, facts: Facts) -> Iterator[Block]:
    """Every rule of reading and opening, with examples."""
    yield Heading(2, say("Defects by rule"), "rules")
    total = sum(rows_read(facts, source)[1] for source in facts.images) or 1
    lead = (
        "What reading the label files and opening the photographs brought up, of {rows} label "
        "rows in all. All of it is done; nothing here needs a recipe field."
    )
    yield Paragraph(say(lead, rows=f"{total:,}"))
    by_rule: dict[tuple[str, str], list[Row]] = {}
    for d in facts.decisions:
        if d["stage"] in READING:
            by_rule.setdefault((d["rule"], d["action"]), []).append(d)

    def count(found: list[Row]) -> int:
        return sum(d["decisions"] for d in found)

    columns: Columns[list[Row]] = {
        "rule": lambda found: found[0]["rule"],
        "what it means": lambda found: meaning(found[0]["rule"], say),
        "action": lambda found: say(found[0]["action"]),
        "count": count,
        "share of rows": lambda found: Share(count(found) / total),
        "where": lambda found: ", ".join(f"{d['source']} {d['decisions']:,}" for d in found),
        "examples: file:row value": lambda found: " · ".join(_examples(found)),
    }
    yield listing(sorted(by_rule.values(), key=lambda found: -count(found)), columns, say)


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
