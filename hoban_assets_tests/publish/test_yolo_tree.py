import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from builders import samples_of

from hoban_assets.errors import HobanError
from hoban_assets.publish import yolo_tree
from hoban_assets.publish.yolo_tree import (
    publish,
    published_names,
    read_report,
    unfit_names,
    what_is_wrong,
)
from hoban_assets.samples import Samples

FORK = multiprocessing.get_context("fork")
IMAGES = {
    "s/a/photo (1).JPG": [("person", 0.1), ("fallen", 0.2)],
    "s/b/photo (1).jpg": [("person", 0.3)],
    "t/사진.png": [],
}


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    for image in IMAGES:
        file = tmp_path / "raw" / image
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"image " + image.encode())
    return tmp_path / "raw"


def with_split(samples: Samples, *split: str) -> Samples:
    images = samples.images.assign(split=list(split))
    return Samples(images, samples.boxes, samples.decisions)


@pytest.fixture
def samples() -> Samples:
    sizes = [len(b"image " + image.encode()) for image in IMAGES]
    return with_split(samples_of(IMAGES, bytes=sizes), "train", "val", "train")


def test_the_tree_is_what_ultralytics_expects(samples, raw, tmp_path):
    tree = publish(samples, raw, tmp_path / "out" / "v").path
    data = yaml.safe_load((tree / "data.yaml").read_text())
    assert (data["train"], data["val"], data["nc"]) == ("images/train", "images/val", 4)
    assert data["names"][3] == "fallen"
    images = sorted(p.relative_to(tree / "images") for p in tree.glob("images/*/*"))
    labels = sorted(p.relative_to(tree / "labels") for p in tree.glob("labels/*/*"))
    assert [p.with_suffix("") for p in images] == [p.with_suffix("") for p in labels]
    assert len(images) == 3
    assert "." not in tree.name


def test_labels_hold_class_and_box_in_relative_units(samples, raw, tmp_path):
    tree = publish(samples, raw, tmp_path / "out" / "v").path
    manifest = pd.read_parquet(tree / "manifest.parquet").set_index("image_id")
    name = manifest.name["s/a/photo (1).JPG"]
    rows = np.loadtxt(tree / "labels/train" / f"{Path(name).stem}.txt")
    assert rows[:, 0].tolist() == [2, 3]
    assert rows[0, 3] == pytest.approx(0.1**0.5, abs=1e-6)
    empty = manifest.name["t/사진.png"]
    assert (tree / "labels/train" / f"{Path(empty).stem}.txt").read_text() == ""


def test_the_manifest_says_where_each_image_came_from_and_what_it_may_teach(samples, raw, tmp_path):
    ignored = samples.ignore_boxes([False, True, False], stage="q", rule="r")
    tree = publish(ignored, raw, tmp_path / "out" / "v").path
    row = pd.read_parquet(tree / "manifest.parquet").set_index("image_id").loc["s/a/photo (1).JPG"]
    assert (row.split, row.source, row.file, row.boxes) == ("train", "s", "s/a/photo (1).JPG", 1)
    assert list(row.labelled_classes) == list(samples.images.labelled_classes[0])
    assert [r["class_id"] for r in row.ignore_regions] == [3]


def test_names_are_unique_plain_and_the_same_every_time(samples):
    names = published_names(samples)
    assert len(set(names)) == 3
    assert all(n.isascii() and " " not in n and n.count(".") == 1 for n in names)
    assert names == published_names(samples)


def test_images_are_hard_links(samples, raw, tmp_path):
    report = publish(samples, raw, tmp_path / "out" / "v")
    assert (report.linked, report.copied) == (3, 0)
    inodes = {p.stat().st_ino for p in report.path.glob("images/*/*")}
    assert inodes == {(raw / image).stat().st_ino for image in IMAGES}


def test_a_jpeg_without_end_marker_is_copied_with_one_and_the_raw_file_stays_as_it_is(
    samples, raw, tmp_path
):
    images = samples.images.assign(needs_copy=[True, False, False])
    report = publish(Samples(images, samples.boxes, samples.decisions), raw, tmp_path / "out" / "v")
    assert (report.linked, report.copied) == (2, 1)
    assert "end marker" in report.copy_reasons[0]
    original = raw / "s/a/photo (1).JPG"
    assert original.stat().st_nlink == 1
    (copy,) = [p for p in report.path.glob("images/*/*") if p.stat().st_nlink == 1]
    assert copy.read_bytes() == original.read_bytes() + b"\xff\xd9"
    assert not original.read_bytes().endswith(b"\xff\xd9")


def test_where_links_are_not_possible_files_are_copied_and_the_report_says_why(
    samples, raw, tmp_path, monkeypatch
):
    def refuse(source, target):
        raise OSError(18, "Invalid cross-device link", source, None, target)

    monkeypatch.setattr(os, "link", refuse)
    report = publish(samples, raw, tmp_path / "out" / "v")
    assert (report.linked, report.copied) == (0, 3)
    assert "another file system" in report.copy_reasons[0]


