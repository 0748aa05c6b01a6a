"""Rebuilds of what changed: the schedules and the sensor are ticked, what they ask for is run."""

import shutil

import dagster as dg
from rebuilding import names_of

from hoban_assets.components.rebuild import next_step, records

COCO = [["coco_person"], ["dataset_v9"], ["model_v9"]]


def test_where_nothing_changed_a_rebuild_looks_and_builds_nothing(toys):
    assert toys.rebuild() == []
    assert toys.built == []
    assert "nothing was out of date" in toys.ended()


def test_a_changed_source_rebuilds_what_depends_on_it_and_nothing_else(toys):
    toys.change("coco")
    toys.rows["coco_person"] = 2
    assert toys.rebuild() == COCO
    assert toys.ended() == "rebuilt coco_person, dataset_v9, model_v9"
    assert toys.rebuild() == []


def test_a_stage_that_comes_out_with_the_same_rows_stops_the_rebuild(toys):
    toys.change("coco")
    assert toys.rebuild() == [["coco_person"]]
    assert toys.ended() == "rebuilt with the same rows as before: coco_person"


def test_files_that_change_after_the_look_are_read_once_and_not_in_circles(toys):
    toys.change("coco")
    toys.look()
    toys.change("coco")
    toys.execute(toys.asked())
    assert "the rebuild ended" in toys.sensor()
    assert toys.rebuild() == []


def test_the_run_says_for_each_asset_why_it_is_rebuilt(toys):
    toys.change("coco")
    toys.change("WiderPerson")
    toys.look()
    asked = toys.asked()
    assert names_of(asked) == ["coco_person", "wider_person"]
    assert asked.partition_key == "sub"
    assert asked.tags["hoban/why.coco_person"] == (
        "the files of raw/coco have changed since it was read"
    )
    (look,) = toys.instance.get_runs(dg.RunsFilter(job_name="rebuild"))
    log = [e.message for e in toys.instance.all_logs(look.run_id)]
    assert any("layer 1: coco_person [sub]: the files of raw/coco" in line for line in log)


def test_without_a_rebuild_the_sensor_does_nothing(toys):
    toys.change("coco")
    assert toys.sensor() == "sub: none begun\nfull: none begun"


def test_partitions_are_judged_one_by_one(toys):
    toys.build("coco_person", "wider_person", partition="full")
    toys.built.clear()
    toys.change("coco")
    assert toys.rebuild("full") == [["coco_person"]]
    assert toys.built == [("coco_person", "full")]
    assert toys.rebuild("sub") == [["coco_person"]]  # the same folder, judged by what sub has read
    assert toys.built[1:] == [("coco_person", "sub")]


def test_a_partition_in_which_nothing_was_ever_built_is_not_begun(toys):
    assert "full: nothing was ever built in this partition" in toys.schedule("full")


def test_a_failing_check_that_blocks_stops_the_way_downstream(toys):
    toys.change("coco")
    toys.rows["coco_person"] = 2
    toys.unsound["coco_person"] = "1 box was lost"
    before = toys.world.version_of("coco_person")
    assert toys.rebuild() == [["coco_person"]] * 3
    assert toys.built == []
    assert toys.world.version_of("coco_person") == before
    toys.unsound.clear()
    toys.change("coco")
    assert toys.rebuild() == COCO


def test_what_fails_is_asked_for_three_times_and_stops_no_other_branch(toys):
    toys.change("coco")
    toys.change("WiderPerson")
    toys.rows["wider_person"] = 2
    toys.broken["coco_person"] = "disk full"
    assert toys.rebuild() == [
        ["coco_person", "wider_person"],
        ["coco_person", "dataset_v6"],
        ["coco_person"],
    ]
    assert "coco_person is given up after 3 failed attempts from the same inputs" in toys.ended()


def test_what_was_given_up_is_not_tried_by_night_until_its_inputs_change(toys):
    toys.change("coco")
    toys.broken["coco_person"] = "a label cannot be read"
    toys.rebuild()
    assert toys.rebuild() == []
    assert "given up" in toys.ended()
    toys.broken.clear()
    assert toys.rebuild() == []
    toys.change("coco")
    assert toys.rebuild() == [["coco_person"]]


def test_what_was_given_up_is_tried_again_where_a_person_begins_the_rebuild(toys):
    toys.change("coco")
    toys.broken["coco_person"] = "disk full"
    toys.rebuild()
    toys.broken.clear()
    toys.execute(dg.RunRequest(job_name="rebuild", partition_key="sub"))
    assert names_of(toys.asked()) == ["coco_person"]


