"""Every rule that decides anything is declared once, with its actions and its words."""

import re
from pathlib import Path

import pytest

import hoban_assets
from hoban_assets.language import plain, speaker
from hoban_assets.rules import defects, meaning, rules, short

PACKAGE = Path(hoban_assets.__file__).parent
PARTS = ("formats", "curation", "pipeline", "corrections", "observing", "evaluation")
DECIDING = (*PARTS, "samples.py")
ACTIONS = ("drop", "ignore", "repair", "merge", "add", "correct", "review")
RULE_IN_CODE = re.compile(
    r'(?:drop_image\([^"()]*|decide\([^"()]*|rule=\[?|_verdicts\([^"]*?, '
    r"|_of_images\(|_drop_rows\(result, |yield |refused=|\.ignored\[[^\]]*\] = |rule = "
    r'|_repairs\(\s*|_problems\.append\(\([^"]*?|_REGIONS = .*: )'
    r'"([a-z]+_[a-z_]+|clipped|crowd|undecodable)"'
)
WITH_ACTION = re.compile(rf'"([a-z]+_[a-z_0-9]+|clipped)",\s+"({"|".join(ACTIONS)})"')
CODE = {
    file: file.read_text(encoding="utf-8")
    for part in DECIDING
    for file in ([PACKAGE / part] if part.endswith(".py") else (PACKAGE / part).rglob("*.py"))
}


def test_every_rule_in_the_code_is_declared():
    used = {rule for text in CODE.values() for rule in RULE_IN_CODE.findall(text)}
    assert {"box_malformed", "undecodable", "label_missing", "clipped", "size_scaled"} <= used
    assert {"box_contradicted", "other_unit", "copies_contradict", "confidence_row"} <= used
    assert {"over_quota", "near_duplicate", "area_too_small"} <= used
    assert used <= set(rules())


def test_every_declared_rule_is_used_or_answers_a_diff():
    everything = "".join(CODE.values())
    answers = (PACKAGE / "catalog" / "differences_reasons.sql").read_text(encoding="utf-8")
    unused = {
        name
        for name, rule in rules().items()
        if f'"{name}"' not in everything and (rule.actions or f"'{name}'" not in answers)
    }
    assert unused - {"label_differs"} == set()  # asked for the boxes of an image


def test_actions_are_those_that_the_code_takes():
    taken = {pair for text in CODE.values() for pair in WITH_ACTION.findall(text)}
    assert len(taken) > 20
    assert {(r, a) for r, a in taken if a not in rules()[r].actions} == set()


NO_DEFECT = frozenset({"class_not_used", "not_read", "row_deleted", "not_labelled_yet"})
"""What readers leave out although it is as it says."""


def test_what_readers_drop_is_a_defect_that_reports_count_or_named_as_none():
    texts = [text for file, text in CODE.items() if file.is_relative_to(PACKAGE / "formats")]
    used = {rule for text in texts for rule in RULE_IN_CODE.findall(text)}
    dropped = {name for name in used if "drop" in rules()[name].actions}
    assert len(dropped) > 15
    assert dropped - NO_DEFECT <= defects("row") | defects("image")
    assert not NO_DEFECT & (defects("row") | defects("image"))
    assert all("drop" in rules()[name].actions for name in defects("row") | defects("image"))


@pytest.mark.parametrize("rule", rules().values(), ids=lambda rule: rule.name)
def test_every_text_is_there_in_both_languages(rule):
    assert set(rule.actions) <= set(ACTIONS)
    assert rule.meaning or rule.short
    assert bool(rule.meaning) == bool(rule.meaning_ko)
    assert bool(rule.short) == bool(rule.short_ko)
    assert bool(rule.actions) == bool(rule.meaning)


def test_a_rule_is_told_in_short_and_in_full():
    assert short("crowded", plain) == "too many persons on the image"
    assert short("clipped", plain) == "The box reached over the border of the image"
    assert short("unheard_of", plain) == "unheard_of"
    assert meaning("unheard_of", plain) == "-"
    assert short("crowded", speaker("ko")) == rules()["crowded"].short_ko
