"""What decides a training, where its weights come from, and the command to copy."""

import shlex
import shutil
import zipfile
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
from training_tools import plan_for, publish_squares

from hoban_assets.errors import HobanError
from hoban_assets.settings import Settings
from hoban_assets.training.plan import (
    plan_training,
    resolve_weights,
    run_key,
    weights_hash,
    yolo_command,
)


def checkpoint(path, content=b"weights"):
    """A file with the outside of a PyTorch checkpoint."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{path.stem}/data.pkl", content)
        archive.writestr(f"{path.stem}/version", b"3")
    return path


def test_counts_come_from_the_manifest(tmp_path, squares):
    plan = plan_for(tmp_path, squares)
    assert plan.expected == {
        "train": {"images": 12, "boxes": 24},
        "val": {"images": 4, "boxes": 8},
    }


def test_the_partition_chooses_the_epochs_and_a_recipe_wins_over_settings(tmp_path, squares):
    settings = Settings.from_env(
        {"HOBAN_DATA_ROOT": str(tmp_path), "HOBAN_WEIGHTS": "yolo26n.yaml", "HOBAN_BATCH": "7"}
    )
    given = {"dataset_path": squares, "dataset_version": "1"}
    sub = plan_training("model_v9", "sub", settings, **given)
    full = plan_training("model_v9", "full", settings, **given, batch=3, epochs=None)
    assert (sub.epochs, full.epochs) == (30, 300)
    assert (sub.batch, full.batch) == (7, 3)
    assert full.patience == 30
    assert (sub.optimizer, sub.cos_lr, sub.image_size) == ("SGD", True, 640)


def test_a_run_lies_under_its_asset_partition_and_key(tmp_path, squares):
    plan = plan_for(tmp_path, squares)
    assert plan.run_dir.parent == tmp_path / "models" / "model_v9" / "sub"
    assert plan.run_dir.name == run_key(plan, "1", "yolo26n.yaml")


def test_a_dataset_that_is_not_published_is_named(tmp_path):
    with pytest.raises(HobanError, match="nowhere holds no published dataset"):
        plan_for(tmp_path, tmp_path / "nowhere")


def test_a_dataset_without_labels_is_refused(tmp_path):
    empty = publish_squares(tmp_path / "dataset_v9", val=0)
    with pytest.raises(HobanError, match="no labelled box in val"):
        plan_for(tmp_path, empty)


@pytest.fixture
def prescaled(tmp_path, squares):
    """A published dataset whose photographs were scaled to 96 pixels."""
    folder = shutil.copytree(squares, tmp_path / "prescaled")
    table = pq.read_table(folder / "manifest.parquet")
    table = table.replace_schema_metadata({"prescale": "96"})
    pq.write_table(table, folder / "manifest.parquet")
    return folder


@pytest.mark.parametrize("image_size", [64, 97, 640])
def test_prescaled_photographs_are_not_trained_on_with_another_image_size(
    tmp_path, prescaled, image_size
):
    with pytest.raises(HobanError) as error:
        plan_for(tmp_path, prescaled, image_size=image_size)
    assert "scaled to 96 pixels (`prescale` in the recipe of dataset_v9)" in error.value.problem
    assert f"image size {image_size}" in error.value.problem
    assert "set HOBAN_IMAGE_SIZE=96" in error.value.way_out
    assert "--select dataset_v9,model_v9 --partition sub" in error.value.way_out


@pytest.mark.parametrize("image_size", [96, 90])
def test_prescaled_photographs_are_trained_on_with_what_ultralytics_rounds_to_their_size(
    tmp_path, prescaled, image_size, ultralytics
):
    from ultralytics.utils.checks import check_imgsz

    plan = plan_for(tmp_path, prescaled, image_size=image_size)
    assert check_imgsz(plan.image_size, stride=32) == 96


@pytest.mark.parametrize(
    "change",
    [{"epochs": 3}, {"seed": 1}, {"image_size": 96}, {"lr0": 0.02}, {"batch": 8}, {"nms": False}],
)
def test_what_decides_the_result_changes_the_key(tmp_path, squares, change):
    plan = plan_for(tmp_path, squares)
    assert run_key(replace(plan, **change), "1", "w") != run_key(plan, "1", "w")


def test_other_data_or_weights_change_the_key(tmp_path, squares):
    plan = plan_for(tmp_path, squares)
    assert len({run_key(plan, *versions) for versions in ("1w", "2w", "1x")}) == 3


def test_where_it_runs_and_lies_does_not_change_the_key(tmp_path, squares):
    plan = plan_for(tmp_path, squares)
    elsewhere = replace(
        plan, device="0", workers=1, run_dir=tmp_path, dataset_path=tmp_path, weights="/x.pt"
    )
    assert run_key(elsewhere, "1", "w") == run_key(plan, "1", "w")


def test_weights_are_found_as_given_under_the_data_root_then_in_the_checkout(tmp_path):
    data, checkout = tmp_path / "data", tmp_path / "checkout"
    last = checkpoint(checkout / "w.pt")
    assert resolve_weights("w.pt", data, checkout) == last
    first = checkpoint(data / "weights" / "w.pt")
    assert resolve_weights("w.pt", data, checkout) == first
    assert resolve_weights(str(last), data, checkout) == last


def test_a_model_that_ultralytics_ships_needs_no_file(tmp_path):
    assert resolve_weights("yolo26n.yaml", tmp_path, tmp_path) == "yolo26n.yaml"


@pytest.mark.parametrize("name", ["yolo26m.pt", "yolo99n.yaml"])
def test_missing_weights_say_where_to_put_them_and_that_nothing_is_downloaded(tmp_path, name):
    with pytest.raises(HobanError) as error:
        resolve_weights(name, tmp_path, tmp_path)
    assert f"put the file at {tmp_path}/weights/{name}" in error.value.way_out
    assert "nothing is downloaded" in error.value.way_out
    assert not list(tmp_path.iterdir())


def test_a_name_without_suffix_is_refused(tmp_path):
    with pytest.raises(HobanError, match=r"name a \.pt file"):
        resolve_weights("yolo26n", tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html>404</html>", "is a web page"),
        (b"PK\x03\x04 half a download", "only a part of one"),
    ],
)
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path, content, said):
    (tmp_path / "w.pt").write_bytes(content)
    with pytest.raises(HobanError, match=said):
        resolve_weights("w.pt", tmp_path, tmp_path)


def test_a_truncated_checkpoint_is_refused(tmp_path):
    whole = checkpoint(tmp_path / "w.pt", bytes(10_000)).read_bytes()
    (tmp_path / "w.pt").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(HobanError, match="only a part of one"):
        resolve_weights("w.pt", tmp_path, tmp_path)


def test_a_zip_of_something_else_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "w.pt", "w") as archive:
        archive.writestr("holiday.jpg", b"")
    with pytest.raises(HobanError, match="no PyTorch checkpoint"):
        resolve_weights("w.pt", tmp_path, tmp_path)


def test_weights_are_known_by_content(tmp_path):
    first, same = checkpoint(tmp_path / "a.pt"), tmp_path / "b.pt"
    same.write_bytes(first.read_bytes())
    assert weights_hash(first) == weights_hash(same)
    assert weights_hash(first) != weights_hash(checkpoint(tmp_path / "c.pt", b"other"))


def test_the_command_survives_a_shell_and_ultralytics_accepts_it(tmp_path, squares, ultralytics):
    plan = plan_for(tmp_path / "a folder", squares)
    program, *words = shlex.split(yolo_command(plan))
    assert (program, words[:2]) == ("yolo", ["detect", "train"])
    given = dict(ultralytics.cfg.parse_key_value_pair(word) for word in words[2:])
    config = ultralytics.cfg.get_cfg(overrides=given)
    assert config.optimizer == "SGD"
    assert config.nms is None
    assert config.amp is False
    assert config.project == str(plan.run_dir)
