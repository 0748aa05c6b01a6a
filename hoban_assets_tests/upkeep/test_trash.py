"""To the trash, back, and for good: nothing is lost, whatever is killed when."""

import errno
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from yard import SAY, content

from hoban_assets.catalog.answers import asking
from hoban_assets.errors import HobanError
from hoban_assets.upkeep import trash
from hoban_assets.upkeep.reasons_to_stay import references
from hoban_assets.upkeep.survey import came_to_be_needed
from hoban_assets.upkeep.trash import objection_to_deletion
from hoban_assets.upkeep.trash_lists import batches, locked, strangers


def move(yard, needed=lambda item: None):
    return list(trash.move(yard.data, yard.survey().unused, needed))


def empty(yard, batch):
    with asking(yard.settings.catalog_path) as ask:
        known = references(ask, yard.settings, SAY)

    def objection(batch, item):
        return objection_to_deletion(yard.data, batch, item, known, yard.settings, SAY)

    return [why for _, why in trash.empty(yard.data, batch, objection)]


@pytest.fixture
def batch(yard, replaced):
    """A batch in the trash that holds one dataset."""
    move(yard)
    (batch,) = batches(yard.data)
    return batch


def test_what_is_moved_keeps_its_place_below_the_batch_and_is_put_back_as_it_was(yard, replaced):
    before = content(replaced)
    move(yard)
    (batch,) = batches(yard.data)
    assert not replaced.exists()
    assert content(batch.folder / replaced.relative_to(yard.data)) == before
    assert [why for _, why in trash.restore(yard.data, batch)] == [None]
    assert content(replaced) == before
    assert list((yard.data / "trash").iterdir()) == []


def test_the_list_says_from_where_when_and_why(batch, replaced):
    (line,) = json.loads((batch.folder / "moved.json").read_text())["items"]
    assert line["relative"].endswith(replaced.name)
    assert line["why"].startswith("replaced by ")
    assert line["when"].endswith("+00:00")


def test_what_has_come_to_be_needed_meanwhile_is_not_moved(yard, replaced):
    (item,) = yard.survey().unused
    yard.training("a", replaced)

    def needed(item):
        with asking(yard.settings.catalog_path) as ask:
            return came_to_be_needed(item, ask, yard.settings, SAY)

    (_, why) = next(trash.move(yard.data, [item], needed))
    assert why == "model_v9 [sub], which is current, was made from it"
    assert replaced.is_dir()