def test_symbolic_links_stand_where_hard_ones_are_not_possible_and_the_manifest_covers_them(
    samples, raw, tmp_path, monkeypatch
):
    def refuse(source, target):
        raise OSError(18, "Invalid cross-device link", source, None, target)

    monkeypatch.setattr(os, "link", refuse)
    report = publish(samples, raw, tmp_path / "out" / "v", links="symbolic")
    assert (report.linked, report.copied, report.symbolic) == (0, 0, 3)
    photograph = next((report.path / "images" / "train").iterdir())
    assert photograph.is_symlink() and photograph.resolve().is_relative_to(raw)
    assert what_is_wrong(report.path) is None
    photograph.resolve().write_bytes(b"another photograph")
    assert photograph.name in what_is_wrong(report.path)
    photograph.resolve().unlink()
    assert photograph.name in what_is_wrong(report.path)


def test_names_are_judged_for_a_drive_of_windows(samples, tmp_path, monkeypatch):
    deep = tmp_path / ("d" * 200) / ("e" * 60)
    monkeypatch.setattr(yolo_tree, "kind_of", lambda folder: "9p")
    assert len(unfit_names(samples, deep).too_long) == 3
    assert not unfit_names(samples, tmp_path / "v")
    monkeypatch.setattr(yolo_tree, "kind_of", lambda folder: "ext4")
    assert not unfit_names(samples, deep)


def test_a_whole_tree_is_used_again_and_a_damaged_one_replaced(samples, raw, tmp_path):
    tree = publish(samples, raw, tmp_path / "out" / "v").path
    made = (tree / "data.yaml").stat().st_ino
    assert publish(samples, raw, tree).path == tree
    assert (tree / "data.yaml").stat().st_ino == made
    next(tree.glob("images/train/*")).unlink()
    assert read_report(tree) is None
    assert publish(samples, raw, tree).images == 3
    assert len(list(tree.glob("images/*/*"))) == 3


def test_a_raw_file_that_changed_or_vanished_stops_it_and_leaves_nothing(samples, raw, tmp_path):
    (raw / "s/b/photo (1).jpg").write_bytes(b"other")
    with pytest.raises(HobanError, match=r"photo \(1\)\.jpg has 5 bytes"):
        publish(samples, raw, tmp_path / "out" / "v")
    (raw / "s/b/photo (1).jpg").unlink()
    with pytest.raises(HobanError, match=r"photo \(1\)\.jpg is gone"):
        publish(samples, raw, tmp_path / "out" / "v")
    assert list((tmp_path / "out").iterdir()) == []


def test_an_image_without_a_split_is_refused(samples, raw, tmp_path):
    with pytest.raises(ValueError, match="split"):
        publish(samples_of(IMAGES), raw, tmp_path / "out" / "v")


def test_a_full_disk_ends_in_one_message_and_the_earlier_tree_stays(samples, raw, tmp_path):
    earlier = publish(samples, raw, tmp_path / "out" / "earlier").path
    images = samples.images.assign(needs_copy=True)
    (raw / "t/사진.png").unlink()  # the earlier tree keeps its own
    (raw / "t/사진.png").write_bytes(b"x" * 100_000)
    images.loc[2, "bytes"] = 100_000
    large = Samples(images, samples.boxes, samples.decisions)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limit[1]))  # EFBIG, as a full disk does
    try:
        with pytest.raises(HobanError, match="no space left"):
            publish(large, raw, tmp_path / "out" / "next")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["earlier"]
    assert read_report(earlier) is not None
    assert publish(large, raw, tmp_path / "out" / "next").images == 3


def test_after_kill_9_there_is_no_half_tree_and_the_next_run_clears_up(samples, raw, tmp_path):
    child = f"""
import os, signal, sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from hoban_assets.publish import yolo_tree
from test_yolo_tree import IMAGES, samples_of, with_split
yolo_tree.write_manifest = lambda *a: os.kill(os.getpid(), signal.SIGKILL)
s = with_split(samples_of(IMAGES), "train", "val", "train")
yolo_tree.publish(s, Path({str(raw)!r}), Path({str(tmp_path / "out" / "v")!r}))
"""
    killed = subprocess.run([sys.executable, "-c", child], cwd=Path(__file__).parent, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert read_report(tmp_path / "out" / "v") is None
    assert len(list((tmp_path / "out").iterdir())) == 1
    publish(samples, raw, tmp_path / "out" / "v")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["v"]
    assert yolo_tree.read_report(tmp_path / "out" / "v").images == 3


def test_two_publishers_at_once_never_take_a_whole_tree_away(samples, raw, tmp_path):
    target = tmp_path / "out" / "v"
    for _ in range(10):
        shutil.rmtree(target, ignore_errors=True)
        publishers = [FORK.Process(target=publish, args=(samples, raw, target)) for _ in range(2)]
        for publisher in publishers:
            publisher.start()
        seen = vanished = False
        while any(publisher.is_alive() for publisher in publishers):
            there = (target / "manifest.parquet").exists()
            vanished |= seen and not there
            seen |= there
        assert not vanished
        assert [publisher.exitcode for publisher in publishers] == [0, 0]
        assert read_report(target) is not None
        assert [p.name for p in target.parent.iterdir()] == ["v"]
