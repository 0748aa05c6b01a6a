"""The chapter of the quality report about annotations that may be wrong."""

from __future__ import annotations

from hoban_assets.language import Say
from hoban_assets.reporting.page import percent
from hoban_assets.reporting.quality.facts import Facts
from hoban_assets.reporting.quality.parts import Section, Table
from hoban_assets.reporting.quality.sql import CONFLICT, SAME_BOX, SAME_PICTURE
from hoban_assets.reporting.quality.totals import duplicates_of


def doubts(say: Say, facts: Facts) -> Section:
    """Counts of boxes and pairs of boxes worth a second look."""
    tables = [_agreement(say, facts), _odd_boxes(say, facts), _coinciding(say, facts)]
    return Section("doubts", say("Doubtful annotations"), (), [t for t in tables if t.rows])


def _agreement(say: Say, facts: Facts) -> Table:
    columns = {
        "source": say("source"),
        "gone": say("near-duplicates removed"),
        "alike": say("of the same moment"),
        "apart": say("labelled otherwise"),
        "share": say("share"),
        "where": say("removed in"),
    }
    found = [d for d in (duplicates_of(facts, i) for i in facts.images) if d]
    rows = [
        {
            "source": d["source"],
            "gone": d["images"],
            "alike": d["alike"],
            "apart": d["disagreeing"],
            "share": percent(d["disagreeing"] / d["alike"]) if d["alike"] else "-",
            "where": d["asset"],
        }
        for d in found
    ]
    lead = say(
        "How far two labellings of the same moment agree: removed near-duplicates of similarity "
        "{alike} and above, compared with the photograph that was kept. Below that, frames of a "
        "person in motion rightly differ.",
        alike=SAME_PICTURE,
    )
    return Table(columns, rows, lead=lead)


def _odd_boxes(say: Say, facts: Facts) -> Table:
    columns = {
        "source": say("source"),
        "class": say("class"),
        "labels": say("labels"),
        "band_6": say("20 % and more"),
        "whole": say("above 70 %"),
        "far": say("class outliers"),
        "slim": say("unusual shape"),
        "cut": say("cut by the border"),
    }
    counts = ("labels", "band_6", "whole", "far", "slim", "cut")
    rows = [
        {"source": b["source"], "class": say(b["class_name"]), **{k: b[k] for k in counts}}
        for b in facts.boxes
        if b["labels"]
    ]
    return Table(columns, rows, lead=say("Boxes worth a second look, by number."))


def _coinciding(say: Say, facts: Facts) -> Table:
    columns = {
        "source": say("source"),
        "class": say("class"),
        "other": say("other class"),
        "pairs": say("pairs"),
        "images": say("images"),
    }
    rows = [
        {
            "source": o["source"],
            "class": say(o["class_name"]),
            "other": say(o["other_class"]),
            "pairs": o["pairs"],
            "images": o["images"],
        }
        for o in facts.overlaps
    ]
    lead = say(
        "Pairs of boxes that nearly coincide: of one class with an IoU above {same}, of two "
        "classes above {conflict}.",
        same=SAME_BOX,
        conflict=CONFLICT,
    )
    return Table(columns, rows, lead=lead)
