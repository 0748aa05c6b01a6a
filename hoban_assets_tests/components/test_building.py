"""What `hoban build` says of a run."""

import logging
from datetime import datetime, timedelta
from types import SimpleNamespace as Thing

import dagster as dg
import pytest
from dagster._core.events import EngineEventData

from hoban_assets.commands.wanted import wanted
from hoban_assets.components.building.telling import (
    DONE,
    FAILED,
    PROGRESS,
    STOPPING,
    WARNING,
    Told,
    progress_text,
    told,
    waiting_text,
)
from hoban_assets.errors import NO_MEMORY, HobanError
from hoban_assets.language import speaker
from hoban_assets.pipeline.progress import Progress, progress_line, progress_of
from hoban_assets.reporting.translating import error_text
from hoban_assets.settings import Settings
from hoban_assets.training.begun import next_epoch

EN, KO = speaker("en"), speaker("ko")


def entry(message="", level=logging.INFO, step="coco_person", event=None):
    return Thing(dagster_event=event, level=level, step_key=step, user_message=message)


def event(kind, step="coco_person", **data):
    return Thing(event_type_value=kind, step_key=step, event_specific_data=Thing(**data))


def materialized(**metadata):
    kept = dg.AssetMaterialization("a", metadata=metadata)
    return Thing(
        event_type_value="ASSET_MATERIALIZATION",
        step_key="a",
        step_materialization_data=Thing(materialization=kept),
    )


def test_a_progress_line_is_read_back():
    lines: list[str] = []
    report = progress_line("publishing, scaled to 640 pixels", lines.append, every_seconds=-1)
    report(1_000, 30_000)
    (line,) = lines
    found = progress_of(line)
    assert isinstance(found, Progress)
    assert (found.what, found.done, found.of) == ("publishing, scaled to 640 pixels", 1000, 30000)
    assert progress_of("coco: images 3 -> 2, boxes 4 -> 4 (0.1 s)") is None


def test_progress_has_rate_and_time_left_in_both_languages():
    line = "publishing: 1,000 of 4,000, 50/s, 60 s left"
    assert progress_text(line, EN) == "publishing: 1,000 of 4,000, 50/s, 1 min 0 s left"
    assert "4,000개 중 1,000개" in progress_text(line, KO)


@pytest.mark.parametrize(
    ("line", "korean"),
    [
        ("epoch 2/24", "에폭 2/24"),
        (
            "epoch 2/24  mAP50 0.5  R 0.8  9.1 s, 2:10 min left",
            "에폭 2/24  mAP50 0.5  R 0.8  9.1 s, 2:10 min 남음",
        ),
        (
            "epoch 1/2: batch 8 of 31, 4.1 images/s, 90 s left  box 2",
            "에폭 1/2: 배치 31개 중 8개, 초당 4.1장, 90 s 남음  box 2",
        ),
        (
            "validation: batch 8 of 31, 4.1 images/s, 90 s left",
            "검증: 배치 31개 중 8개, 초당 4.1장, 90 s 남음",
        ),
        (
            "train: 481 images, 720 boxes, as published",
            "train: 이미지 481장, 박스 720개, 게시한 그대로",
        ),
        (
            "features: 346 of 1,346 images, 67/s, about 9 s left",
            "특징: 이미지 1,346장 중 346장, 초당 67장, 약 9 s 남음",
        ),
        (
            "best epoch 19, label-aware: mAP50 0.9  mAP50-95 0.5",
            "최고 에폭 19, 라벨 범위 기준: mAP50 0.9  mAP50-95 0.5",
        ),
    ],
)
def test_lines_of_programs_of_their_own_are_told_in_korean(line, korean):
    assert progress_text(line, KO) == korean
    assert progress_text(line, EN) == line


def test_what_dagster_says_to_itself_is_left_out():
    assert told(entry("Executing steps", step=""), EN) is None
    assert told(entry("worker output", level=logging.DEBUG), EN) is None
    assert told(entry("val_share: person: 5% of ..."), EN) is None  # comes as a check too
    assert told(entry("reading"), EN) == Told(PROGRESS, "coco_person", "reading")
    assert told(entry(event=event("STEP_OUTPUT")), EN) is None


def test_checks_that_pass_say_nothing_and_the_others_say_why():
    words = {"check_name": "a", "description": "b"}

    def checked(passed, severity):
        check = event("ASSET_CHECK_EVALUATION", passed=passed, severity=severity, **words)
        return told(entry(event=check), EN)

    assert checked(True, dg.AssetCheckSeverity.WARN) is None
    assert checked(False, dg.AssetCheckSeverity.WARN) == Told(WARNING, "coco_person", "a: b")
    assert checked(False, dg.AssetCheckSeverity.ERROR) is None  # the failure of its step says it


def test_a_long_message_is_told_by_its_first_and_its_last_line():
    trace = "not compared: it ended with 1:\nTraceback\n  File a\n  File b\nTypeError: c"
    assert told(entry(trace), EN) == Told(
        PROGRESS, "coco_person", "not compared: it ended with 1: … TypeError: c"
    )
    assert told(entry("a\nb"), EN) == Told(PROGRESS, "coco_person", "a\nb")


