"""Teachers of a stage: what may be declared, how they are asked, and when their work is stale."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from builders import samples_of
from teaching_tools import BODY

from hoban_assets.catalog.store import Catalog
from hoban_assets.components.teaching import model_versions
from hoban_assets.curation.completion.limits import Limits
from hoban_assets.errors import HobanError
from hoban_assets.formats.source import RawSource
from hoban_assets.freshness.declared import STAGE, declared_stage
from hoban_assets.freshness.facts import Built, Now
from hoban_assets.freshness.staleness import STALE, UP_TO_DATE, judge
from hoban_assets.ledger import Ledger
from hoban_assets.pipeline.completing import completed, no_network, teacher_versions
from hoban_assets.pipeline.stage import Stage, stage_ingredients
from hoban_assets.pipeline.teaching import Completion, Teacher
from hoban_assets.settings import Settings

HEADS = ("person_with_helmet", "person_without_helmet")
YARD = RawSource("s", "s", "yolo", {"person": "person"})
FILE = Teacher("file", {"human": "person"}, predictions="p.jsonl")


def settings(folder: Path) -> Settings:
    return Settings.from_env({"HOBAN_DATA_ROOT": str(folder), "HOBAN_RAW_ROOT": str(folder)})


def line(file: str, score: float, name: str = "human") -> str:
    return json.dumps({"file": file, "class_name": name, "score": score, "box": BODY}) + "\n"


def heads(count: int = 1, labelled=HEADS):
    names = [f"s/{k}.jpg" for k in range(count)]
    return samples_of({name: [(labelled[0], 0.01)] for name in names}, labelled=labelled)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "t"},
        {"name": "t", "weights": "a.pt", "predictions": "b.json", "classes": {"a": "person"}},
        {"name": "t", "weights": "a.pt"},
        {"name": "t", "weights": "a.pt", "classes": {"a": "persons"}},
        {"name": "t", "weights": "a.zip", "classes": {"a": "person"}},
        {"name": "t", "model": "model_v1", "scales": ()},
    ],
)
def test_a_teacher_that_cannot_teach_is_refused_where_it_is_declared(wrong):
    with pytest.raises(ValueError, match="teacher t"):
        Teacher(**wrong)


@pytest.mark.parametrize(
    "wrong", [{"box": 1.5}, {"ignore": 0.0}, {"ignore": 0.6}, {"confirmed": 0.7}]
)
def test_limits_in_another_order_are_refused(wrong):
    with pytest.raises(ValueError, match="limits"):
        Limits(**wrong)


def test_two_teachers_of_one_name_and_none_at_all_are_refused():
    with pytest.raises(ValueError, match="names of their own"):
        Completion((FILE, FILE))
    with pytest.raises(ValueError, match="names of their own"):
        Completion(())


def test_a_file_that_teaches_counts_by_its_content_and_must_be_there(tmp_path):
    with pytest.raises(HobanError, match=r"teacher file: there is no file .*p\.jsonl"):
        teacher_versions(Completion((FILE,)), settings(tmp_path))
    (tmp_path / "teachers").mkdir()
    (tmp_path / "teachers/p.jsonl").write_text("1")
    before = teacher_versions(Completion((FILE,)), settings(tmp_path))
    (tmp_path / "teachers/p.jsonl").write_text("2")
    after = teacher_versions(Completion((FILE,)), settings(tmp_path))
    assert set(before) == {"teacher file"}
    assert before != after


def test_a_file_and_two_views_of_a_network_vote(tmp_path):
    (tmp_path / "teachers").mkdir()
    (tmp_path / "teachers/p.jsonl").write_text(line("s/0.jpg", 0.9))
    network = Teacher("net", {"human": "person"}, weights="net.pt")

    def teach(teacher, files):
        assert (teacher, list(files)) == (network, ["s/0.jpg"])
        for size, text in (("640", line("s/0.jpg", 0.6)), ("960", "")):
            (tmp_path / f"{size}.jsonl").write_text(text)
        return {size: tmp_path / f"{size}.jsonl" for size in ("640", "960")}

    made, chosen = completed(
        heads(),
        Completion((FILE, network)),
        settings(tmp_path),
        Ledger(lambda text: None),
        teach,
        lambda source: pytest.fail("nothing is measured"),
    )
    (added,) = made.boxes[made.boxes.score.notna()].itertuples()
    assert added.score == pytest.approx((0.9 + 0.6 + 0.0) / 3)
    assert added.teacher == "file+net@640"
    assert chosen == {}


def test_limits_are_chosen_on_a_source_that_labels_the_class(tmp_path):
    (tmp_path / "teachers").mkdir()
    persons = samples_of(
        {f"p/{k}.jpg": [("person", 0.21)] for k in range(60)}, labelled=("person",)
    )
    half = (0.5 - 0.21**0.5 / 2, 0.5 + 0.21**0.5 / 2)
    box = (half[0], half[0], half[1], half[1])
    lines = [
        json.dumps({"file": f"p/{k}.jpg", "class_name": "human", "score": 0.4, "box": box})
        for k in range(60)
    ]
    (tmp_path / "teachers/p.jsonl").write_text("\n".join([*lines, line("s/0.jpg", 0.42)]))
    made, chosen = completed(
        heads(),
        Completion((FILE,), measured_on=(YARD,)),
        settings(tmp_path),
        Ledger(lambda text: None),
        no_network,
        lambda source: persons,
    )
    assert chosen["person"].limits.box <= 0.4
    assert (chosen["person"].objects, chosen["person"].recall) == (60, 1.0)
    assert set(made.images.source) == {"s"}  # what was measured on is not in the stage
    assert (~made.boxes["ignore"] & (made.boxes.origin == "teacher")).sum() == 1


def test_without_dagster_a_network_is_refused(tmp_path):
    network = Teacher("net", model="model_v1")
    with pytest.raises(HobanError, match="net is a network"):
        completed(
            heads(),
            Completion((network,)),
            settings(tmp_path),
            Ledger(lambda text: None),
            no_network,
            lambda source: heads(),
        )


def test_a_model_that_was_never_trained_is_named_with_the_command(tmp_path):
    completion = Completion((Teacher("m", model="model_v1"),))
    with pytest.raises(HobanError, match=r"model_v1 \[sub\], which completes labels") as caught:
        model_versions(completion, Catalog(tmp_path / "catalog.duckdb"), "sub")
    assert "model_v1" in caught.value.way_out


def test_a_stage_is_stale_where_its_teacher_was_trained_again():
    stage = Stage("s", "", (YARD,), complete=Completion((Teacher("m", model="model_v1"),)))
    declared = replace(declared_stage(stage), sources=())
    model = replace(declared, name="model_v1", kind="model", inputs={}, recipe={})
    made = stage_ingredients(stage, "sub", "", "code", {"raw/s": "1", "model_v1": "old"})

    def verdict(version: str) -> str:
        built = {
            "s": Built("rows", "code", stage.as_recipe(), made["inputs"], None, made),
            "model_v1": Built(version, "code", {}),
        }
        now = Now(Path(), {STAGE: "code", "dataset": "code", "model": "code"})
        return judge([model, declared], built, "sub", now)["s"].state

    assert verdict("old") == UP_TO_DATE
    assert verdict("new") == STALE
