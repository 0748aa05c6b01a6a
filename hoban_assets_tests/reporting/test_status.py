from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from built_world import World, declarations

from hoban_assets.freshness.declared import Declared, declared
from hoban_assets.ingredients import Change, changes
from hoban_assets.language import korean, speaker
from hoban_assets.reporting.blocks import Bars, Heading, table
from hoban_assets.reporting.markdown import markdown, markdown_rows
from hoban_assets.reporting.status import document as status_document
from hoban_assets.reporting.status.builds import pivoted
from hoban_assets.reporting.status.document import write_status
from hoban_assets.reporting.status.figures import status_of
from hoban_assets.reporting.status.recipe_words import recipe_sentences
from hoban_assets.reporting.status.words import age_text, ways_out

english = speaker("en")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """v9 with model, up to date but for a check, and a helmet_60k that was built again."""
    world = World.in_folder(tmp_path_factory.mktemp("world"))
    world.build_v9()
    world.build_stage("helmet_60k", images=3)
    steps = {"images_in": [5, 4], "images_kept": [4, 4], "images_dropped": [1, 0]}
    boxes = {"boxes_in": [9, 4], "boxes_kept": [4, 4], "boxes_dropped": [5, 0]}
    world.build_dataset(
        "dataset_v9",
        inputs={"helmet_60k": "an older one"},
        stages=pd.DataFrame(
            {"stage": ["dedupe", "quota"], **steps, **boxes, "seconds": [1.0, 1.0]}
        ),
        checks=pd.DataFrame(
            {
                "name": ["quotas_reached", "sources_survive"],
                "passed": [False, True],
                "blocking": [False, False],
                "text": ["short: fallen 2 of 3,000", ""],
                "numbers": [
                    "{}",
                    '{"coco/before": 32, "coco/after": 1, "coco/area_too_small": 31}',
                ],
            }
        ),
    )
    figures = [("all", 0.9), ("fallen", 0.875)]
    world.build_model(
        "model_v9",
        metrics=pd.DataFrame(
            [
                {"epoch": 12, "split": "val_labelled", "source": "all", "class_name": c}
                | {"metric": "mAP50", "value": v}
                for c, v in figures
            ]
            + [{"epoch": 30, "split": "train", "source": "all", "metric": "loss", "value": 1.0}]
        ),
    )
    return world


def test_every_declared_asset_is_listed_in_both_partitions(world):
    found = [(a.asset, a.partition) for a in status_of(world.settings).artifacts]
    assert sorted(found) == sorted((n, p) for n in declarations() for p in ("sub", "full"))


def test_stages_come_before_datasets_before_models(world):
    kinds = [a.kind for a in status_of(world.settings).artifacts]
    assert kinds == sorted(kinds, key=["stage", "dataset", "model"].index)


def test_an_artifact_tells_its_counts_checks_age_and_disk_use(world):
    dataset = world.artifact("dataset_v9")
    assert (dataset.images, dataset.boxes) == (2, 4)
    assert dataset.classes == {"person": 2, "fallen": 2}
    assert [c["name"] for c in dataset.checks] == ["quotas_reached"]
    assert dataset.use.files == 1
    assert abs(datetime.now(UTC) - dataset.built_at) < timedelta(minutes=5)


def test_composition_counts_each_class_source_and_split(world):
    (rows,) = pivoted(status_of(world.settings).composition).values()
    assert rows[0] == {
        "class_name": "person",
        "source": "coco",
        "train_images": 1,
        "train_boxes": 1,
        "val_images": 1,
        "val_boxes": 1,
    }
    assert [row["class_name"] for row in rows] == ["person", "fallen"]


def test_what_mends_is_one_command_for_data_and_one_for_models(world):
    assert ways_out(status_of(world.settings)) == [
        "dagster asset materialize --select dataset_v9 --partition sub",
        "dagster asset materialize --select model_v9 --partition sub",
    ]


def test_an_empty_data_root_is_an_answer_and_is_not_created(tmp_path):
    world = World(tmp_path)
    found = status_of(world.settings)
    assert found.built == []
    assert not world.settings.data_root.exists()


def test_declarations_are_taken_from_the_cache_until_the_code_changes(tmp_path, monkeypatch):
    first = declared(tmp_path / "cache")
    monkeypatch.setattr(
        "hoban_assets.freshness.declared.read_declared",
        lambda: [Declared("read again", "stage")],
    )
    assert declared(tmp_path / "cache") == first == list(declarations().values())
    monkeypatch.setattr("hoban_assets.freshness.declared._key", lambda: "other code")
    assert [d.name for d in declared(tmp_path / "cache")] == ["read again"]


