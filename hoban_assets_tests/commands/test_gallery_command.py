import pytest
from gallery_road import BARE, HELMET, box, photograph, recorded, samples
from typer.testing import CliRunner

from hoban_assets.cli import app
from hoban_assets.commands.options import class_named
from hoban_assets.errors import HobanError

IDS = [f"helmet_60k/{n}.jpg" for n in range(4)]


@pytest.fixture
def road(tmp_path, monkeypatch):
    monkeypatch.setenv("HOBAN_DATA_ROOT", str(tmp_path / "data"))
    monkeypatch.setenv("HOBAN_RAW_ROOT", str(tmp_path / "raw"))
    monkeypatch.setenv("HOBAN_LANG", "en")
    monkeypatch.delenv("WSL_DISTRO_NAME", raising=False)
    boxes = [box(IDS[0], HELMET, 0.1), box(IDS[1], BARE, 0.2), box(IDS[2], BARE, 0.3)]
    recorded(tmp_path, samples(IDS, boxes))
    for i in IDS:
        photograph(tmp_path / "raw" / i)
    return tmp_path


def run(*arguments):
    result = CliRunner().invoke(app, ["gallery", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_it_says_where_the_pictures_lie_and_how_to_open_them(road):
    told = run("helmet_60k", "--class", "08", "--count", "1", "--order", "largest").stdout
    folder = road / f"data/reports/gallery/helmet_60k/sub/{BARE}-largest"
    assert f"{BARE}: 1 picture" in told
    assert str(folder) in told
    assert (folder / "index.html").as_uri() in told
    assert (folder / "01_2.jpg").exists()


def test_all_draws_each_class_in_turn_and_backgrounds(road):
    told = run("helmet_60k").stdout
    folder = road / "data/reports/gallery/helmet_60k/sub"
    for name in (f"{HELMET}-area", f"{BARE}-area", "background-random"):
        assert str(folder / name) in told
        assert (folder / name / "index.html").exists()
    assert (folder / "index.html").as_uri() in told


def test_what_is_gone_is_said_and_the_rest_drawn(road):
    (road / "raw" / IDS[2]).unlink()
    (road / "raw" / IDS[0]).unlink()
    result = run("helmet_60k")
    assert result.exit_code == 0
    assert f"left out: {IDS[2]}" in result.stderr
    assert "none of 1 images could be drawn" in result.stderr
    assert f"{BARE}: 1 picture" in result.stdout


def test_a_raw_root_that_is_gone_is_an_error_with_a_way_out(road, monkeypatch):
    monkeypatch.setenv("HOBAN_RAW_ROOT", str(road / "elsewhere"))
    with pytest.raises(HobanError, match="HOBAN_RAW_ROOT"):
        run("helmet_60k")


@pytest.mark.parametrize(
    ("arguments", "way_out"),
    [
        (["helmet_60"], "did you mean helmet_60k"),
        (["helmet_60k", "--class", "backround"], "did you mean background"),
        (["helmet_60k", "--order", "larger"], "did you mean largest"),
        (["helmet_60k", "--rule", "area_outlier"], "known: none yet"),
    ],
)
def test_a_mistyped_word_is_answered_with_the_nearest(road, arguments, way_out):
    with pytest.raises(HobanError, match=way_out):
        run(*arguments)


def test_a_korean_word_for_no_class_is_answered_with_the_korean_names(road, monkeypatch):
    with pytest.raises(HobanError) as told:
        run("helmet_60k", "--class", "안전")
    assert told.value.way_out == f"known: {HELMET}, {BARE}, person, fallen, background, all"
    monkeypatch.setenv("HOBAN_LANG", "ko")
    with pytest.raises(HobanError) as told:
        run("helmet_60k", "--class", "안전")
    assert told.value.way_out.startswith(f"known: {HELMET} = 안전모 착용, {BARE} = 안전모 미착용,")
    listed = told.value.way_out.removeprefix("known: ").split(", ")
    for name, _, korean in (each.partition(" = ") for each in listed[:-1]):
        assert class_named(korean, "background") == name
