"""`hoban bundle --since`: only what the server lacks, and applying it gives the whole bundle."""

import json
import os
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from bundle_world import Office, Server, office_in, photographs, tree_of

from hoban_assets.archives.members import Member
from hoban_assets.errors import HobanError


@dataclass(frozen=True)
class Handed:
    """Two bundles, the second also as what is new in it."""

    office: Office
    first: Path
    second: Path
    new: Path


@pytest.fixture(scope="module")
def handed(tmp_path_factory) -> Handed:
    """dataset_v8 with the photographs 0-19; dataset_v9 with 8-27, of which 14-27 have new names."""
    office = office_in(tmp_path_factory.mktemp("office") / "project")
    office.build("dataset_v8", photographs(0, 20))
    first = office.bundle("dataset_v8")
    office.build("dataset_v9", photographs(8, 14) + photographs(14, 28, "wider"))
    second = office.bundle("dataset_v9")
    return Handed(office, first, second, office.bundle("dataset_v9", "--since", first))


@pytest.fixture
def server(tmp_path) -> Server:
    return Server(tmp_path, Path(sys.executable))


def test_applied_it_is_the_whole_bundle(handed, server):
    previous = server.unpack(handed.first)
    before = tree_of(previous)
    delta = server.unpack(handed.new)
    whole = server.folder / "whole"
    whole.mkdir()
    expected = replace(server, folder=whole).unpack(handed.second)
    said = server.must(f"./apply.sh ../{previous.name}", delta)
    made = server.folder / handed.second.stem
    assert f"cd {made} && ./train.sh" in said
    assert tree_of(made) == tree_of(expected)
    assert tree_of(previous) == before


def test_what_the_server_has_under_any_name_is_not_sent_again(handed, server):
    delta = server.unpack(handed.new)
    told = json.loads((delta / "bundle.json").read_text())
    assert told["since"] == handed.first.stem
    sent = {file.name for file in (delta / "content").iterdir()}
    there = json.loads((handed.office.bundles / f"{handed.first.stem}.json").read_text())["files"]
    assert sent == {f["sha256"] for f in told["files"].values()} - {
        f["sha256"] for f in there.values()
    }
    images = [f["sha256"] for n, f in told["files"].items() if n.startswith("dataset/images")]
    assert len(sent & set(images)) == 8  # of 20
    assert handed.new.stat().st_size < handed.second.stat().st_size


def test_files_that_both_have_take_no_space(handed, server):
    previous, delta = server.unpack(handed.first), server.unpack(handed.new)
    server.must(f"./apply.sh ../{previous.name}", delta)
    made = server.folder / handed.second.stem
    shared = {f.name for f in (made / "dataset" / "images").rglob("*.jpg") if f.stat().st_nlink > 1}
    of_both = {f.name for f in (previous / "dataset" / "images").rglob("coco-*.jpg")}
    sent = {f.name for f in (made / "dataset" / "images").rglob("*.jpg") if f.name in of_both}
    assert len(sent) == 6
    assert sent <= shared


@pytest.mark.parametrize("how", ["name", "archive", "list", "folder"])
def test_the_previous_bundle_may_be_given_in_four_ways(handed, server, how):
    given = {
        "name": handed.first.stem,
        "archive": handed.first,
        "list": handed.office.bundles / f"{handed.first.stem}.json",
        "folder": server.unpack(handed.first),
    }[how]
    again = handed.office.bundle("dataset_v9", "--since", given, "--output", server.folder)
    assert again.read_bytes() == handed.new.read_bytes()


def test_a_second_one_reads_no_image_again(handed, server, monkeypatch):
    read, opened = [], Member.open

    def counted(entry):
        read.extend([entry] if isinstance(entry.source, Path) else [])
        return opened(entry)

    monkeypatch.setattr(Member, "open", counted)
    handed.office.bundle("dataset_v9", "--since", handed.first, "--output", server.folder)
    sent = json.loads((handed.office.bundles / f"{handed.second.stem}.json").read_text())["files"]
    assert 0 < len(read) < len(sent) / 2
    assert {entry.name.partition("/")[0] for entry in read} == {"content"}


def test_a_damaged_memory_of_hashes_is_computed_again(handed, server):
    memory = handed.office.road.data / "cache" / "sha256"
    for file in memory.glob("*.parquet"):
        file.write_bytes(b"PAR1 no")
    again = handed.office.bundle("dataset_v9", "--since", handed.first, "--output", server.folder)
    assert again.read_bytes() == handed.new.read_bytes()


def test_nothing_new_is_said_so(handed):
    with pytest.raises(HobanError, match="is what the server has already"):
        handed.office.bundle("dataset_v9", "--since", handed.second)


def test_half_an_archive_is_no_previous_bundle(handed, tmp_path):
    half = tmp_path / "half.tar"
    half.write_bytes(handed.first.read_bytes()[:30_000])
    with pytest.raises(HobanError, match="is no whole bundle"):
        handed.office.bundle("dataset_v9", "--since", half)


def refusal(server: Server, delta: Path, previous: Path | str) -> str:
    """What apply.sh says; it must leave nothing behind."""
    before = sorted(server.folder.iterdir())
    done = server.run(f"./apply.sh {previous}", delta)
    assert done.returncode == 1
    assert sorted(server.folder.iterdir()) == before
    return done.stderr


def test_a_damaged_previous_folder_is_refused_by_content(handed, server):
    previous, delta = server.unpack(handed.first), server.unpack(handed.new)
    file = previous / "workers" / "yolo_train.py"
    times, text = file.stat(), file.read_bytes()
    file.write_bytes(text.replace(b"a", b"b", 1))
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    said = refusal(server, delta, previous)
    assert "is damaged" in said
    assert "workers/yolo_train.py" in said


def test_another_previous_folder_is_refused_with_both_names(handed, server, tmp_path):
    handed.office.build("dataset_v7", photographs(40, 60))
    other = server.unpack(handed.office.bundle("dataset_v7"))
    said = refusal(server, server.unpack(handed.new), other)
    assert f"is {other.name}, this builds on {handed.first.stem}" in said
    assert "way out" in said


def test_what_is_no_bundle_is_refused(handed, server):
    delta = server.unpack(handed.new)
    assert "is not there" in refusal(server, delta, "../nowhere")
    assert "unpack it" in refusal(server, delta, handed.first)
    assert "no whole bundle" in refusal(server, delta, server.folder)
    shutil.rmtree(delta / "content")
    assert "in neither" in refusal(server, delta, server.unpack(handed.first))


def test_applied_twice_it_is_there_already_and_a_foreign_folder_is_left_alone(handed, server):
    previous, delta = server.unpack(handed.first), server.unpack(handed.new)
    server.must(f"./apply.sh {previous}", delta)
    assert "is there already" in server.must(f"./apply.sh {previous}", delta)
    made = server.folder / handed.second.stem
    (made / "bundle.json").write_text("{}")
    assert "something else" in refusal(server, delta, previous)
