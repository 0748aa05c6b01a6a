"""A tree whose files are not those of its manifest is not used, and building again heals it."""

import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from builders import samples_of

import hoban_assets
from hoban_assets.errors import HobanError
from hoban_assets.formats.image_facts import apply_facts, read_facts
from hoban_assets.publish.yolo_tree import publish, read_report, what_is_wrong
from hoban_assets.samples import Samples

NAMES = ("yard/one.jpg", "yard/two.jpg", "yard/three.png")


def draw(file: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    picture = cv2.resize(rng.integers(0, 255, (6, 8, 3), np.uint8), (80, 60))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(cv2.imencode(file.suffix, picture)[1].tobytes())


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    for seed, name in enumerate(NAMES):
        draw(tmp_path / "raw" / name, seed)
    return tmp_path / "raw"


def read(raw: Path) -> Samples:
    """What a stage and a dataset made of the raw files as they are now."""
    unknown = {"width": [0] * 3, "height": [0] * 3}
    labelled = samples_of({name: [("person", 0.2)] for name in NAMES}, **unknown)
    files = labelled.images.file.tolist()
    found = apply_facts(labelled, read_facts(files, raw, raw.parent / "facts.parquet", 1))
    images = found.images.assign(split=["train", "val", "train"])
    return Samples(images, found.boxes, found.decisions)


@pytest.fixture
def samples(raw: Path) -> Samples:
    return read(raw)


@pytest.fixture
def tree(samples: Samples, raw: Path, tmp_path: Path) -> Path:
    return publish(samples, raw, tmp_path / "out" / "v").path


def put_back_its_time(file: Path, then: os.stat_result) -> None:
    os.utime(file, ns=(then.st_atime_ns, then.st_mtime_ns))


def test_a_tree_is_whole_as_it_was_published(tree):
    assert what_is_wrong(tree) is None


def test_a_raw_photograph_that_is_rewritten_in_place_is_named_with_its_published_file(tree, raw):
    draw(raw / NAMES[0], seed=9)
    assert read_report(tree) is None
    assert NAMES[0] in (what_is_wrong(tree) or "")
    assert str(tree) in (what_is_wrong(tree) or "")


def test_other_content_of_the_same_size_is_told_by_its_time(tree, raw):
    file = raw / NAMES[2]
    content = bytearray(file.read_bytes())
    content[-20] ^= 255
    file.write_bytes(content)
    os.utime(file, (1, 1))
    assert "other content" in (what_is_wrong(tree) or "")


def test_a_file_that_was_only_touched_is_the_same(tree, raw):
    os.utime(raw / NAMES[0], (1, 1))
    assert what_is_wrong(tree) is None


@pytest.mark.parametrize("kind", ["images", "labels"])
def test_a_file_that_is_gone_or_came_is_named(tree, kind):
    (file,) = (tree / kind / "val").iterdir()
    moved = file.with_stem("other")
    file.rename(moved)
    assert f"{file}" in (what_is_wrong(tree) or "")
    shutil.copy(moved, file)
    assert f"{moved} is not in the manifest" in (what_is_wrong(tree) or "")


def test_what_ultralytics_leaves_behind_is_no_file_of_the_tree(tree):
    (file,) = (tree / "images" / "val").iterdir()
    file.with_suffix(".npy").write_bytes(b"cache")
    assert what_is_wrong(tree) is None


def test_how_many_more_there_are_is_told(tree, raw):
    for seed, name in enumerate(NAMES):
        draw(raw / name, seed + 20)
    assert "(and 2 more)" in (what_is_wrong(tree) or "")


def test_building_again_heals_the_tree(tree, raw):
    draw(raw / NAMES[0], seed=9)
    again = read(raw)
    healed = publish(again, raw, tree).path
    assert healed == tree
    assert what_is_wrong(tree) is None
    manifest = pd.read_parquet(tree / "manifest.parquet").set_index("file")
    assert manifest.bytes[NAMES[0]] == (raw / NAMES[0]).stat().st_size


def test_without_the_stage_the_way_out_is_to_read_it_again(tree, samples, raw):
    draw(raw / NAMES[0], seed=9)
    with pytest.raises(HobanError, match="materialise the stages of this dataset again"):
        publish(samples, raw, tree)


@pytest.mark.parametrize("keeps_size", [True, False])
def test_a_raw_file_that_was_replaced_since_it_was_read_is_not_published(
    samples, raw, tmp_path, keeps_size
):
    file = raw / NAMES[1]
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content[::-1] if keeps_size else content + b"more")
    os.utime(file, (1, 1))
    with pytest.raises(HobanError, match=rf"{file}.*when it was read"):
        publish(samples, raw, tmp_path / "out" / "v")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_raw_file_that_is_gone_is_named(samples, raw, tmp_path):
    (raw / NAMES[1]).unlink()
    with pytest.raises(HobanError, match=rf"{NAMES[1]} is gone"):
        publish(samples, raw, tmp_path / "out" / "v")


def test_a_raw_file_that_was_only_touched_or_copied_is_published(samples, raw, tmp_path):
    os.utime(raw / NAMES[1], (1, 1))
    assert what_is_wrong(publish(samples, raw, tmp_path / "out" / "v").path) is None


@pytest.fixture
def worker(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(hoban_assets.__file__).parent / "workers"))
    import yolo_setup

    return yolo_setup


def refusal(worker, tree: Path) -> str:
    """What the worker says before the first epoch."""
    plan = {"asset": "model_v3", "partition": "sub"}
    try:
        worker.refuse_altered(tree, worker.read_manifest(tree), plan)
    except worker.Failure as failure:
        return str(failure)
    return ""


def test_before_the_first_epoch_an_altered_photograph_is_named_with_the_way_out(worker, tree, raw):
    assert refusal(worker, tree) == ""
    draw(raw / NAMES[0], seed=9)
    assert NAMES[0] in refusal(worker, tree)
    assert "materialize --select '*dataset_v3' --partition sub" in refusal(worker, tree)


@pytest.mark.parametrize("kind", ["images", "labels"])
def test_before_the_first_epoch_content_counts_although_size_and_time_are_right(worker, tree, kind):
    (file,) = (tree / kind / "val").iterdir()
    before = file.stat()
    content = bytearray(file.read_bytes())
    content[-2] ^= 1
    file.write_bytes(content)
    put_back_its_time(file, before)
    assert f"{file}" in refusal(worker, tree)


def test_a_tree_of_an_earlier_release_is_judged_by_its_sizes(worker, tree, raw):
    file = tree / "manifest.parquet"
    frame = pd.read_parquet(file)
    new = [c for c in frame.columns if c.startswith(("published_", "label_"))]
    pq.write_table(pq.read_table(file).drop_columns(new), file)
    assert what_is_wrong(tree) is None
    assert refusal(worker, tree) == ""
    draw(raw / NAMES[0], seed=9)
    assert NAMES[0] in (what_is_wrong(tree) or "")
    assert NAMES[0] in refusal(worker, tree)
