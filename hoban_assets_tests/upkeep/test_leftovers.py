"""What may go, and every way in which something must not."""

import os
import shutil
import subprocess
from dataclasses import replace

import pytest
from yard import age

from hoban_assets.catalog.store import Build
from hoban_assets.publish.yolo_tree import publish


def test_a_replaced_dataset_may_go_and_the_current_one_stays(yard, replaced):
    found = yard.survey()
    assert [item.path for item in found.unused] == [replaced]
    assert found.unused[0].why.startswith("replaced by ")
    assert [item.why for item in found.live] == ["the current dataset_v9 [sub]"]


def test_what_it_frees_leaves_out_photographs_that_the_raw_root_keeps(yard, replaced):
    (item,) = yard.survey().unused
    photographs = sum(-(-5 * (1000 + n) // 4096) * 4096 for n in (1, 2))
    assert item.content.bytes - item.frees == photographs
    assert item.frees == sum(
        -(-file.stat().st_size // 4096) * 4096
        for file in (
            replaced / "data.yaml",
            replaced / "manifest.parquet",
            *replaced.rglob("*.txt"),
        )
    )


def test_links_between_two_leftovers_count_once_and_are_freed_only_by_both(yard, replaced):
    yard.dataset(4, 5)  # now two are replaced, and share 1.jpg
    found = yard.survey()
    for item in found.unused:  # copies, as on a drive without hard links, but shared by both
        for file in (item.path / "images" / "train").iterdir():
            name = yard.raw / "coco" / f"{file.name.split('-')[1]}.jpg"
            shared = yard.home / name.name
            if not shared.exists():
                shutil.copy2(name, shared)
            file.unlink()
            os.link(shared, file)
    for name in ("1.jpg", "2.jpg", "3.jpg"):
        (yard.home / name).unlink()
    found = yard.survey()
    assert found.frees - sum(item.frees for item in found.unused) == 8192  # 1.jpg, once


def test_the_dataset_of_a_current_model_stays_although_it_is_no_longer_current(yard, first):
    yard.training("a", first)
    yard.dataset(1, 3)
    item = yard.judged(first)
    assert item.state == "live"
    assert item.why == "model_v9 [sub], which is current, was made from it"


def test_the_dataset_of_a_current_model_that_recorded_no_inputs_is_found_by_its_plan(yard, first):
    yard.training("a", first, inputs=False)
    yard.dataset(1, 3)
    assert yard.judged(first).state == "live"


def test_the_dataset_of_a_current_model_stays_although_the_folder_of_the_model_is_gone(yard, first):
    shutil.rmtree(yard.training("a", first))
    yard.dataset(1, 3)
    assert yard.judged(first).state == "live"


def test_every_dataset_stays_where_a_current_model_does_not_say_which_it_is_of(yard, first):
    run = yard.training("a", first, inputs=False)
    yard.dataset(1, 3)
    (run / "plan.json").unlink()
    assert "does not say which one" in yard.judged(first).why


def test_a_data_root_that_was_moved_knows_its_own(yard, replaced):
    """The catalog names the folders where they lay when they were made."""
    new = yard.home / "elsewhere"
    yard.data.rename(new)
    env = {**yard.env, "HOBAN_DATA_ROOT": str(new), "HOBAN_RAW_ROOT": str(new / "raw")}
    moved = replace(yard, env=env)
    found = moved.survey()
    assert [item.path.name for item in found.unused] == [replaced.name]
    assert len(found.live) == 1


def test_a_replaced_training_may_go_and_the_current_one_stays(yard, replaced_training):
    (item,) = yard.survey().unused
    assert item.path == replaced_training
    assert item.what == "model_v9 [sub], 3 epochs"
    assert yard.judged(replaced_training.with_name("b" * 16)).state == "live"


def test_a_replaced_training_says_how_good_it_was_and_warns_where_it_was_better(yard, first):
    old = yard.training("a", first, map50=0.84)
    yard.training("b", first, map50=0.79)
    item = yard.judged(old)
    assert item.what == "model_v9 [sub], 3 epochs, mAP50 0.840"
    assert item.why.endswith("it was better (mAP50 now 0.790)")


def test_an_unfinished_training_stays_while_its_dataset_is_current_and_goes_with_it(yard, first):
    run = yard.training("a", first, finished=False, record=False)
    assert yard.judged(run).why.startswith("can be resumed")
    yard.dataset(1, 3)
    assert yard.judged(run).why == "was written within the last hour"
    age(run)
    assert yard.judged(run).state == "unused"


def test_a_finished_training_that_the_catalog_does_not_know_stays_with_its_dataset(yard, first):
    """Copied from the server: nobody could make it again."""
    run = yard.training("a", first, record=False)
    yard.dataset(1, 3)
    age(run)
    assert "may come from another machine" in yard.judged(run).why
    assert yard.judged(first).state == "live"


def test_a_training_that_a_current_model_started_from_stays(yard, first):
    base = yard.training("a", first)
    yard.training("b", first, weights=str(base / "best.pt"))
    assert yard.judged(base).why == "model_v9 [sub], which is current, started from it"


def test_the_weights_that_are_set_stay_wherever_they_lie(yard, replaced_training):
    env = {**yard.env, "HOBAN_WEIGHTS": str(replaced_training / "best.pt")}
    assert replace(yard, env=env).judged(replaced_training).why == "weights (HOBAN_WEIGHTS)"


def test_a_dataset_that_the_catalog_does_not_know_stays(yard, first):
    foreign = yard.dataset(3, version="v8", record=False)
    age(foreign)
    assert "may come from another machine" in yard.judged(foreign).why


def test_a_tree_that_was_published_and_never_recorded_may_go_once_it_is_old(yard):
    tree = yard.dataset(1, 2, record=False)
    yard.dataset(1, 3)
    assert yard.judged(tree).why == "was written within the last hour"
    age(tree)
    assert yard.judged(tree).state == "unused"


@pytest.mark.parametrize("lost", ["gone", "other bytes"])
def test_a_tree_with_the_only_copy_of_a_photograph_stays(yard, replaced, lost):
    raw = yard.raw / "coco" / "2.jpg"
    raw.unlink()
    if lost == "other bytes":
        raw.write_bytes(b"another photograph")
    assert "the only copy of photographs (1)" in yard.judged(replaced).why


def test_nothing_may_go_while_the_raw_drive_is_not_connected(yard, replaced):
    yard.raw.rename(yard.home / "unplugged")
    assert yard.survey().unused == []


@pytest.mark.parametrize("name", ["notes.txt", "images/train/mine.jpg", "images/mine", "labels/x"])
def test_a_tree_into_which_somebody_put_a_file_stays(yard, replaced, name):
    (replaced / name).write_text("mine")
    assert yard.judged(replaced).why == f"holds a file that hoban did not write: {name}"


def test_caches_of_ultralytics_do_not_keep_a_tree(yard, replaced):
    (replaced / "labels" / "train.cache").write_text("")
    assert yard.judged(replaced).state == "unused"


def test_a_tree_whose_labels_were_edited_by_hand_stays(yard, replaced):
    label = next(replaced.glob("labels/train/*.txt"))
    label.write_text("0 0.5 0.5 0.1 0.1\n")
    later = (replaced / "manifest.parquet").stat().st_mtime + 60
    os.utime(label, (later, later))
    assert "was changed since" in yard.judged(replaced).why


@pytest.mark.parametrize("damage", [None, b"half a file"])
def test_a_tree_without_a_readable_manifest_stays(yard, replaced, damage):
    (replaced / "manifest.parquet").unlink()
    if damage:
        (replaced / "manifest.parquet").write_bytes(damage)
    assert "cannot be told what it holds" in yard.judged(replaced).why


@pytest.mark.parametrize("name", ["best.onnx", "by-hand", "train/weights/best.onnx"])
def test_a_training_with_something_that_a_person_made_stays(yard, name, replaced_training):
    (replaced_training / name).mkdir()
    assert yard.judged(replaced_training).why == f"holds a file that hoban did not write: {name}"


def test_a_tree_that_a_process_works_in_stays(yard, replaced):
    worker = subprocess.Popen(["sleep", "60"], cwd=replaced / "images")
    try:
        assert "(sleep 60) works with it" in yard.judged(replaced).why
    finally:
        worker.kill()
        worker.wait()


def test_a_tree_that_a_link_of_a_raw_source_leads_into_stays(yard, replaced):
    (yard.raw / "fall.v1i").symlink_to(replaced / "images")
    assert yard.judged(replaced).why == f"the link {yard.raw / 'fall.v1i'} leads to it"


def test_a_tree_that_a_link_beside_it_leads_to_stays_and_the_link_is_nobodys(yard, replaced):
    link = replaced.parent / "latest"
    link.symlink_to(replaced.name)
    assert yard.judged(replaced).state == "live"
    assert yard.judged(link).state == "unknown"


def test_a_sub_keeps_no_tree_of_the_full_that_it_was_taken_from(yard):
    def recorded(partition, inputs, *numbers):
        samples = yard.samples(*numbers)
        key = samples.data_version()
        where = yard.data / "artifacts" / "dataset_v7" / partition / key[:16]
        tree = publish(samples, yard.raw, where).path
        yard.catalog.record(
            "dataset_v7", partition, Build("key", samples=samples, path=str(tree), inputs=inputs)
        )
        return tree, key

    old, key = recorded("full", {"coco_person": "1"}, 1, 2, 3)
    sub, _ = recorded("sub", {"dataset_v7 (full)": key}, 1)
    assert (yard.judged(old).state, yard.judged(sub).state) == ("live", "live")
    recorded("full", {"coco_person": "2"}, 1, 2, 4)
    age(old)
    assert yard.judged(old).state == "unused"
    assert yard.is_safe(old).safe
