"""What the UI says of an asset, in both languages."""

import re

import dagster as dg
import pytest
from builders import samples_of

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.components.describing import (
    TELLS_OF,
    dataset_text,
    schemas,
    source_text,
    stage_text,
    with_reports,
)
from hoban_assets.curation.checks import DESCRIPTIONS
from hoban_assets.declared.recipes import declared_recipes
from hoban_assets.declared.sources import SOURCES
from hoban_assets.declared.stages import STAGES
from hoban_assets.language import korean, speaker
from hoban_assets.reporting.composition import composition
from hoban_assets.tables import COLUMNS

RECIPES = {recipe.version: recipe for recipe in declared_recipes()}
HANGUL = re.compile("[가-힣]")
ENGLISH = speaker("en")


@pytest.mark.parametrize(
    "text",
    [
        *(stage.description for stage in STAGES),
        *(recipe.description for recipe in RECIPES.values()),
        *DESCRIPTIONS.values(),
    ],
)
def test_what_is_declared_in_english_has_its_korean(text):
    assert text in korean()


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_a_stage_says_in_korean_what_it_is_and_by_which_rules(stage):
    first, *rules = stage_text(stage, speaker("ko")).splitlines()
    assert HANGUL.search(first)
    assert all(HANGUL.search(rule) for rule in rules if rule.startswith("- "))


def test_a_stage_that_removes_duplicates_says_from_where_on():
    texts = {stage.name: stage_text(stage, ENGLISH) for stage in STAGES}
    assert "similar by 0.9 or more" in texts["fallen_pool"]
    assert "similar by" not in texts["coco_person"]
    assert "thrown out" in texts["background"]


def test_a_dataset_tells_every_limit_of_its_recipe():
    text = dataset_text(RECIPES["v9"], ENGLISH)
    assert "A box of fallen: below 0.5 % of the image it becomes an ignore region" in text
    assert "more than 10 persons" in text


def test_what_differs_between_the_partitions_is_said_of_each():
    text = dataset_text(RECIPES["v9"], ENGLISH)
    assert "sub: Up to 3,000 boxes of each class" in text
    assert "full: Up to 30,000 boxes of each class" in text


def test_a_source_says_which_of_its_classes_become_what():
    helmets = next(source for source in SOURCES if source.name == "helmet_60k")
    assert "07 → person_with_helmet" in source_text(helmets, True, ENGLISH)
    assert "Not on this machine" not in source_text(helmets, True, ENGLISH)
    assert source_text(helmets, False, ENGLISH).startswith("Not on this machine. ")


def test_every_column_has_a_type_and_a_note():
    shown = schemas(speaker("ko"))
    assert shown.keys() == {f"columns of {name}" for name in COLUMNS}
    notes = {note for columns in COLUMNS.values() for _, _, note in columns}
    assert sorted(notes - korean().keys() - {", ".join(CLASS_NAMES)}) == []
    for schema in shown.values():
        assert all(column.type and column.description for column in schema.columns)
    names = [column.name for column in shown["columns of boxes"].columns]
    assert names == [name for name, _, _ in COLUMNS["boxes"]]


def test_the_composition_says_which_sources_the_labels_of_a_class_come_from():
    person, fallen = ("person", 0.1), ("fallen", 0.2)
    samples = samples_of({"coco/1": [person, person], "site/1": [person, fallen], "site/2": []})
    assert composition(samples, ENGLISH).to_numpy().tolist() == [
        ["person", 3],
        ["· coco", 2],
        ["· site", 1],
        ["fallen", 1],
        ["· site", 1],
        ["background", 1],
        ["· site", 1],
    ]


def test_an_asset_leads_to_the_reports_that_tell_of_it():
    report = dg.AssetSpec("gallery_v9", metadata={TELLS_OF: ["dataset_v9"]})
    other = dg.AssetSpec("model_v9", deps=["dataset_v9"], group_name="models")
    links = with_reports({spec.key: spec for spec in (report, other)})
    assert links == {
        dg.AssetKey("dataset_v9"): {
            "report/gallery_v9": dg.MetadataValue.asset(dg.AssetKey("gallery_v9"))
        }
    }
