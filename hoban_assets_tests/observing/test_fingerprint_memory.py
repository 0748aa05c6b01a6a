"""What is remembered of a raw folder saves reading, and never changes what is found."""

import multiprocessing
import os
import random
import shutil
import time
from pathlib import Path

import pytest

from hoban_assets.observing import labels as fingerprint_labels
from hoban_assets.observing.fingerprint import fingerprint, fingerprints
from hoban_assets.observing.memory import file_of, load


@pytest.fixture
def source(tmp_path) -> Path:
    root = tmp_path / "source"
    for number in range(100):
        for name in (f"images/{number}.jpg", f"labels/{number}.json"):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(f"content {number:03}")
    return root


@pytest.fixture
def cache(tmp_path) -> Path:
    return tmp_path / "cache" / "fingerprints"


@pytest.fixture(autouse=True)
def settled(monkeypatch) -> None:
    """Files that were written a moment ago are remembered at once."""
    monkeypatch.setattr(fingerprint_labels, "TICK_NS", 0)


def same_size_other_content(label: Path) -> None:
    """Change a label and set its time back, as a copy with preserved times does."""
    before = label.stat()
    label.write_text(label.read_text(encoding="utf-8").replace("c", "k", 1), encoding="utf-8")
    os.utime(label, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert label.stat().st_size == before.st_size


def test_a_second_look_opens_nothing(source, cache):
    first = fingerprint(source, cache)
    second = fingerprint(source, cache)
    assert (first.opened, second.opened) == (100, 0)
    assert first.version == second.version == fingerprint(source).version


def test_a_changed_label_alone_is_opened_even_with_its_size_and_time_as_before(source, cache):
    first = fingerprint(source, cache)
    same_size_other_content(source / "labels/7.json")
    second = fingerprint(source, cache)
    assert second.opened == 1
    assert second.version == fingerprint(source).version != first.version
    assert (second.changes.added, second.changes.changed, second.changes.removed) == (0, 1, 0)


def test_a_touched_label_is_read_once_and_is_no_change(source, cache):
    first = fingerprint(source, cache)
    os.utime(source / "labels/7.json")
    second, third = fingerprint(source, cache), fingerprint(source, cache)
    assert (second.opened, third.opened) == (1, 0)
    assert second.version == first.version
    assert second.changes.changed == 0


def test_images_are_never_opened(source, cache):
    fingerprint(source, cache)
    os.utime(source / "images/7.jpg")
    (source / "images/8.jpg").write_text("new content")
    second = fingerprint(source, cache)
    assert (second.opened, second.changes.changed) == (0, 2)


def test_new_and_removed_files_are_counted_and_the_others_not_read_again(source, cache):
    fingerprint(source, cache)
    (source / "labels/1.json").unlink()
    (source / "images/1.jpg").unlink()
    (source / "labels/new.json").write_text("new")
    second = fingerprint(source, cache)
    assert (second.changes.added, second.changes.changed, second.changes.removed) == (1, 0, 2)
    assert second.opened == 1
    assert second.version == fingerprint(source).version


def test_a_fresh_copy_of_the_labels_has_the_same_version(source, cache):
    """Copied anew, with other times and inodes; images keep theirs."""
    before = fingerprint(source, cache).version
    shutil.copytree(source / "labels", source.parent / "copy", copy_function=shutil.copyfile)
    shutil.rmtree(source / "labels")
    (source.parent / "copy").rename(source / "labels")
    after = fingerprint(source, cache)
    assert after.version == before
    assert after.changes.changed == 0


def test_a_label_written_a_moment_ago_is_read_again_the_next_time(source, cache, monkeypatch):
    """It could have been written again within the same tick of the file system's clock."""
    monkeypatch.setattr(fingerprint_labels, "TICK_NS", 3600 * 10**9)
    fingerprint(source, cache)
    assert fingerprint(source, cache).opened == 100
    monkeypatch.setattr(fingerprint_labels, "TICK_NS", 0)
    assert [fingerprint(source, cache).opened for _ in range(2)] == [100, 0]


def test_stamps_in_whole_seconds_are_trusted_later():
    coarse, fine = fingerprint_labels._ticks(
        fingerprint_labels.np.array([5 * 10**9, 5 * 10**9 + 1])
    )
    assert coarse == fingerprint_labels.COARSE_TICK_NS > fine


def test_a_damaged_memory_is_never_wrong_only_slower(source, cache, caplog):
    """Cut off anywhere, or with any one bit turned."""
    true = fingerprint(source, cache)
    (file,) = cache.iterdir()
    sound = file.read_bytes()
    same_size_other_content(source / "labels/7.json")
    now = fingerprint(source).version
    chance = random.Random(1)
    for _ in range(40):
        data = bytearray(sound)
        place = chance.randrange(len(data))
        if chance.random() < 0.2:
            del data[place:]
        else:
            data[place] ^= 1 << chance.randrange(8)
        file.write_bytes(data)
        assert fingerprint(source, cache).version == now != true.version
    file.write_bytes(b"no memory at all")
    assert fingerprint(source, cache).opened == 100
    assert f"{file} is damaged" in caplog.text


def test_a_memory_is_read_for_its_own_folder_only(source, cache, tmp_path):
    fingerprint(source, cache)
    other = tmp_path / "other"
    shutil.copytree(source, other)
    shutil.copy(file_of(cache, str(source)), file_of(cache, str(other)))
    assert fingerprint(other, cache).opened == 100


def test_folders_within_one_another_share_what_is_remembered(source, cache):
    assert fingerprint(source / "labels", cache).opened == 100
    (source / "labels/new.json").write_text("new")
    assert fingerprint(source, cache).opened == 1
    (cache / file_of(cache, str(source / "labels"))).unlink()
    assert fingerprint(source / "labels", cache).opened == 0


def test_folders_within_one_another_are_listed_once(source, cache, monkeypatch):
    listed, real = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(str(path)) or real(path))
    folders = {"inner": source / "labels", "all": source, "again": source / "labels"}
    found = fingerprints(folders, cache)
    assert len(listed) == len(set(listed)) == 3
    assert found["inner"] == found["again"]
    assert found["all"].opened == found["inner"].opened == 100