def test_what_became_a_link_meanwhile_is_not_moved(yard, replaced):
    (item,) = yard.survey().unused
    replaced.rename(yard.home / "outside")
    replaced.symlink_to(yard.home / "outside")
    assert list(trash.move(yard.data, [item], lambda item: None)) == [(item, "is a link")]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_kill_around_the_first_move_loses_nothing_and_the_next_call_goes_on(
    yard, replaced, moment
):
    other = yard.dataset(4, 5)  # now two are replaced
    before = content(yard.data / "artifacts")
    code = f"""
import os, signal, sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from yard import Yard
from hoban_assets.upkeep import trash
rename = trash._rename
def killed(source, target):
    if {moment!r} == "after":
        rename(source, target)
    os.kill(os.getpid(), signal.SIGKILL)
trash._rename = killed
yard = Yard(Path({str(yard.home)!r}), {dict(yard.env)!r})
list(trash.move(yard.data, yard.survey().unused, lambda item: None))
"""
    ended = subprocess.run([sys.executable, "-c", code], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert len(yard.survey().unused) == (2 if moment == "before" else 1)
    move(yard)
    assert yard.survey().unused == []
    while left := batches(yard.data):
        assert [why for _, why in trash.restore(yard.data, left[-1])] != []
    assert content(yard.data / "artifacts") == before
    assert other.is_dir()


def test_a_batch_that_was_killed_before_its_first_list_goes_with_the_next(yard, replaced):
    begun = yard.data / "trash" / "2026-11-29T124422Z"
    full = yard.data / "trash" / "2026-11-29T124423Z"
    for folder, name in ((begun, ".moved.json.new"), (full, "theirs")):
        folder.mkdir(parents=True)
        (folder / name).write_text("")
    assert strangers(yard.data) == [full]
    move(yard)
    assert (begun.exists(), full.exists()) == (False, True)


def test_another_file_system_stops_it_before_anything_is_moved(yard, replaced, monkeypatch):
    def refuse(self, target):
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    items = yard.survey().unused
    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(HobanError, match="another file system"):
        list(trash.move(yard.data, items, lambda item: None))
    assert replaced.is_dir()
    assert batches(yard.data) == []


def test_a_trash_that_is_a_link_is_refused(yard, replaced):
    (yard.data / "trash").symlink_to(yard.home)
    with pytest.raises(HobanError, match="is a link"):
        move(yard)
    assert replaced.is_dir()


def test_restoring_never_replaces_what_lies_there_now(yard, batch, replaced):
    replaced.mkdir()
    (replaced / "new").write_text("new")
    assert [why for _, why in trash.restore(yard.data, batch)] == ["something lies there now"]
    assert content(replaced) == {"new": b"new"}
    assert len(batches(yard.data)) == 1


def test_restoring_does_not_go_through_a_link(yard, batch, replaced):
    replaced.parent.rename(yard.home / "outside")
    replaced.parent.symlink_to(yard.home / "outside")
    assert [why for _, why in trash.restore(yard.data, batch)] == ["is a link"]


@pytest.mark.parametrize("relative", ["../outside", "/etc", "artifacts/../../outside", "trash/x"])
def test_a_list_that_names_a_path_outside_is_refused(yard, batch, relative):
    file = batch.folder / "moved.json"
    lines = json.loads(file.read_text())
    lines["items"][0]["relative"] = relative
    file.write_text(json.dumps(lines))
    with pytest.raises(HobanError, match="names a path outside"):
        batches(yard.data)


def test_emptying_deletes_what_the_list_names_and_nothing_else(yard, batch):
    theirs = [yard.data / "trash" / "my photos" / "1.jpg", batch.folder / "notes.txt"]
    for file in theirs:
        file.parent.mkdir(exist_ok=True)
        file.write_text("mine")
    raw = content(yard.raw)
    assert set(strangers(yard.data)) == {theirs[0].parent, theirs[1]}
    assert empty(yard, batch) == [None]
    assert batches(yard.data) == []
    assert all(file.read_text() == "mine" for file in theirs)
    assert content(yard.raw) == raw


def test_emptying_follows_no_link(yard, batch):
    outside = yard.home / "outside"
    outside.mkdir()
    (outside / "file").write_text("mine")
    (next(batch.folder.glob("artifacts/*/*/*")) / "link").symlink_to(outside)
    assert empty(yard, batch) == ["holds a file that hoban did not write: link"]
    begun = replace(batch, items=(replace(batch.items[0], deleting=True),))
    assert empty(yard, begun) == [None]
    assert content(outside) == {"file": b"mine"}


def test_emptying_spares_a_tree_that_came_to_hold_the_only_copy_of_a_photograph(yard, batch):
    (yard.raw / "coco" / "2.jpg").unlink()
    (why,) = empty(yard, batch)
    assert "only copy of photographs (1)" in why
    assert len(batches(yard.data)) == 1


def test_emptying_spares_what_is_needed_again(yard, batch, replaced):
    yard.training("a", replaced)
    (why,) = empty(yard, batch)
    assert "is needed again" in why


def test_a_deletion_that_was_killed_goes_on_and_is_not_put_back(yard, batch, monkeypatch):
    class Killed(BaseException):
        pass

    def half(place):
        (place / "manifest.parquet").unlink()
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(trash, "_delete", half)
        with pytest.raises(Killed):
            empty(yard, batch)
    (left,) = batches(yard.data)
    assert [why for _, why in trash.restore(yard.data, left)] == ["its deletion had begun"]
    assert empty(yard, left) == [None]
    assert batches(yard.data) == []


def test_two_prunes_at_once_are_refused(yard):
    second = locked(yard.data)
    with locked(yard.data), pytest.raises(HobanError, match="another 'hoban prune'"), second:
        pass


def test_the_trash_itself_is_never_a_leftover_nor_unknown(yard, batch):
    found = yard.survey()
    assert found.unused == []
    assert not any(item.relative.startswith("trash") for item in found.unknown)
