import json

import pytest
from gallery_road import BARE, box, photograph, recorded, samples
from typer.testing import CliRunner

from hoban_assets.cli import app
from hoban_assets.errors import HobanError

IDS = [f"helmet_60k/{n:02d}.jpg" for n in range(12)]


@pytest.fixture
def road(tmp_path, monkeypatch):
    monkeypatch.setenv("HOBAN_DATA_ROOT", str(tmp_path / "data"))
    monkeypatch.setenv("HOBAN_RAW_ROOT", str(tmp_path / "raw"))
    monkeypatch.setenv("HOBAN_LANG", "en")
    monkeypatch.delenv("HOBAN_IMAGE_SIZE", raising=False)
    monkeypatch.delenv("WSL_DISTRO_NAME", raising=False)
    boxes = [box(i, BARE, (n + 1) / 100) for n, i in enumerate(IDS)]
    recorded(tmp_path, samples(IDS, boxes))
    return tmp_path


def run(*arguments):
    result = CliRunner().invoke(app, ["sizes", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


def test_the_table_of_the_team_top_n_and_the_area_of_the_last(road):
    lines = run("helmet_60k", "--class", "08", "--top", "5", "--top", "10").splitlines()
    assert [line.split()[:2] for line in lines if line.lstrip().startswith(("5 ", "10 "))] == [
        ["5", "8.000"],
        ["10", "3.000"],
    ]


def test_the_tops_are_those_of_the_team_and_what_is_missing_is_said(road):
    assert "There are only 12: no top 5,000, 10,000, 15,000, 20,000." in run(
        "helmet_60k", "--class", "08"
    )


def test_it_speaks_korean(road, monkeypatch):
    monkeypatch.setenv("HOBAN_LANG", "ko")
    told = run("helmet_60k", "--class", "1")
    assert "이미지 12장, 라벨 12개" in told
    assert "안전모 미착용" in told


def test_json_holds_shares_as_numbers_and_the_training_size(road):
    found = json.loads(run("helmet_60k", "--class", BARE, "--image-size", "320", "--json"))
    assert found["image_size"] == 320
    assert found["top"] == [
        {"top": 12, "area_of_last": 0.01, "side_of_last": pytest.approx(27.7128)}
    ]
    assert found["too_few_for"] == [5000, 10000, 15000, 20000]


def test_gallery_draws_both_ends_for_the_eye(road):
    for i in IDS:
        photograph(road / "raw" / i)
    found = json.loads(run("helmet_60k", "--class", "08", "--gallery", "--json"))
    folder = road / "data/reports/gallery/helmet_60k/sub"
    assert found["galleries"] == {
        "smallest": str(folder / f"{BARE}-smallest"),
        "largest": str(folder / f"{BARE}-largest"),
    }
    assert len(list((folder / f"{BARE}-largest").glob("*.jpg"))) == 10
    assert str(folder / f"{BARE}-largest") in run("helmet_60k", "--class", "08", "--gallery")


def test_a_mistyped_name_is_answered_with_the_nearest(road):
    slip = run("helmet_60k", "--class", "person_wihtout_helmet")
    assert slip == run("helmet_60k", "--class", "미착용")
    with pytest.raises(HobanError, match="no class 'gloves' -> known: person_with_helmet"):
        run("helmet_60k", "--class", "gloves")
    with pytest.raises(HobanError, match="did you mean helmet_60k"):
        run("helmet60k", "--class", "08")