def test_an_unchanged_folder_is_not_written_again(source, cache):
    fingerprint(source, cache)
    (file,) = cache.iterdir()
    before = file.stat()
    fingerprint(source, cache)
    assert file.stat() == before


@pytest.mark.parametrize("obstacle", ["a file in the way", "a full disk"])
def test_where_nothing_can_be_remembered_the_version_is_right(
    source, cache, obstacle, monkeypatch, caplog
):
    if obstacle == "a full disk":

        def full(*_, **__):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(fingerprint_labels.np, "savez", full)
    else:
        cache.parent.write_text("no folder")
    found = fingerprint(source, cache)
    assert found.version == fingerprint(source).version
    assert "cannot be written" in caplog.text
    assert cache.parent.is_file() or list(cache.iterdir()) == []


def look_often(source: str, cache: str, found) -> None:
    seen = {fingerprint(Path(source), Path(cache)).version for _ in range(15)}
    found.put(seen)


def test_several_processes_at_once_find_the_same_and_leave_a_sound_memory(source, cache):
    context = multiprocessing.get_context("fork")
    found = context.Queue()
    arguments = (str(source), str(cache), found)
    lookers = [context.Process(target=look_often, args=arguments) for _ in range(3)]
    for looker in lookers:
        looker.start()
    deadline = time.monotonic() + 300
    while any(looker.is_alive() for looker in lookers):
        for file in cache.glob("*.npz"):  # someone else's clean-up
            file.unlink(missing_ok=True)
        assert time.monotonic() < deadline
    versions = set().union(*(found.get(timeout=120) for _ in lookers))
    assert versions == {fingerprint(source).version}
    fingerprint(source, cache)
    (file,) = cache.iterdir()
    assert load(file, str(source)) is not None