def test_the_next_attempt_comes_after_a_pause(toys, monkeypatch):
    monkeypatch.setattr(records, "PAUSES", (records.timedelta(minutes=5),))
    toys.change("coco")
    toys.broken["coco_person"] = "disk full"
    toys.look()
    toys.execute(toys.asked())
    assert "sub: coco_person failed, attempt 2 of 3 at " in toys.sensor()


def test_a_run_that_was_killed_is_asked_for_again(toys):
    toys.change("coco")
    toys.look()
    killed = toys.leave(toys.asked())
    assert f"layer 1 is at work: coco_person (run {killed.run_id})" in toys.sensor()
    toys.instance.report_run_failed(killed, "The process of this run is gone (killed?).")
    again = toys.asked()
    assert names_of(again) == ["coco_person"]
    toys.execute(again)
    assert "the rebuild ended" in toys.sensor()


def test_a_run_that_a_person_terminated_ends_the_rebuild(toys):
    toys.change("coco")
    toys.look()
    stopped = toys.leave(toys.asked())
    toys.instance.report_run_canceled(stopped)
    assert "terminated by hand" in toys.sensor()
    toys.look()
    assert names_of(toys.asked()) == ["coco_person"]


def test_a_look_that_failed_is_asked_for_again_and_given_up_after_three(toys, monkeypatch):
    request = toys.schedule()
    for attempt in (2, 3):
        toys.instance.report_run_failed(toys.leave(request), "killed")
        request = toys.asked()
        assert request.job_name == "rebuild"
        assert request.tags["hoban/attempt"] == str(attempt)
    toys.instance.report_run_failed(toys.leave(request), "killed")
    assert "given up, as looking at the raw files failed 3 times" in toys.sensor()
    assert "the last rebuild ended" in toys.sensor()
    assert isinstance(toys.schedule(), dg.RunRequest)


def test_two_rebuilds_of_a_partition_never_go_on_at_once(toys):
    toys.change("coco")
    toys.look()
    assert "sub: not started, as the rebuild of" in toys.schedule()
    toys.execute(dg.RunRequest(job_name="rebuild", partition_key="sub"))
    (second,) = toys.instance.get_runs(dg.RunsFilter(job_name="rebuild"), limit=1)
    assert "goes on" in second.tags["hoban/ended"]
    toys.execute(toys.asked())
    assert "not started" in toys.schedule()
    assert "the rebuild ended" in toys.sensor()
    assert isinstance(toys.schedule(), dg.RunRequest)


def test_what_somebody_builds_by_hand_is_not_asked_for_and_awaited(toys):
    toys.change("coco")
    toys.rows["coco_person"] = 2
    keys = [dg.AssetKey("coco_person")]
    request = dg.RunRequest(job_name="rebuild_layer", partition_key="sub", asset_selection=keys)
    by_hand = toys.leave(request)
    toys.look()
    assert f"coco_person is being built by run {by_hand.run_id} already" in toys.sensor()
    toys.instance.report_run_canceled(by_hand)
    assert names_of(toys.asked()) == ["coco_person"]


def test_a_build_by_hand_in_the_other_partition_hinders_nothing(toys):
    keys = [dg.AssetKey("coco_person")]
    toys.leave(dg.RunRequest(job_name="rebuild_layer", partition_key="full", asset_selection=keys))
    toys.change("coco")
    toys.look()
    assert names_of(toys.asked()) == ["coco_person"]


def test_documents_come_last_and_only_those_that_were_written_before(toys):
    toys.build("gallery_v9")
    toys.change("coco")
    toys.rows["coco_person"] = 2
    assert toys.rebuild() == [*COCO, ["gallery_v9"]]


def test_a_drive_that_is_not_connected_makes_nothing_out_of_date(toys):
    shutil.rmtree(toys.world.settings.raw_root / "coco")
    assert toys.rebuild() == []
    assert "coco_person was not looked at" in toys.ended()


def test_after_the_code_was_edited_the_sensor_waits_for_it_to_be_loaded(toys, monkeypatch):
    toys.change("coco")
    toys.look()
    monkeypatch.setattr(next_step, "code_on_disk_differs", lambda: True)
    assert "reload the code location" in toys.sensor()
