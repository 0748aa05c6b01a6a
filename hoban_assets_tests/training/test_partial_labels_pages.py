"""What the proof says of its figures, and that its pages show the figures that were kept."""

import json

import pytest

from benchmarks.partial_labels.common import ARMS, COMPLETED, FULL, MASKED, NAIVE
from benchmarks.partial_labels.criteria import PARTS, criteria, suffering
from benchmarks.partial_labels.page import MEASURED, PAGES, with_tables
from benchmarks.partial_labels.summary import frame, text
from benchmarks.partial_labels.words import WORDS


def run(part, arm, seed, recall, alarms=0.5, ap=0.5):
    figures = [
        {
            "on": "all",
            "class": name,
            "images": 10,
            "labels": labels,
            "mAP50": ap if labels else None,
            "mAP50-95": ap / 2 if labels else None,
            "precision": 0.9,
            "recall": value if labels else None,
            "false_alarms": alarms,
        }
        for name, value, labels in (("person", recall, 20), ("fallen", 0.8, 20), ("rare", 0, 0))
    ]
    about = {"epochs": 3, "size": 64, "images": 5, "boxes": 9, "regions": 0, "judged_images": 10}
    return {
        "part": part,
        "arm": arm,
        "seed": seed,
        "processor_seconds": 60.0,
        "figures": figures,
        **about,
    }


def verdicts(runs):
    lines = list(criteria(frame(runs), WORDS["en"]))
    return {asked: (measured, verdict) for asked, measured, verdict in lines}


def of(found, *parts):
    return next(value for asked, value in found.items() if all(p in asked for p in parts))


GOOD = {NAIVE: 0.4, MASKED: 0.61, COMPLETED: 0.79, FULL: 0.8}


@pytest.fixture
def runs():
    """Two seeds of all ways on drawn photographs; only persons lose recall."""
    return [run("drawn", arm, seed, GOOD[arm] + seed / 100) for seed in (0, 1) for arm in ARMS]


def test_a_class_suffers_where_naive_training_loses_recall(runs):
    assert suffering(frame(runs)) == ["person"]


def test_what_is_won_back_is_a_share_of_what_was_lost(runs):
    found = verdicts(runs)
    measured, verdict = of(found, "masked", "wins back")
    assert "person 52%" in measured
    assert verdict == "reached"
    assert of(found, "completed", "wins back")[1] == "reached"


def test_a_seed_that_not_all_ways_have_yet_moves_no_share(runs):
    more = [*runs, run("drawn", NAIVE, 2, 0.0), run("drawn", FULL, 3, 1.0)]
    assert of(verdicts(more), "masked", "wins back") == of(verdicts(runs), "masked", "wins back")


@pytest.mark.parametrize(("recall", "verdict"), [(0.75, "**missed**"), (0.77, "reached")])
def test_nine_tenths_are_asked_of_completed_labels(runs, recall, verdict):
    others = [r for r in runs if r["arm"] != COMPLETED]
    mine = [run("drawn", COMPLETED, seed, recall) for seed in (0, 1)]
    assert of(verdicts([*others, *mine]), "completed", "wins back")[1] == verdict


@pytest.mark.parametrize(("ap", "verdict"), [(0.40, "**missed**"), (0.49, "reached")])
def test_below_naive_is_below_by_more_than_the_seeds_differ(ap, verdict):
    naive = [run("drawn", NAIVE, seed, 0.5, ap=0.5 + seed / 50) for seed in (0, 1)]
    masked = [run("drawn", MASKED, seed, 0.5, ap=ap + seed / 50) for seed in (0, 1)]
    assert of(verdicts([*naive, *masked]), "mAP50")[1] == verdict


@pytest.mark.parametrize(("alarms", "verdict"), [(0.66, "**missed**"), (0.64, "reached")])
def test_false_alarms_are_held_against_those_of_full_labels(runs, alarms, verdict):
    others = [r for r in runs if r["arm"] != MASKED]
    mine = [run("drawn", MASKED, seed, 0.7, alarms=alarms) for seed in (0, 1)]
    assert of(verdicts([*others, *mine]), "masked", "false alarms")[1] == verdict


def test_without_full_labels_nothing_is_called_won_back():
    found = verdicts([run("real", arm, 0, 0.5) for arm in (NAIVE, MASKED)])
    assert of(found, "wins back") == (WORDS["en"]["no full"], WORDS["en"]["open"])
    assert of(found, "mAP50")[0].endswith(WORDS["en"]["one seed"])


@pytest.mark.parametrize("language", WORDS)
def test_no_training_is_left_out(runs, language):
    told = text({"runs": runs[::-1]}, language)
    for each in runs:
        assert f"| drawn | {each['seed']} | {each['arm']} | person |" in told


def test_what_was_not_trained_is_told(runs):
    assert WORDS["en"]["missing"] not in text({"runs": runs, "missing": []}, "en")
    told = text({"runs": runs, "missing": [["real", "naive", 1]]}, "en")
    assert f"{WORDS['en']['missing']} real naive 1." in told


def test_both_languages_say_the_same():
    assert WORDS["en"].keys() == WORDS["ko"].keys()
    assert set(WORDS["en"]["parts"]) == set(PARTS)


@pytest.mark.parametrize("language", PAGES)
def test_the_page_shows_the_figures_that_were_kept(language):
    page = PAGES[language].read_text(encoding="utf-8")
    assert page == with_tables(page, language)


def test_no_training_is_kept_twice():
    runs = json.loads(MEASURED.read_text(encoding="utf-8"))["runs"]
    assert len({(r["part"], r["arm"], r["seed"]) for r in runs}) == len(runs)
