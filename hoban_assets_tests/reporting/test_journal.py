"""The journal from hand-made runs: what a day says, in English and Korean, and its numbers."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from journal_days import BUILT, DATASET, DAY, FAILED, MODEL, NOW, TRAINED, at, build, day, run, step

from hoban_assets.errors import HobanError
from hoban_assets.language import speaker
from hoban_assets.reporting.journal.entries import Step, days_of
from hoban_assets.reporting.journal.events import LoggedRun
from hoban_assets.reporting.journal.summary import as_json, summarise
from hoban_assets.reporting.journal.writing import as_markdown, day_of, joined
from hoban_assets.units import duration

ENGLISH, KOREAN = speaker("en"), speaker("ko")


def text(*runs, language="en"):
    return as_markdown([day(*runs)], language, NOW)


class TestADay:
    def test_has_an_hour_for_each_hour_with_runs_and_an_entry_for_each_run(self):
        headings = [x for x in text(BUILT, TRAINED).splitlines() if x.startswith("#")]
        assert headings == [
            "# Development journal 2026-11-23 (Monday)",
            "## 14:00",
            "### 14:30 dataset_v9 [sub] · succeeded · 15 min 0 s",
            "## 15:00",
            "### 15:00 model_v9 [sub] · succeeded · 3 h 0 min",
            "## The day in numbers",
        ]

    def test_tells_what_a_dataset_is_made_of(self):
        lines = text(BUILT)
        assert (
            "- **dataset_v9** · built · 13 min 48 s\n"
            "  - 1,479 → 369 images, 527 boxes (person 400, fallen 127), 1 ignore region\n"
            "  - Inputs: helmet_60k `7f8bbb1c`, fallen_pool `e94aaabf`\n"
            "  - Taken out: `near_duplicate` 1,059 images, 96 boxes; `area_too_large` 1 box\n"
            "  - Where: `/data/artifacts/dataset_v9`\n"
            "  - Checks: 1 of 2 passed\n"
            "  - ⚠ warning `quotas_reached`: short: person 400 of 3,000 boxes\n"
        ) in lines

    def test_says_of_what_was_used_again_that_nothing_was_read(self):
        assert (
            "- **fallen_pool** · unchanged: nothing was read · 36 s · 134 images, 137 boxes\n- **"
        ) in text(BUILT)

    def test_tells_how_good_a_model_is(self):
        assert (
            "  - 30 epochs, best epoch 28: mAP50 0.868, mAP50-95 0.593 "
            "(each class only where its source labels it)\n"
            "  - AP50 of each class: person 0.710\n"
        ) in text(TRAINED)

    def test_tells_why_a_run_failed_and_what_did_not_run(self):
        lines = text(FAILED)
        assert (
            "- **dataset_v8** · **failed** · 30 min 0 s\n  - Reason: no space left on /data\n"
            in (lines)
        )
        assert "  - Way out: free some space" in lines
        assert "- **model_v8** · not run\n  - waited for dataset_v8, which did not succeed" in lines

    def test_tells_the_command_and_who_started_it(self):
        assert "`dagster asset materialize --select dataset_v9 --partition sub`" in text(BUILT)
        assert ("started by schedule nightly, by kim, repeats run 865bb7ee, run ccccdddd") in text(
            FAILED
        )

    @pytest.mark.parametrize(
        ("status", "title", "words"),
        [
            ("cancelled", "cancelled · 30 min 0 s", "Somebody stopped this run."),
            ("killed", "**killed** · 30 min 0 s", "last sign of life was at 16:30:00"),
            ("forgotten", "no record in Dagster\n", "this is what the catalog holds"),
        ],
    )
    def test_tells_how_else_a_run_ended(self, status, title, words):
        lines = text(replace(FAILED, status=status))
        assert f"### 16:00 model_v8 [sub] · {title}" in lines
        assert words in lines

    def test_shows_a_run_that_is_at_work(self):
        lines = text(run("r", "running", 22.5, None, targets=("model_v9",)))
        assert "### 22:30 model_v9 [sub] · in progress · 30 min 0 s" in lines

    def test_is_told_in_korean(self):
        lines = text(BUILT, FAILED, TRAINED, language="ko")
        for line in (
            "# 개발 일지 2026-11-23 (월요일)",
            "## 14시",
            "### 14:30 dataset_v9 [sub] · 성공 · 15분 0초",
            "  - 이미지 1,479 → 369장, 박스 527개 (사람 400, 쓰러진 사람 127), 무시 영역 1개",
            "  - 제거: `near_duplicate` 이미지 1,059장, 박스 96개; `area_too_large` 박스 1개",
            "- **dataset_v8** · **실패** · 30분 0초",
            "  - 해결 방법: free some space",
            "## 하루 요약",
        ):
            assert f"{line}\n" in lines


class TestTheSummary:
    def test_counts_runs_steps_and_the_time_during_which_something_ran(self):
        summary = summarise(day(BUILT, TRAINED, FAILED), NOW)
        assert summary.runs == {"success": 2, "failed": 1}
        assert summary.steps == {"unchanged": 1, "built": 2, "failed": 1, "not_run": 1}
        assert summary.busy_seconds == 3.25 * 3600  # FAILED lies inside TRAINED

    def test_names_the_best_model_and_what_is_left_failed(self):
        worse = replace(MODEL, asset="model_v7", model=replace(MODEL.model, map50=0.779))
        other = run("r", "success", 10, 11, steps=(step("model_v7", "built", 10, 11, build=worse),))
        lines = text(other, TRAINED, FAILED)
        assert "- best model model_v9 [sub] mAP50 0.868 / mAP50-95 0.593" in lines
        assert (
            "- dataset_v8 [sub]: no space left on /data. Way out: free some space\n"
            "- model_v8 [sub]: waited for dataset_v8, which did not succeed"
        ) in lines

    def test_forgets_a_failure_that_was_mended_later_that_day(self):
        fixed = run("r", "success", 17, 18, steps=(step("dataset_v8", "built", 17, 18),))
        left = [o.asset for o in summarise(day(FAILED, fixed), NOW).left_failed]
        assert left == ["model_v8"]

    def test_keeps_a_failure_of_the_other_partition(self):
        other = run(
            "r", "success", 17, 18, partition="full", steps=(step("dataset_v8", "built", 17, 18),)
        )
        left = {o.asset for o in summarise(day(FAILED, other), NOW).left_failed}
        assert left == {"dataset_v8", "model_v8"}


class TestOverMidnight:
    night = run(
        "n",
        "success",
        23.5,
        26,
        targets=("model_v9",),
        steps=(
            step("dataset_v9", "built", 23.5, 23.75, build=DATASET),
            step("model_v9", "built", 23.75, 26, build=MODEL),
        ),
    )
    tomorrow = DAY + timedelta(days=1)

    def test_a_run_is_told_on_both_days(self):
        first, second = days_of([self.night], DAY, self.tomorrow, at(30))
        assert "· until 11-24 02:00" in as_markdown([first], "en", at(30))
        later = as_markdown([second], "en", at(30))
        assert "## Since an earlier day\n\n### 11-23 23:30 model_v9 [sub] · succeeded" in later

    def test_each_step_counts_for_the_day_on_which_it_ended(self):
        first, second = (
            summarise(d, at(30)) for d in days_of([self.night], DAY, self.tomorrow, NOW)
        )
        assert [o.asset for o in first.outcomes] == ["dataset_v9"]
        assert [o.asset for o in second.outcomes] == ["model_v9"]
        assert (first.busy_seconds, second.busy_seconds) == (1800, 7200)

    def test_several_days_are_one_document_the_newest_first(self):
        days = days_of([self.night, BUILT], DAY, self.tomorrow, at(30))
        headings = [x for x in as_markdown(days, "ko", at(30)).splitlines() if x.startswith("## ")]
        assert headings == ["## 개발 일지 2026-11-24 (화요일)", "## 개발 일지 2026-11-23 (월요일)"]

    def test_days_without_a_run_are_left_out(self):
        assert days_of([BUILT], DAY - timedelta(days=3), DAY - timedelta(days=1), NOW) == []


class TestJoining:
    def test_a_run_that_dagster_has_forgotten_is_told_from_the_catalog(self):
        old = replace(DATASET, run_id="wiped", images_in=None)
        stage = build(4, "fallen_pool", images=134, boxes=137)
        [run] = joined([], {4: replace(stage, run_id="wiped"), 5: old}, DAY, DAY)
        assert (run.run_id, run.status, run.targets) == ("wiped", "forgotten", ("dataset_v9",))
        assert [s.build.number for s in run.steps] == [4, 5]

    def test_what_was_used_again_keeps_the_numbers_of_its_build(self):
        logged = LoggedRun(
            run("r", "success", 20, 21, steps=(Step("dataset_v9", "unchanged"),)),
            {"dataset_v9": (5, True)},
        )
        [_, joint] = sorted(
            joined([logged], {5: replace(DATASET, run_id="r0")}, DAY, DAY), key=lambda r: r.started
        )
        assert joint.steps[0].build.images == 369

    def test_what_was_recorded_before_a_kill_is_told(self):
        logged = LoggedRun(run("r", "killed", 20, 21, steps=(Step("dataset_v9", "killed"),)))
        [joint] = joined([logged], {5: replace(DATASET, run_id="r")}, DAY, DAY)
        assert joint.steps[0].build.number == 5

    def test_a_training_that_was_found_finished_is_unchanged(self):
        logged = LoggedRun(
            run("r", "success", 20, 21, steps=(Step("model_v9", "built"),)),
            {"model_v9": (7, False)},
        )
        [joint] = joined([logged], {7: replace(MODEL, number=7, same_as=6, run_id="r")}, DAY, DAY)
        assert "unchanged: not trained again" in text(joint)

    def test_what_another_day_has_built_is_no_run_of_this_one(self):
        logged = LoggedRun(
            run("r", "success", 20, 21, steps=(Step("dataset_v9", "unchanged"),)),
            {"dataset_v9": (5, True)},
        )
        before = replace(DATASET, run_id="r0", created_at=at(-1))
        [joint] = joined([logged], {5: before}, DAY, DAY)
        assert joint.run_id == "r"


def test_json_holds_runs_steps_and_summary():
    [one] = as_json([day(BUILT, FAILED)], NOW)
    assert one["day"] == "2026-11-23"
    assert one["runs"][0]["steps"][1]["build"]["classes"] == {"person": 400, "fallen": 127}
    assert one["summary"]["left_failed"][0] == {
        "asset": "dataset_v8",
        "partition": "sub",
        "status": "failed",
        "reason": "no space left on /data",
        "way_out": "free some space",
    }


@pytest.mark.parametrize(
    ("seconds", "english", "korean_"),
    [
        (2.13, "2.1 s", "2.1초"),
        (42.4, "42 s", "42초"),
        (59.7, "1 min 0 s", "1분 0초"),
        (110, "1 min 50 s", "1분 50초"),
        (3599.8, "1 h 0 min", "1시간 0분"),
        (11100, "3 h 5 min", "3시간 5분"),
    ],
)
def test_durations(seconds, english, korean_):
    assert duration(seconds, ENGLISH) == english
    assert duration(seconds, KOREAN) == korean_


class TestADayByName:
    def test_is_a_date_or_a_word(self):
        assert day_of("2026-11-20", DAY) == date(2026, 11, 20)
        assert day_of("today", DAY) == day_of("오늘", DAY) == DAY
        assert day_of("yesterday", DAY) == day_of("어제", DAY) == date(2026, 11, 22)

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [("11/23", "no day '11/23' -> give it as 2026-11-23"), ("2026-11-24", "still to come")],
    )
    def test_or_an_error_with_the_way_out(self, wrong, words):
        with pytest.raises(HobanError, match=words):
            day_of(wrong, DAY)
