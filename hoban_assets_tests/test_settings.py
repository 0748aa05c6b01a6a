"""Defaults that follow the reader and the data."""

import pytest

from hoban_assets.settings import CHECKOUT, SAMPLE_MARK, Settings, home_of, language_of


@pytest.mark.parametrize(
    ("env", "language"),
    [
        ({}, "ko"),
        ({"LANG": "C.UTF-8"}, "ko"),  # a fresh WSL says nothing of its reader
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "en_US.UTF-8", "HOBAN_LANG": "ko"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "HOBAN_LANG": "en"}, "en"),
    ],
)
def test_the_language_follows_the_locale_unless_it_is_chosen(env, language):
    assert language_of(env) == language


def test_without_dagster_home_relative_settings_start_from_the_checkout(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert home_of({}) == CHECKOUT
    assert Settings.from_env({}).data_root == CHECKOUT / "data"
    assert home_of({"DAGSTER_HOME": str(tmp_path)}) == tmp_path


def test_while_the_raw_root_is_the_sample_a_laptop_can_train(tmp_path):
    env = {"DAGSTER_HOME": str(tmp_path), "HOBAN_RAW_ROOT": "raw"}
    team = Settings.from_env(env)
    assert not team.is_sample
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / SAMPLE_MARK).touch()
    sample = Settings.from_env(env)
    assert (team.weights, team.image_size) == ("yolo26m.pt", 640)
    assert (sample.weights, sample.image_size, sample.is_sample) == ("yolo26n.yaml", 160, True)
    assert sample.epochs["full"] == team.epochs["full"]
    chosen = Settings.from_env({**env, "HOBAN_IMAGE_SIZE": "320", "HOBAN_WEIGHTS": ""})
    assert (chosen.image_size, chosen.weights) == (320, "yolo26n.yaml")


def test_a_relative_path_means_the_same_in_every_command(tmp_path, monkeypatch):
    for folder in ("here/both", "data/both", "data/models", "raw/models", "raw/coco"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    settings = Settings.from_env(
        {"HOBAN_DATA_ROOT": str(tmp_path / "data"), "HOBAN_RAW_ROOT": str(tmp_path / "raw")}
    )
    expected = {"both": "here/both", "models": "data/models", "coco": "raw/coco", "no": "here/no"}
    for typed, place in expected.items():
        assert settings.named(typed) == tmp_path / place
    commands = CHECKOUT / "hoban_assets" / "commands"
    for command in ("predict", "prune", "evaluate", "is_safe_to_delete", "targets"):
        assert "settings.named(" in (commands / f"{command}.py").read_text(encoding="utf-8")


def test_reports_go_elsewhere_where_the_data_root_is_read_only(tmp_path):
    env = {"DAGSTER_HOME": str(tmp_path), "HOBAN_DATA_ROOT": "data"}
    assert Settings.from_env(env).reports == tmp_path / "data" / "reports"
    assert Settings.from_env({**env, "HOBAN_REPORTS": "mine"}).reports == tmp_path / "mine"
