"""The classes are declared once, and adding one moves no id."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from hoban_assets.classes import (
    CLASSES,
    DetectionClass,
    checked,
    exclude_each_other,
    rules_out,
)
from hoban_assets.classes import WITH_HELMET as WORN
from hoban_assets.classes import WITHOUT_HELMET as BARE

VEST = DetectionClass(len(CLASSES), "safety_vest", "안전조끼", "#fab005", "thing")

WITH_A_VEST = f"""
import json, pathlib
import hoban_assets.classes as classes

text = pathlib.Path(classes.__file__).read_text(encoding="utf-8")
entry = 'DetectionClass({VEST.id}, "{VEST.name}", "{VEST.korean}", "{VEST.colour}", "thing"),'
end = ")\\n\\"\\"\\"In the order of their ids."
assert text.count(end) == 1
text = text.replace(end, "    " + entry + "\\n" + end)
exec(compile(text, classes.__file__, "exec"), vars(classes))

from hoban_assets.curation.packed_boxes import CLASS_IDS
from hoban_assets.formats.source import RawSource
from hoban_assets.pipeline.recipe import Recipe
from hoban_assets.publish.yolo_files import CLASS_NAMES
from hoban_assets.language import speaker

recipe = Recipe.model_validate({{
    "version": "v11", "description": "", "stages": ["a"], "quota": {{"sub": 1, "full": 2}},
    "area": {{"safety_vest": {{"least": 0.01}}}},
}})
source = RawSource("vests", "vests", "yolo", {{"vest": "safety_vest"}})
print(json.dumps([
    CLASS_NAMES, CLASS_IDS["safety_vest"], speaker("ko")("safety_vest"),
    classes.class_meant("{VEST.id}"), list(recipe.area), source.ids,
]))
"""


def test_one_entry_adds_a_class_to_labels_recipes_sources_and_texts():
    done = subprocess.run(
        [sys.executable, "-c", WITH_A_VEST], capture_output=True, check=True, encoding="utf-8"
    )
    names, number, korean, meant, area, ids = json.loads(done.stdout)
    assert names == [*(c.name for c in CLASSES), "safety_vest"]
    assert (number, korean, meant) == (VEST.id, "안전조끼", "safety_vest")
    assert area == ["safety_vest"]
    assert ids == {"vest": VEST.id}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (replace(VEST, id=7), "ids must be 0, 1, 2"),
        (replace(VEST, id=0), "ids must be 0, 1, 2"),
        (replace(VEST, name="person"), "declared twice: person"),
        (replace(VEST, name="background"), "declared twice: background"),
        (replace(VEST, aihub="07"), "declared twice: 07"),
    ],
)
def test_a_wrong_entry_is_named(entry, message):
    with pytest.raises(ValueError, match=message):
        checked((*CLASSES, entry))


def test_who_has_fallen_is_no_person_and_a_person_may_have_fallen():
    assert rules_out("fallen", "person")
    assert not rules_out("person", "fallen")
    assert rules_out(WORN, BARE)
    assert not rules_out(WORN, WORN)
    assert not rules_out(WORN, "person")


def test_only_states_of_one_head_exclude_each_other():
    assert exclude_each_other(WORN, BARE)
    assert not exclude_each_other(WORN, WORN)
    assert not exclude_each_other("person", "fallen")
    assert not exclude_each_other(WORN, "person")
