"""Below the data root nothing is touched through a link, and nothing that hoban does not know."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from yard import LONG_AGO, SAY, age

from hoban_assets.errors import HobanError
from hoban_assets.upkeep.paths import mounts_in
from hoban_assets.upkeep.reasons_to_stay import References
from hoban_assets.upkeep.survey import checked_root, survey


def paths(items):
    return {item.relative.split("/", 1)[-1] for item in items}


@pytest.mark.parametrize("level", [".", "dataset_v9", "dataset_v9/sub"])
def test_nothing_is_reached_through_a_link(yard, replaced, level):
    folder = yard.data / "artifacts" / level
    outside = yard.home / "big disk"
    folder.rename(outside)
    folder.symlink_to(outside)
    found = yard.survey()
    assert found.unused == []
    assert [item.path for item in found.unknown] == [folder]


def test_a_dataset_folder_that_is_a_link_is_left_alone(yard, replaced):
    outside = yard.home / replaced.name
    replaced.rename(outside)
    replaced.symlink_to(outside)
    assert yard.judged(replaced).state == "unknown"


def test_the_raw_root_inside_the_data_root_is_never_looked_at(yard, replaced):
    raw = yard.raw / "artifacts" / "dataset_v9" / "sub"
    shutil.copytree(replaced, raw / replaced.name)
    assert not any("raw" in p for p in paths([*yard.survey().unused, *yard.survey().unknown]))


def test_a_raw_root_inside_the_artifacts_is_never_touched(yard, replaced):
    env = {**yard.env, "HOBAN_RAW_ROOT": str(replaced / "images")}
    assert replace(yard, env=env).survey().unused == []


def test_a_data_root_in_the_raw_root_is_refused(yard):
    env = {**yard.env, "HOBAN_RAW_ROOT": str(yard.home)}
    with pytest.raises(HobanError, match="lies in the raw root"):
        checked_root(replace(yard, env=env).settings)


def test_the_old_name_of_the_raw_root_is_no_leftover(yard, replaced):
    """HOBAN_RAW_ROOT moved on; what lies in data/raw is still nobody's to delete."""
    other = yard.home / "raw"
    shutil.copytree(yard.raw, other)
    moved = replace(yard, env={**yard.env, "HOBAN_RAW_ROOT": str(other)})
    assert "raw" in [item.relative for item in moved.survey().unknown]


def test_catalog_weights_and_what_is_unknown_are_never_unused(yard, replaced):
    (yard.data / "weights").mkdir()
    (yard.data / "weights" / "yolo26m.pt").write_bytes(b"")
    for name in ("dataset", "notes.txt", "artifacts/mine", "artifacts/dataset_v9/sub/backup"):
        (yard.data / name).mkdir()
    found = yard.survey()
    assert [item.path for item in found.unused] == [replaced]
    unknown = {item.relative for item in found.unknown}
    assert unknown == {"dataset", "notes.txt", "artifacts/dataset_v9/sub/backup"}


def test_half_built_work_goes_once_its_process_is_gone_for_an_hour(yard, replaced):
    folder = replaced.parent / ".building-999999999"
    alive = replaced.parent / f".building-{os.getpid()}"
    half = yard.data / "reports" / ".STATUS.md.999999999"
    for path in (folder, alive, half.parent):
        path.mkdir()
    half.write_text("half")
    assert yard.judged(folder).why == "was written within the last hour"
    age(folder, alive, half)
    assert yard.judged(folder).state == "unused"
    assert yard.judged(half).state == "unused"
    assert yard.judged(alive).why == f"process {os.getpid()} is there"


def test_rows_on_their_way_into_the_catalog_stay(yard, replaced):
    from filelock import FileLock

    staged = yard.data / ".catalog-staging" / ("a" * 32)
    staged.mkdir()
    age(staged)
    with FileLock(f"{staged}.lock"):
        assert yard.judged(staged).why == "a process is filling it"
    assert yard.judged(staged).state == "unused"


def test_galleries_go_with_their_asset_only(yard, replaced):
    for asset in ("dataset_v9", "declared", "gone"):
        (yard.data / "reports" / "gallery" / asset).mkdir(parents=True)
    found = yard.survey(assets=["declared"])
    assert paths(i for i in found.unused if i.kind == "gallery") == {"gallery/gone"}


def test_logs_of_builds_go_after_a_month_and_nothing_beside_them(yard, replaced):
    old, new, notes = (
        yard.data / "logs" / name
        for name in ("build-20260101-120000.log", "build-20260102-120000.log", "notes.log")
    )
    old.parent.mkdir()
    for file in (old, new, notes):
        file.write_text("said")
    os.utime(old, (LONG_AGO - 30 * 86_400,) * 2)
    assert [i.path for i in yard.survey().unused if i.kind == "log"] == [old]
    assert yard.judged(old).what == "log of a build"
    assert yard.judged(new).state == "live"
    assert yard.judged(notes).state == "unknown"


def test_caches_and_reports_are_left_alone(yard, replaced):
    (yard.data / "cache" / "features" / "old-engine").mkdir(parents=True)
    (yard.data / "reports").mkdir()
    (yard.data / "reports" / "STATUS.md").write_text("")
    assert [item.path for item in yard.survey().unused] == [replaced]


def test_an_unreadable_thing_stays(yard, replaced, monkeypatch):
    real = os.scandir

    def refuse(path):
        if str(path).endswith("labels/train"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert yard.judged(replaced).why.startswith("cannot be read")


def test_last_use_is_the_newest_of_time_of_record_and_of_change(yard, replaced):
    age(replaced)
    (item,) = yard.survey().unused
    assert item.last_use.timestamp() > LONG_AGO + 3600


def test_an_empty_catalog_makes_nothing_unused(yard, replaced):
    """The catalog was deleted by mistake: then nothing is known of anything."""
    dataset = yard.data / "artifacts" / "dataset_v9" / "sub"
    assert len(list(dataset.iterdir())) == 2
    age(dataset)
    assert survey(References(), yard.settings, SAY).unused == []


def test_a_damaged_plan_keeps_the_training(yard, replaced_training):
    (replaced_training / "plan.json").write_text(json.dumps(["no plan"]))
    assert yard.judged(replaced_training).why == "no plan.json says what it is"


def test_nothing_goes_that_another_file_system_is_mounted_in(yard, replaced, monkeypatch):
    from hoban_assets.upkeep import is_needed

    monkeypatch.setattr(is_needed, "mounts_in", lambda path: [path / "images"])
    assert yard.judged(replaced).why == "another file system is mounted in it"


def test_mount_points_below_a_folder_are_found():
    assert Path("/proc") in mounts_in(Path("/"))
    assert mounts_in(Path("/proc"))[0] == Path("/proc")
    assert mounts_in(Path(__file__).parent) == []
