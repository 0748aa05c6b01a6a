"""The sensor takes each archive once, when it is whole; the run clears it away."""

import os
from datetime import datetime
from pathlib import Path

import dagster as dg
import pytest
from handed_in_runs import KEY, MODEL, HandedIn, home_in

from hoban_assets.components.inbox import Imported
from hoban_assets.components.platform import Platform
from hoban_assets.defs.inbox import ATTEMPTS, import_job, inbox_sensor
from hoban_assets.errors import HobanError

NAME = f"{HandedIn().top}.tar"


@pytest.fixture
def home(tmp_path, monkeypatch):
    with dg.DagsterInstance.ephemeral() as instance:
        made = home_in(tmp_path, instance)
        for name, value in {**made.env, "HOBAN_LANG": "ko"}.items():
            monkeypatch.setenv(name, value)
        yield made


class Ticks:
    """The sensor as the daemon evaluates it: each time with the cursor of the time before."""

    def __init__(self, instance):
        self.instance, self.cursor = instance, None

    def __call__(self) -> list[dg.RunRequest]:
        context = dg.build_sensor_context(self.instance, cursor=self.cursor)
        found = inbox_sensor(context)
        self.cursor, self.said = found.cursor, found.skip_reason and found.skip_reason.skip_message
        return list(found.run_requests or [])


@pytest.fixture
def tick(home):
    return Ticks(home.instance)


def run(home, request, **options):
    """As the daemon launches it."""
    tags = {**request.tags, "dagster/run_key": request.run_key}
    return import_job.execute_in_process(
        run_config=request.run_config,
        instance=home.instance,
        resources={"platform": Platform()},
        tags=tags,
        raise_on_error=False,
        **options,
    )


def inbox(home) -> dict[str, Path]:
    folder = home.settings.inbox
    return {str(f.relative_to(folder)): f for f in folder.rglob("*") if f.is_file()}


def test_without_an_inbox_nothing_happens(tick, home):
    assert tick() == []
    home.settings.inbox.mkdir(parents=True)
    (home.settings.inbox / "notes.tar").write_bytes(b"not ours")
    assert tick() == []
    assert "nothing in" in tick.said


def test_an_archive_is_asked_for_when_it_no_longer_grows_and_only_once(tick, home):
    path = HandedIn().tar(home.settings.inbox)
    whole = path.read_bytes()
    for size in (1000, 20_000, len(whole)):
        path.write_bytes(whole[:size])
        assert tick() == [], "it has grown since the last look"
    (request,) = tick()
    assert request.tags == {"hoban/archive": NAME}

    assert run(home, request).success

    assert list(inbox(home)) == [f"imported/{NAME}"]
    assert inbox(home)[f"imported/{NAME}"].read_bytes() == whole
    assert [line["data_version"] for line in home.models()] == [KEY]
    (importing,) = home.instance.get_runs()
    assert importing.run_id == home.models()[0]["run_id"]
    assert importing.tags["dagster/partition"] == "full"
    assert len(home.events()) == 1
    assert len(home.checks()) == 2
    assert tick() == []


def test_a_refused_one_goes_aside_with_the_reason_in_korean(tick, home):
    path = HandedIn(version="other rows").tar(home.settings.inbox)
    whole = path.read_bytes()
    tick()
    (request,) = tick()

    result = run(home, request)

    assert not result.success
    said = result.failure_data_for_node("import_archive").user_failure_data.description
    assert "was trained on another version of dataset_v9 [full]" in said
    files = inbox(home)
    assert sorted(files) == [f"refused/{NAME}", f"refused/{NAME}.txt"]
    assert files[f"refused/{NAME}"].read_bytes() == whole
    text = files[f"refused/{NAME}.txt"].read_text(encoding="utf-8")
    assert "다른 버전으로 학습되었습니다" in text
    assert f"hoban import-results {files[f'refused/{NAME}']}" in text
    assert home.models() == []
    assert tick() == [], "no run for it again"


def test_one_that_comes_back_with_its_old_time_is_asked_for_anew(tick, home):
    path = HandedIn(version="other rows").tar(home.settings.inbox)
    tick()
    (first,) = tick()
    run(home, first)
    assert tick() == []
    (home.settings.inbox / "refused" / NAME).rename(path)
    tick()
    (second,) = tick()
    assert second.run_key != first.run_key


def test_a_run_that_ended_without_clearing_it_away_is_tried_again_but_not_for_ever(
    tick, home, monkeypatch
):
    def held(*arguments, **options):
        raise HobanError("the catalog is held", "close it")

    HandedIn().tar(home.settings.inbox)
    monkeypatch.setattr("hoban_assets.defs.inbox.bring_in", held)
    tick()
    keys = set()
    for _ in range(ATTEMPTS):
        (request,) = tick()
        keys.add(request.run_key)
        assert not run(home, request).success
        assert list(inbox(home)) == [NAME], "nothing is wrong with the archive"
    assert len(keys) == ATTEMPTS
    assert tick() == []
    assert f"hoban import-results {home.settings.inbox / NAME}" in tick.said


def test_while_its_run_is_at_work_no_other_is_asked_for(tick, home):
    HandedIn().tar(home.settings.inbox)
    tick()
    (request,) = tick()
    tags = {"dagster/run_key": request.run_key}
    started = home.instance.create_run_for_job(
        import_job, tags=tags, status=dg.DagsterRunStatus.STARTED, run_config=request.run_config
    )
    assert tick() == []
    assert f"is being imported by run {started.run_id[:8]}" in tick.said


def test_an_older_archive_of_the_same_name_is_kept(tick, home, monkeypatch):
    known = Imported(MODEL, "full", home.run_dir, since=datetime(2026, 11, 1))
    monkeypatch.setattr("hoban_assets.defs.inbox.bring_in", lambda *a, **k: known)
    for _ in range(2):
        HandedIn().tar(home.settings.inbox)
        os.utime(home.settings.inbox / NAME, (1, 1))
        tick()
        (request,) = tick()
        assert run(home, request).success
    numbered = NAME.replace(".tar", "-2.tar")
    assert sorted(inbox(home)) == sorted([f"imported/{NAME}", f"imported/{numbered}"])


def test_the_sensor_is_on_and_looks_twice_a_minute():
    assert inbox_sensor.default_status == dg.DefaultSensorStatus.RUNNING
    assert inbox_sensor.minimum_interval_seconds == 30
    assert inbox_sensor.job_name == import_job.name == "import_results"
