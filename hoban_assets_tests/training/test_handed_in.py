"""What a server hands in is taken whole and unaltered, or refused with the reason."""

import gzip
import itertools
import json
import shutil
from pathlib import Path

import pytest
from handed_in_runs import (
    KEY,
    MODEL,
    PARTITION,
    HandedIn,
    checkpoint,
    plan,
    run_files,
)
from hostile_results import hostile
from taking_in import refusal, take

from hoban_assets.handoff.results.archive import Refused, opened
from hoban_assets.handoff.results.manifest import read_manifest
from hoban_assets.handoff.results.placing import differing_file
from hoban_assets.settings import Settings
from hoban_assets.training.metrics import read_metrics, value_of
from hoban_assets.upkeep.written_by_hoban import objection_to_run


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    return Settings.from_env({"HOBAN_DATA_ROOT": str(tmp_path / "data")})


@pytest.mark.parametrize("unpacked", [False, True])
def test_a_whole_archive_becomes_a_run_folder_with_local_paths(tmp_path, settings, unpacked):
    handed_in = HandedIn()
    path = (handed_in.folder if unpacked else handed_in.tar)(tmp_path / "usb stick")
    weights = settings.data_root / "weights" / "yolo26m.pt"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(checkpoint())

    run = take(path, settings)

    assert run == settings.models / MODEL / PARTITION / KEY
    for name, data in handed_in.files.items():
        assert (run / name).read_bytes() == data
    local = json.loads((run / "plan.json").read_text())
    assert local["dataset_path"] == "/here/dataset_v9"
    assert local["run_dir"] == str(run)
    assert local["arguments"] == {**plan()["arguments"], "model": str(weights)}
    assert "/srv" not in (run / "command.txt").read_text()
    assert json.loads((run / "results.json").read_text())["run_key"] == KEY
    assert [p.name for p in run.parent.iterdir()] == [KEY]
    assert objection_to_run(run, lambda text, **values: text.format(**values)) is None


def test_a_folder_into_which_the_archive_was_unpacked_is_found(tmp_path, settings):
    HandedIn().folder(tmp_path / "downloads")
    assert take(tmp_path / "downloads", settings).name == KEY


def test_weights_that_are_not_on_this_machine_are_named_without_the_servers_path(
    tmp_path, settings
):
    run = take(HandedIn().tar(tmp_path), settings)
    assert json.loads((run / "plan.json").read_text())["arguments"]["model"] == "yolo26m.pt"


def cut(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


def preallocated(path: Path) -> None:
    """As some programs copy: the size is right from the start, the rest is still zeros."""
    data = path.read_bytes()
    path.write_bytes(data[:3072] + b"\0" * 30_000)


TORN = {
    "in its first header": lambda path: cut(path, 300),
    "in a file": lambda path: cut(path, 900),
    "at a border of files": lambda path: cut(path, 1536),
    "before its end mark": lambda path: cut(path, path.stat().st_size // 10240 * 10240 - 10240),
    "empty": lambda path: cut(path, 0),
    "preallocated": preallocated,
}


@pytest.mark.parametrize("how", TORN)
def test_a_half_copied_archive_is_to_be_copied_again(tmp_path, settings, how):
    path = HandedIn().tar(tmp_path)
    TORN[how](path)
    said = str(refusal(path, settings))
    assert "only a part of it was copied" in said
    assert "copy it again" in said
    assert str(path) in said


def test_every_altered_file_is_found_and_named(tmp_path, settings):
    for name, data in HandedIn().packed().items():
        other = bytes([data[0] ^ 1]) + data[1:]
        said = str(refusal(HandedIn(altered={name: other}).tar(tmp_path), settings))
        assert said.startswith(f"{name} in ")
        assert "SHA-256 differs" in said


def test_another_kind_of_file_is_no_results_archive(tmp_path, settings):
    packed = tmp_path / "results.tar.gz"
    packed.write_bytes(gzip.compress(HandedIn().tar(tmp_path).read_bytes()))
    assert "no results archive (a plain .tar)" in str(refusal(packed, settings))
    (tmp_path / "empty").mkdir()
    assert "holds no results.json" in str(refusal(tmp_path / "empty", settings))


def test_the_same_result_is_used_as_it_is_and_another_one_not_overwritten(tmp_path, settings):
    run = take(HandedIn().tar(tmp_path), settings)
    before = {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in run.iterdir()}
    assert take(HandedIn().tar(tmp_path / "again"), settings) == run
    other = HandedIn({**run_files(), "best.pt": checkpoint(b"other")}).tar(tmp_path / "other")
    with pytest.raises(Refused, match=r"another result of the same training: its best.pt differs"):
        take(other, settings)
    assert {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in run.iterdir()} == before


def test_what_a_killed_import_left_is_cleared_away_by_the_next(tmp_path, settings):
    half = settings.models / MODEL / PARTITION / ".building-999999999"
    half.mkdir(parents=True)
    (half / "best.pt").write_bytes(b"half")
    run = take(HandedIn().tar(tmp_path), settings)
    assert [p.name for p in run.parent.iterdir()] == [KEY]


def test_a_real_training_is_taken_over(tmp_path, settings, trained):
    names = ("best.pt", "last.pt", "metrics.jsonl", "finished.json", "curves.json")
    names += ("args.yaml", "worst_images.json")
    files = {name: (trained.plan.run_dir / name).read_bytes() for name in names}
    shown = json.loads(files["finished.json"])["pictures"]
    files |= {name: (trained.plan.run_dir / name).read_bytes() for name in shown}
    path = HandedIn(files).tar(tmp_path)
    run = take(path, settings)
    with opened(path) as archive:
        assert differing_file(run, read_manifest(archive)) is None
    best = json.loads(files["finished.json"])["best_epoch"]
    assert value_of(read_metrics(run / "metrics.jsonl"), "mAP50", best) is not None


def test_nothing_that_a_hostile_archive_says_ends_in_a_traceback(tmp_path, settings):
    """A field of a file with a value that no training writes: taken or refused.

    Some of them; `make attack` tries all.
    """
    refused = 0
    for number, (what, handed_in) in enumerate(itertools.islice(hostile(), 0, None, 37)):
        path = handed_in.folder(tmp_path / str(number))
        try:
            shutil.rmtree(take(path, settings))
        except Refused:
            refused += 1
        except Exception as error:
            raise AssertionError(what) from error
    assert refused > number / 2