def test_boxes_and_ignore_regions_are_told_apart():
    line = told(entry(event=materialized(images=1200, boxes=30, ignore_regions=4)), EN)
    assert line == Told(DONE, "a", "1,200 images, 30 boxes, 4 ignore regions")
    model = told(entry(event=materialized(mAP50=0.51234, epochs=24)), EN)
    assert model is not None
    assert model.text == "mAP50 0.512 after 24 epochs"


def test_a_failure_is_its_own_words_and_no_traceback():
    user = Thing(description="weights are not there -> put the file there\nmore")
    ours = event("STEP_FAILURE", user_failure_data=user, error=None)
    assert told(entry(event=ours), EN) == Told(
        FAILED, "coco_person", "weights are not there -> put the file there"
    )
    inner = Thing(message="OSError: disk\n", cause=None, cls_name="OSError")
    theirs = event(
        "STEP_FAILURE",
        user_failure_data=None,
        error=Thing(message="wrapped", cause=inner, cls_name="E"),
    )
    line = told(entry(event=theirs), EN)
    assert line is not None
    assert line.text == "OSError: disk"


def test_a_step_that_somebody_stopped_is_no_failure():
    error = Thing(message="stopped", cause=None, cls_name="DagsterExecutionInterruptedError")
    data = {"user_failure_data": None, "error": error, "first_step_failure_event": None}
    for kind in ("STEP_FAILURE", "PIPELINE_FAILURE"):
        assert told(entry(event=event(kind, **data)), EN) is None
    assert told(entry("Dependencies for step model_v9 were not executed: []", 40), EN) is None


def test_a_run_that_somebody_stops_says_so_at_once():
    data = EngineEventData.interrupted(["model_v9"])
    stopped = Thing(event_type_value="ENGINE_EVENT", step_key=None, event_specific_data=data)
    assert told(entry(event=stopped), EN) == Told(STOPPING, "", "Stopping: one moment, please.")
    stopped.event_specific_data = EngineEventData(metadata={})
    assert told(entry(event=stopped), EN) is None


def test_a_run_that_fails_before_its_steps_says_why():
    message = "In process 7: alembic.util.exc.CommandError: more than one head"
    error = Thing(message=message, cause=None, cls_name="DagsterSubprocessError")

    def ended(error, step):
        data = {"error": error, "first_step_failure_event": step}
        return told(entry(event=event("PIPELINE_FAILURE", step="", **data)), EN)

    assert ended(error, None) == Told(FAILED, "dagster", "CommandError: more than one head")
    assert ended(error, "that was told") is None
    assert ended(None, None) is None


@pytest.mark.parametrize(
    ("message", "by"),
    [("failed", ""), ("child was terminated by signal 9 (SIGKILL).", " by SIGKILL")],
)
def test_a_step_that_was_killed_says_that_memory_is_the_usual_reason(message, by):
    error = Thing(message="", cause=None, cls_name="ChildProcessCrashException")
    killed = event("STEP_FAILURE", user_failure_data=None, error=error)
    killed.message = message
    line = told(entry(event=killed), EN)
    assert line is not None
    problem, _, way_out = line.text.partition(" -> ")
    assert problem == f"its process was killed{by}; the usual reason is that memory ran out"
    assert way_out == NO_MEMORY
    assert error_text(problem, "ko") != problem
    assert error_text(way_out, "ko") != way_out


def test_who_holds_the_gpu_is_told():
    now = datetime(2026, 1, 1, 12).astimezone()
    claim = Thing(pool="gpu")
    holder = Thing(
        step="model_v8", partition="sub", run_id="0123456789", since=now - timedelta(minutes=5)
    )
    text = waiting_text(claim, holder, now, EN)
    assert "model_v8 [sub] holds the GPU: run 01234567, for 5 min 0 s" in text
    assert waiting_text(claim, None, now, EN) == "waits for a slot of gpu"


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return Settings.from_env({"DAGSTER_HOME": str(tmp_path_factory.mktemp("home"))})


def test_a_version_is_built_with_all_it_needs_and_its_model_when_asked(settings):
    dataset = wanted("v9", "sub", settings)
    assert dataset[-1] == "dataset_v9"
    assert {"helmet_60k", "coco_person", "fallen_pool", "background"} == set(dataset[:-1])
    assert wanted("v9", "sub", settings, model=True) == [*dataset, "model_v9"]
    assert wanted("model_v9", "sub", settings) == [*dataset, "model_v9"]
    assert wanted("coco_person", "full", settings) == ["coco_person"]


def test_a_slip_in_what_is_to_be_built_is_told(settings):
    with pytest.raises(HobanError, match="did you mean coco_person"):
        wanted("coco_persn", "sub", settings)
    with pytest.raises(HobanError, match="has no model"):
        wanted("coco_person", "sub", settings, model=True)


def test_a_training_that_was_stopped_goes_on_at_its_next_epoch(tmp_path):
    assert next_epoch(tmp_path) is None
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "progress.json").write_text('{"epoch": 2}')
    assert next_epoch(tmp_path) == 3
    (tmp_path / "run" / "finished.json").touch()
    assert next_epoch(tmp_path) is None
