import multiprocessing
import threading
from pathlib import Path

import pytest

from hoban_assets import whole_folders
from hoban_assets.whole_folders import put_in_place, sole_maker

FORK = multiprocessing.get_context("fork")


def folder(path: Path, text: str) -> Path:
    path.mkdir(parents=True)
    (path / "content").write_text(text)
    return path


def test_a_new_folder_is_renamed_into_place(tmp_path):
    put_in_place(folder(tmp_path / ".new", "new"), tmp_path / "kept")
    assert (tmp_path / "kept" / "content").read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["kept"]


@pytest.mark.parametrize("has_exchange", [True, False])
def test_an_old_folder_gives_way_and_nothing_of_it_stays(tmp_path, monkeypatch, has_exchange):
    if not has_exchange:
        monkeypatch.setattr(whole_folders, "_renameat2", lambda: None)
    folder(tmp_path / "kept", "old")
    put_in_place(folder(tmp_path / ".new", "new"), tmp_path / "kept")
    assert (tmp_path / "kept" / "content").read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["kept"]


def test_where_the_new_folder_cannot_be_renamed_the_old_one_is_back(tmp_path, monkeypatch):
    monkeypatch.setattr(whole_folders, "_renameat2", lambda: None)
    old, new = folder(tmp_path / "kept", "old"), folder(tmp_path / ".new", "new")
    rename = Path.rename

    def refuse(self, target):
        if self == new:
            raise OSError(39 if Path(target).exists() else 5, "refused")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OSError, match="refused"):
        put_in_place(new, old)
    assert (old / "content").read_text() == "old"


def test_a_reader_sees_the_old_folder_or_the_new_one_at_every_moment(tmp_path):
    kept = folder(tmp_path / "kept", "0")
    seen, done = set(), threading.Event()

    def read():
        while not done.is_set():
            seen.add((kept / "content").exists())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(200):
        put_in_place(folder(tmp_path / f".new-{number}", str(number)), kept)
    done.set()
    reader.join()
    assert seen == {True}


def make(destination: Path, started, go_on, results) -> None:
    with sole_maker(destination, lambda line: results.put(line)):
        if destination.exists():
            results.put("found")
            return
        started.set()
        go_on.wait(120)
        folder(destination, "made")
        results.put("made")


def test_a_second_maker_waits_and_takes_what_the_first_made(tmp_path):
    started, go_on = FORK.Event(), FORK.Event()
    results = FORK.SimpleQueue()  # what is put is written at once, so the order is that of events
    arguments = (tmp_path / "a" / "tree", started, go_on, results)
    first, second = (FORK.Process(target=make, args=arguments) for _ in range(2))
    first.start()
    assert started.wait(120)
    second.start()
    said = [results.get()]
    go_on.set()
    said += [results.get() for _ in range(2)]
    assert "waiting" in said[0]
    assert said[1:] == ["made", "found"]
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["tree"]


def test_a_killed_maker_holds_nothing(tmp_path):
    started, go_on, results = FORK.Event(), FORK.Event(), FORK.Queue()
    first = FORK.Process(target=make, args=(tmp_path / "tree", started, go_on, results))
    first.start()
    assert started.wait(120)
    first.kill()
    first.join()
    with sole_maker(tmp_path / "tree", lambda line: pytest.fail(line)):
        pass
