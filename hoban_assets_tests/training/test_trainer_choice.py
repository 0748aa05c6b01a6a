"""Where a model trains, and what the launchpad may change of it."""

import importlib.util

import dagster as dg
import pytest

from hoban_assets.components.training_config import DECIDE, TrainingConfig
from hoban_assets.errors import HobanError
from hoban_assets.on_ray.cluster import connect
from hoban_assets.settings import Settings
from hoban_assets.training.trainer import LocalTrainer, RayTrainer, choose_trainer, device_of

ADDRESS = "http://127.0.0.1:9"  # port 9: nothing listens there
LOCAL, RAY = LocalTrainer, RayTrainer


def settings(**env: str) -> Settings:
    return Settings.from_env(env)


@pytest.fixture
def ray_is_installed(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)


@pytest.mark.usefixtures("ray_is_installed")
@pytest.mark.parametrize(
    ("env", "partition", "override", "expected"),
    [
        ({}, "sub", None, LOCAL),
        ({}, "full", None, LOCAL),  # auto, without an address
        ({"RAY_ADDRESS": ADDRESS}, "sub", None, LOCAL),
        ({"RAY_ADDRESS": ADDRESS}, "full", None, RAY),
        ({"RAY_ADDRESS": ADDRESS}, "sub", "ray", RAY),
        ({"RAY_ADDRESS": ADDRESS}, "full", "local", LOCAL),
        ({"RAY_ADDRESS": ADDRESS, "HOBAN_TRAINER_SUB": "auto"}, "sub", None, RAY),
    ],
)
def test_the_partition_chooses_and_the_launchpad_overrides(env, partition, override, expected):
    assert isinstance(choose_trainer(settings(**env), partition, override), expected)


def test_ray_without_an_address_says_what_to_set():
    with pytest.raises(HobanError, match="RAY_ADDRESS is not set -> set RAY_ADDRESS to http://"):
        choose_trainer(settings(HOBAN_TRAINER_SUB="ray"), "sub")


def test_ray_s_other_address_is_told_from_the_dashboard_s():
    with pytest.raises(HobanError, match="'gpu1:6379' is not the address of a Ray dashboard"):
        choose_trainer(settings(RAY_ADDRESS="gpu1:6379"), "full")


def test_ray_that_is_not_installed_is_named_with_the_command(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        HobanError, match=r"not installed here -> pip install 'hoban_assets\[ray\]'"
    ):
        choose_trainer(settings(RAY_ADDRESS=ADDRESS), "full")


def test_an_address_where_nothing_answers_is_named():
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'hoban_assets[ray]'")
    with pytest.raises(
        HobanError, match=r"no Ray cluster answers at RAY_ADDRESS=http://127.0.0.1:9"
    ):
        connect(ADDRESS)


@pytest.mark.parametrize(
    ("trainer", "env", "device", "gpus", "expected"),
    [
        (LOCAL, {}, None, None, ""),
        (LOCAL, {"HOBAN_DEVICE": "1"}, None, None, "1"),
        (LOCAL, {"HOBAN_DEVICE": "1"}, "cpu", None, "cpu"),
        (LOCAL, {}, None, 2, "0,1"),
        (LOCAL, {}, None, 0, "cpu"),
        (RAY, {"HOBAN_DEVICE": "cpu"}, None, None, "0"),  # HOBAN_DEVICE is of this machine
        (RAY, {"HOBAN_RAY_GPUS": "2"}, None, None, "0,1"),
        (RAY, {"HOBAN_RAY_GPUS": "0"}, None, None, "cpu"),
        (RAY, {}, "cpu", None, "cpu"),
        (RAY, {}, None, 4, "0,1,2,3"),
    ],
)
def test_the_device(trainer, env, device, gpus, expected):
    chosen = settings(**env)
    assert device_of(trainer(chosen), chosen, device, gpus) == expected


def test_a_device_and_a_number_of_gpus_contradict_each_other():
    with pytest.raises(HobanError, match="device '0' and gpus 2 are both given"):
        device_of(LocalTrainer(settings()), settings(), "0", 2)


def taken(config: dict) -> tuple[TrainingConfig, dg.ExecuteInProcessResult]:
    """What an asset gets of a launchpad's YAML."""
    got = []

    @dg.asset
    def model(config: TrainingConfig) -> None:
        got.append(config)

    run_config = {"ops": {"model": {"config": config}}} if config else None
    with dg.DagsterInstance.ephemeral() as instance:
        ended = dg.materialize([model], instance=instance, run_config=run_config)
    return got[0], ended


def test_without_config_nothing_is_chosen():
    config, _ = taken({})
    assert (config.place, config.choices(), config.decides()) == (None, {}, {})


def test_what_decides_the_result_is_told_from_what_does_not():
    config, _ = taken({"trainer": "ray", "gpus": 2, "workers": 4, "epochs": 5, "batch": 8})
    assert config.place == "ray"
    assert config.choices() == {"workers": 4, "epochs": 5, "batch": 8}
    assert config.decides() == {"epochs": 5, "batch": 8}


@pytest.mark.parametrize("config", [{"trainer": "cloud"}, {"epochs": "many"}, {"epoch": 3}])
def test_the_launchpad_refuses_what_is_of_no_known_kind(config):
    with pytest.raises(dg.DagsterInvalidConfigError, match=next(iter(config))):
        taken(config)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"batch": 0}, "batch: 0 in the launchpad -> give 1 or more"),
        ({"epochs": -1}, "epochs: -1 in the launchpad"),
        ({"image_size": 8}, "image_size: 8 in the launchpad -> give 32 or more"),
        ({"device": "gpu"}, "device: 'gpu' in the launchpad -> give cpu, 0, or 0,1"),
    ],
)
def test_a_value_that_cannot_be_meant_is_named(config, said):
    with pytest.raises(HobanError, match=said):
        taken(config)[0].choices()


def test_every_field_says_what_it_means_and_which_decide_the_result():
    for name, field in TrainingConfig.model_fields.items():
        decides = name in DECIDE
        assert field.description.startswith("DECIDES THE RESULT") == decides, name
