"""A tree whose files are not those of its manifest is not used, and building again heals it."""

import os
import shutil
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pyarrow as pa
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


def in_place(file: Path, *, of=None, content=None) -> None:
    """Another file with this name; never through a hard link to the raw file."""
    data = file.read_bytes() if content is None else content
    file.unlink()
    (of or file).write_bytes(data)


def first(tree: Path, kind: str) -> Path:
    return sorted((tree / kind / "train").iterdir())[0]


def flipped(file: Path, at: int = -1) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    in_place(file, content=bytes(data))


def manifest_with(tree: Path, **changed) -> None:
    table = pq.read_table(tree / "manifest.parquet")
    rows = table.to_pandas()
    for name, value in changed.items():
        rows.loc[0, name] = value
    made = pa.Table.from_pandas(rows, preserve_index=False)
    pq.write_table(made.replace_schema_metadata(table.schema.metadata), tree / "manifest.parquet")


DAMAGE = {
    "no manifest": lambda t: (t / "manifest.parquet").unlink(),
    "half a manifest": lambda t: in_place(t / "manifest.parquet", content=b"PAR1 half"),
    "an empty manifest": lambda t: in_place(t / "manifest.parquet", content=b""),
    "a manifest of others": lambda t: pq.write_table(pa.table({"a": [1]}), t / "manifest.parquet"),
    "a split of others": lambda t: manifest_with(t, split="test"),
    "a name elsewhere": lambda t: manifest_with(t, name="../../one.jpg"),
    "no data.yaml": lambda t: (t / "data.yaml").unlink(),
    "an empty data.yaml": lambda t: in_place(t / "data.yaml", content=b""),
    "other classes": lambda t: in_place(
        t / "data.yaml", content=(t / "data.yaml").read_bytes().replace(b"fallen", b"fallem")
    ),
    "no label": lambda t: first(t, "labels").unlink(),
    "a shorter label": lambda t: in_place(first(t, "labels"), content=b""),
    "another class of the same size": lambda t: flipped(first(t, "labels"), 0),
    "a label too many": lambda t: (t / "labels" / "train" / "x.txt").write_text("0 .5 .5 .1 .1"),
    "a folder for a label": lambda t: (
        in_place(first(t, "labels"), of=t / "aside") or first_gone(t).mkdir()
    ),
    "a pipe for a label": lambda t: (
        in_place(first(t, "labels"), of=t / "aside") or os.mkfifo(first_gone(t))
    ),
    "no photograph": lambda t: first(t, "images").unlink(),
    "half a photograph": lambda t: in_place(
        first(t, "images"), content=first(t, "images").read_bytes()[:100]
    ),
    "a link to nothing": lambda t: (
        in_place(first(t, "images"), of=t / "aside")
        or (t / "images" / "train" / "x.jpg").symlink_to("/nowhere")
    ),
    "no folder": lambda t: shutil.rmtree(t / "images" / "val"),
    "a file for a folder": lambda t: shutil.rmtree(t / "labels") or (t / "labels").touch(),
}


def first_gone(tree: Path) -> Path:
    """Label that is gone."""
    there = {f.stem for f in (tree / "labels" / "train").iterdir()}
    names = {f.stem for f in (tree / "images" / "train").iterdir()} - there
    return tree / "labels" / "train" / f"{names.pop()}.txt"


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_of_any_kind_is_found_and_healed_by_the_next_build(what, tree, samples, raw):
    later = time.time_ns() + 10**10
    before = {f: f.stat().st_ino for f in raw.rglob("*.*")}
    DAMAGE[what](tree)
    for file in (tree / "labels").rglob("*.txt"):
        os.utime(file, ns=(later, later))  # somebody wrote after the tree was made
    assert what_is_wrong(tree) is not None
    report = publish(samples, raw, tree)
    assert what_is_wrong(report.path) is None
    assert {f: f.stat().st_ino for f in raw.rglob("*.*")} == before


def test_labels_that_are_younger_are_whole_where_their_content_is(tree):
    for file in (tree / "labels").rglob("*.txt"):
        os.utime(file)
    assert what_is_wrong(tree, content=True) is None
