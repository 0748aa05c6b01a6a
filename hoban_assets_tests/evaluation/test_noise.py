"""Seed noise: other seeds, the same plan, and what two trainings may differ by."""

import json

import numpy as np
import pytest

from hoban_assets.errors import HobanError
from hoban_assets.evaluation import noise
from hoban_assets.evaluation.bootstrap import Interval
from hoban_assets.evaluation.comparing import Difference, Paired
from hoban_assets.language import plain
from hoban_assets.reporting.evaluation import paired
from hoban_assets.settings import Settings

VALUES = [0.50, 0.52, 0.54]


@pytest.fixture
def run_dir(tmp_path):
    plan = {"arguments": {"seed": 0, "epochs": 30, "imgsz": 64}, "run_dir": "old", "asset": "m"}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    return tmp_path


def test_nothing_but_seed_folder_and_epochs_differs(run_dir, tmp_path):
    found = dict(noise.plans(run_dir, tmp_path / "noise", 3, epochs=5))
    assert list(found) == [1, 2, 3]  # the model's own seed is not repeated
    for seed, plan in found.items():
        expected = {"seed": seed, "epochs": 5, "imgsz": 64, "plots": False}
        assert (plan["arguments"], plan["asset"]) == (expected, "m")
    assert len({plan["run_dir"] for plan in found.values()}) == 3
    again = dict(noise.plans(run_dir, tmp_path / "noise", 1, epochs=None))
    assert again[1]["arguments"]["epochs"] == 30
    assert again[1]["run_dir"] != found[1]["run_dir"]


def test_a_model_of_before_plans_were_kept_says_what_to_do(tmp_path):
    with pytest.raises(HobanError, match=r"how it was trained.*materialise"):
        list(noise.plans(tmp_path, tmp_path, 3, None))


def test_what_is_measured_is_kept_and_found_again(run_dir, monkeypatch):
    ran = []
    monkeypatch.setattr(noise, "run_worker", lambda script, plan, log: ran.append(plan))
    figures = iter({"all": {"mAP50-95": value}} for value in VALUES)
    monkeypatch.setattr(noise, "final_figures", lambda run: next(figures))
    settings = Settings.from_env({"HOBAN_DATA_ROOT": str(run_dir / "data")})
    found = noise.measure(
        "model_v9", "sub", run_dir, settings, seeds=3, epochs=5, log=lambda line: None
    )
    assert [plan["arguments"]["seed"] for plan in ran] == [1, 2, 3]
    assert noise.read_noise(settings, "model_v9", "sub") == found
    assert noise.read_noise(settings, "model_v9", "full") is None
    assert found.figures["all"]["mAP50-95"] == VALUES


def of_three(values=VALUES) -> noise.Noise:
    return noise.Noise("model_v9", "sub", 5, (1, 2, 3), {"all": {"mAP50-95": values}})


def test_the_margin_covers_nineteen_of_twenty_pairs_of_trainings():
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(500):
        seeds, one, other = rng.normal(0.5, 0.02, 3), *rng.normal(0.5, 0.02, 2)
        inside += abs(one - other) <= of_three(seeds.tolist()).margin("all", "mAP50-95")
    assert 0.92 < inside / 500 < 0.98


def test_one_seed_says_nothing():
    assert of_three([0.5]).margin("all", "mAP50-95") is None
    assert of_three().margin("person", "mAP50-95") is None


@pytest.mark.parametrize(("value", "word"), [(0.05, "inside"), (0.2, "beyond")])
def test_compare_says_whether_a_difference_is_more_than_the_seed_makes(value, word):
    step = Difference("all", "mAP50-95", 0.5, 0.5 + value, 9, Interval(0.01, 0.3))
    pair = Paired("a", "b", "val", 9, 9, (step,))
    text = paired.noise_text(pair, of_three(), plain)
    assert f"is {word} it" in text and "3 seeds, 5 epochs" in text
    (row,) = paired.rows(pair, plain, of_three())
    assert row["seed noise"] == f"±0.122 ({word})"


def test_a_damaged_file_is_named_and_not_taken_for_none(tmp_path):
    settings = Settings.from_env({"HOBAN_DATA_ROOT": str(tmp_path)})
    assert noise.read_noise(settings, "model_v9", "sub") is None
    file = noise.file_of(settings, "model_v9", "sub")
    file.parent.mkdir(parents=True)
    file.write_text("{half")
    with pytest.raises(HobanError, match="cannot be read"):
        noise.read_noise(settings, "model_v9", "sub")
