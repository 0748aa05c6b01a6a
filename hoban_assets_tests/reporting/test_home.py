"""The first page: what exists, what is out of date, and one next step."""

import pytest
from built_world import World

from hoban_assets.reporting.blocks import Links
from hoban_assets.reporting.home.document import next_step
from hoban_assets.reporting.home.writing import write_home
from hoban_assets.reporting.markdown import markdown
from hoban_assets.reporting.status.figures import status_of


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return World.in_folder(tmp_path_factory.mktemp("home"))


def test_the_next_step_goes_from_nothing_to_a_model(world):
    def step():
        return next_step(status_of(world.settings, composition=False))[1]

    assert step() == "hoban build v9"
    for name in ("helmet_60k", "coco_person", "fallen_pool", "background"):
        world.build_stage(name)
    world.build_dataset("dataset_v9")
    assert step() == "hoban build v9 --model --partition sub"
    world.build_model("model_v9")
    assert step() == "hoban results model_v9 --partition sub --page"


def test_the_page_tells_what_is_built_and_leads_to_the_reports(world):
    report = world.settings.reports / "results" / "model_v9.html"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text("<p>")
    page = write_home(world.settings).read_text(encoding="utf-8")
    assert 'href="results/model_v9.html"' in page
    assert "dataset_v9" in page
    assert "<script" not in page


def test_links_are_told_in_markdown_too():
    told = markdown([Links([("status", "DATASET_STATUS.html", "all of it")])])
    assert told == "- [status](DATASET_STATUS.html): all of it\n"


def test_where_nothing_is_built_the_page_says_how_to_begin(tmp_path):
    page = write_home(World.in_folder(tmp_path).settings).read_text(encoding="utf-8")
    assert "hoban build v9" in page
