"""Chapters of the quality report that are tables over all sources."""

from __future__ import annotations

from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING

from hoban_assets.language import Say
from hoban_assets.reporting.page import percent
from hoban_assets.reporting.quality.examples import area_text
from hoban_assets.reporting.quality.facts import Facts
from hoban_assets.reporting.quality.parts import Section, Table
from hoban_assets.reporting.quality.rule_words import RULE_WORDS
from hoban_assets.reporting.quality.sql import (
    BANDS,
    BLURRED,
    DARK,
    DOUBTFUL,
    UNSEEN,
)
from hoban_assets.reporting.quality.totals import rows_read

if TYPE_CHECKING:
    from hoban_assets.catalog.answers import Row


def sizes(say: Say, facts: Facts) -> Section:
    """Area bands, and shorter sides in pixels at the training size."""
    borders = [f"{b * 100:g}" for b in BANDS]
    names = [f"< {borders[0]} %"]
    names += [f"{low}-{high} %" for low, high in pairwise(borders)]
    names.append(f">= {borders[-1]} %")
    bands = {f"band_{n}": name for n, name in enumerate(names)}
    columns = {"source": say("source"), "class": say("class"), "labels": say("labels"), **bands}
    shown = [b for b in facts.boxes if b["labels"]]
    shares = [[b[band] / b["labels"] for band in bands] for b in shown]
    rows = [
        {
            "source": b["source"],
            "class": say(b["class_name"]),
            "labels": b["labels"],
            **{band: percent(share) for band, share in zip(bands, part, strict=True)},
        }
        for b, part in zip(shown, shares, strict=True)
    ]
    pixels = {
        "source": say("source"),
        "class": say("class"),
        "labels": say("labels"),
        "unseen": say("below {n} px", n=UNSEEN),
        "doubtful": say("below {n} px", n=DOUBTFUL),
        "side": say("median side, px"),
        "smallest": say("smallest"),
        "middle": say("median"),
        "largest": say("largest"),
    }
    pixel_rows = [
        {
            "source": b["source"],
            "class": say(b["class_name"]),
            "labels": b["labels"],
            "unseen": percent(b["unseen"] / b["labels"]),
            "doubtful": percent(b["doubtful"] / b["labels"]),
            "side": round(b["side"]),
            **{key: area_text(b[key]) for key in ("smallest", "middle", "largest")},
        }
        for b in shown
    ]
    return Section(
        "sizes",
        say("How large the labels are"),
        [
            say("Share of the image that a label covers, by class."),
            say(
                "At {size} px: the finest grid of YOLO has cells of 8 px. A label below 8 px "
                "(root of its area) hardly leaves a trace, below 16 px it is doubtful.",
                size=facts.image_size,
            ),
        ],
        [Table(columns, rows, shares), Table(pixels, pixel_rows)],
    )


def crowding(say: Say, facts: Facts) -> Section:
    """How many persons there are on a photograph."""
    most = facts.limits.max_persons
    columns = {
        "source": say("source"),
        "mean": say("persons an image"),
        "above": say("images above {n}", n=most),
        "share": say("share"),
        "top": say("most"),
        "worst": say("the fullest image"),
    }
    images = {(i["asset"], i["source"]): i["images"] for i in facts.images}
    rows = [
        {
            "source": c["source"],
            "mean": f"{c['mean']:.1f}",
            "above": c["images"],
            "share": percent(c["images"] / images[c["asset"], c["source"]]),
            "top": c["top"],
            "worst": c["worst"],
        }
        for c in sorted(facts.crowding, key=lambda c: -c["mean"])
    ]
    return Section("crowding", say("Persons on one photograph"), (), [Table(columns, rows)])


def photographs(say: Say, facts: Facts) -> Section:
    """Scenes, sharpness, brightness, size, and what is labelled."""
    columns = {
        "source": say("source"),
        "images": say("images"),
        "groups": say("clips or scenes"),
        "per": say("images a scene"),
        "blurred": say("blurred"),
        "dark": say("too dark"),
        "size": say("usual size"),
        "labelled": say("labels completely"),
    }
    rows = [
        {
            "source": i["source"],
            "images": i["images"],
            "groups": i["groups"],
            "per": f"{i['images'] / max(i['groups'], 1):.1f}",
            "blurred": i["blurred"],
            "dark": i["dark"],
            "size": f"{i['width']}x{i['height']}",
            "labelled": ", ".join(say(c) for c in i["labelled_classes"] or ()) or "-",
        }
        for i in facts.images
    ]
    lead = [
        say(
            "Blurred: less than {part} of the median sharpness of the source. Too dark: mean "
            "brightness below {dark} of 255.",
            part=percent(BLURRED),
            dark=f"{DARK:g}",
        ),
        say(
            "Objects of classes that a source does not label are on its photographs all the same; "
            "they are neither labels nor background there."
        ),
    ]
    return Section("photographs", say("The photographs"), lead, [Table(columns, rows)])


def rules(say: Say, facts: Facts) -> Section:
    """Every rule of reading and opening, with examples."""
    columns = {
        "rule": say("rule"),
        "meaning": say("what it means"),
        "action": say("action"),
        "count": say("count"),
        "share": say("share of rows"),
        "where": say("where"),
        "examples": say("examples: file:row value"),
    }
    total = sum(rows_read(facts, source)[1] for source in facts.images) or 1
    by_rule: dict[tuple[str, str], list[Row]] = {}
    for d in facts.decisions:
        if d["stage"] in ("read", "facts", "contradictions"):
            by_rule.setdefault((d["rule"], d["action"]), []).append(d)
    rows = [
        {
            "rule": rule,
            "meaning": say(RULE_WORDS.get(rule, "-")),
            "action": say(action),
            "count": sum(d["decisions"] for d in found),
            "share": percent(sum(d["decisions"] for d in found) / total),
            "where": ", ".join(f"{d['source']} {d['decisions']:,}" for d in found),
            "examples": " · ".join(_examples(found)),
        }
        for (rule, action), found in by_rule.items()
    ]
    rows.sort(key=lambda row: -int(row["count"]))
    lead = say(
        "What reading the label files and opening the photographs brought up, of {rows} label "
        "rows in all. All of it is done; nothing here needs a recipe field.",
        rows=f"{total:,}",
    )
    return Section("rules", say("Defects by rule"), [lead], [Table(columns, rows)])


def _examples(decisions: list[Row]) -> list[str]:
    """Up to three, of different sources where there are several."""
    turns = zip_longest(*(d["examples"] for d in decisions))
    texts = [_example(e) for turn in turns for e in turn if e is not None]
    return list(dict.fromkeys(texts))[:3]


def _example(example: Row) -> str:
    where = example["file"] if example["row"] is None else f"{example['file']}:{example['row']}"
    return f"{where} {example['value'] or ''}".strip()


def method(say: Say) -> Section:
    """By which rule sources were judged."""
    return Section(
        "method",
        say("How this was judged"),
        [
            say(
                "Doubtful: labels are wrong in a way that no recipe field fixes (labelled twice, "
                "two names, different labels for one scene, unusable rows or images). Usable: "
                "something else stands out. Good: nothing does. A share of fewer than 10 cases, or "
                "fewer than 3 hits, is only a note."
            ),
            say(
                "The limits tried here are those of version 9: with the same amount of data they "
                "took mAP50 of the team's model from 0.801 to 0.868."
            ),
        ],
    )