def test_the_document_tells_what_exists_why_it_is_stale_and_how_it_came_about(world):
    lines: list[str] = []
    report = write_status(world.settings, "full", lines.append)
    text, page = (file.read_text(encoding="utf-8") for file in report.files)
    assert [f.name for f in report.files] == ["DATASET_STATUS.md", "DATASET_STATUS.html"]
    for told in (
        "| dataset_v9 | sub | stale |",
        "helmet_60k was built again since, with other rows",
        "Made from, best first: helmet_60k, coco_person, fallen_pool.",
        "A box of person_with_helmet: below 2 % of the image it becomes an ignore region",
        "| person | coco | 1 | 1 | 1 | 1 |",
        "| dedupe | of near-duplicates only the best one stays | 5 → 4 | 9 → 4 | 1 | 5 |",
        "Steps that removed nothing: quota",
        "Best epoch 12 of 30 trained",
        "| fallen | 0.875 |",
        "short: fallen 2 of 3,000",
        "coco 32 -> 1: 31 below area.least",
        ",dataset_v9 --partition sub",  # after its stages, whose raw files changed
        str(world.settings.catalog_path),
    ):
        assert told in text
    assert "<h3" in page
    assert "Made from, best first" in page
    assert "http" not in page
    assert "raw files" in lines[0]
    assert report.numbers["stale"] == len(status_of(world.settings, check_raw=True).of("stale"))
    assert "| dataset_v9 | sub |" in report.preview


def test_the_korean_document_leaves_no_sentence_in_english(world, monkeypatch):
    missing = set()

    def listening(language: str):
        say = speaker(language)

        def heard(text: str, **values: object) -> str:
            missing.update({text} - set(korean()))
            return say(text, **values)

        return heard

    monkeypatch.setattr(status_document, "speaker", listening)
    report = write_status(replace(world.settings, language="ko"), "sub", lambda line: None)
    assert missing == set()
    assert "갱신 필요" in report.files[0].read_text(encoding="utf-8")


def test_a_document_of_an_empty_data_root_says_what_can_be_built(tmp_path):
    report = write_status(World.in_folder(tmp_path).settings, "sub", lambda line: None)
    text = report.files[0].read_text(encoding="utf-8")
    assert "Nothing is built yet below" in text
    assert "dataset_v9" in text


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=47), "47 hours ago"),
        (timedelta(days=12), "12 days ago"),
    ],
)
def test_ages_are_told_in_the_largest_unit_that_says_enough(age, text):
    now = datetime(2026, 2, 7, 12, tzinfo=UTC)
    assert age_text(now - age, now, english) == text


def test_a_recipe_in_words_takes_the_numbers_of_its_partition():
    recipe = declarations()["dataset_v9"].recipe
    sub, full = (recipe_sentences(recipe, p, english) for p in ("sub", "full"))
    assert any("Up to 3,000 boxes of each class" in s for s in sub)
    assert any("Up to 30,000 boxes of each class" in s for s in full)
    assert any("Images with more than 10 persons" in s for s in sub)


def test_a_recipe_of_an_older_release_is_told_as_far_as_it_goes():
    assert recipe_sentences({"max_persons": 3}, "sub", english) == [
        "Images with more than 3 persons are left out."
    ]


def test_changes_are_found_at_any_depth_and_lists_are_compared_whole():
    before = {"quota": {"sub": 1, "full": 2}, "stages": ["a", "b"], "order": None}
    after = {"quota": {"sub": 1, "full": 3}, "stages": ["b", "a"], "extra": True}
    assert changes(before, after) == [
        Change("quota.full", 2, 3),
        Change("stages", ["a", "b"], ["b", "a"]),
        Change("extra", None, True),
    ]
    assert str(changes(before, after)[1]) == "stages: a, b -> b, a"
    assert str(changes(before, after)[2]) == "extra: - -> true"


def test_markdown_of_rows_puts_numbers_right_and_escapes_pipes():
    rows = [{"name": "a|b", "n": 1234, "share": 0.5}, {"name": None, "n": None, "share": 1.0}]
    assert markdown_rows(rows, {"n": "count", "name": "who"}).splitlines() == [
        "| count | who |",
        "| ---: | --- |",
        "| 1,234 | a\\|b |",
        "| - | - |",
    ]
    assert markdown_rows([]) == "(none)"
    assert markdown_rows([], {"n": "count"}) == "| count |\n| --- |"


def test_a_document_is_its_blocks():
    blocks = [Heading(2, "Title"), Bars({"a": {"": 1}}), table([{"a": 1}], {"a": "A"})]
    assert markdown(blocks) == "## Title\n\n| A |\n| ---: |\n| 1 |\n"


def test_the_documents_lie_below_reports(world):
    report = write_status(world.settings, "sub", lambda line: None)
    assert {Path(f).parent for f in report.files} == {world.settings.reports}
