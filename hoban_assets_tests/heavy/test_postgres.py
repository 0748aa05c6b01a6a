"""A team's installation on a real PostgreSQL server: `make test-postgres`."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from postgres_server import Server, binaries, server
from road import REPOSITORY, Road

BIN = Path(sys.executable).parent
STAGES = "helmet_60k,coco_person,fallen_pool,background"
pytestmark = [
    pytest.mark.skipif(
        os.environ.get("HOBAN_HEAVY") != "postgres", reason="takes minutes: make test-postgres"
    ),
    pytest.mark.skipif(binaries() is None, reason="no server here: apt install postgresql"),
]


class Team:
    """A DAGSTER_HOME on the server, a data root, and commands that work on them."""

    def __init__(self, folder: Path, sample: Path, postgres: Server) -> None:
        self.postgres, self.folder = postgres, folder
        self.road = Road(sample, folder / "data")
        home = folder / "home"
        home.mkdir()
        (home / "dagster.yaml").symlink_to(REPOSITORY / "deploy" / "dagster.postgres.yaml")
        self.env = {
            **os.environ,
            **self.road.env(HOBAN_EPOCHS_FULL="1", HOBAN_LANG="en"),
            **postgres.env,
            "DAGSTER_HOME": str(home),
            "DAGSTER_MODULE_NAME": "hoban_assets.definitions",
            "PYTHONWARNINGS": "ignore",
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        }

    def start(self, *words: str, out: Path | None = None, **env: str) -> subprocess.Popen:
        """Start a command; what it prints goes to `out`, or is read with communicate()."""
        return subprocess.Popen(
            [str(BIN / words[0]), *words[1:]],
            env={**self.env, **env},
            cwd=REPOSITORY,
            stdout=out.open("a") if out else subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def serve(self, *words: str) -> subprocess.Popen:
        """Start a service, whose workspace says what it loads."""
        return self.start(*words, out=self.folder / f"{words[0]}.log", DAGSTER_MODULE_NAME="")

    def build(self, select: str, partition: str, **env: str) -> subprocess.Popen:
        words = ("asset", "materialize", "--select", select, "--partition", partition)
        return self.start("dagster", *words, **env)

    def must(self, *words: str) -> str:
        process = self.start(*words)
        said, _ = process.communicate(timeout=900)
        assert process.returncode == 0, said[-5000:]
        return said

    def version(self, asset: str, partition: str) -> str | None:
        found = self.road.catalog.current(asset, partition)
        return found.data_version if found else None

    def ask(self, code: str) -> list:
        """Evaluate `code` over Dagster's `instance`, in a process of its own."""
        script = (
            "import json, dagster as dg\n"
            "with dg.DagsterInstance.get() as instance:\n"
            f"    print('ANSWER', json.dumps({code}))"
        )
        return json.loads(self.must("python", "-c", script).rpartition("ANSWER ")[2])


@pytest.fixture(scope="module")
def team(sample, tmp_path_factory) -> Iterator[Team]:
    with server() as postgres:
        made = Team(tmp_path_factory.mktemp("team"), sample, postgres)
        made.must("dagster", "instance", "migrate")
        yield made


def wait_until(ready: Callable[[], object], what: str, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def ended(*processes: subprocess.Popen) -> list[str]:
    said = [process.communicate(timeout=900)[0] for process in processes]
    for process, text in zip(processes, said, strict=True):
        assert process.returncode == 0, text[-5000:]
    return said


def test_two_people_build_different_partitions_at_once_and_the_catalog_holds_both(team):
    stages = [team.build(STAGES, partition) for partition in ("sub", "full")]
    ended(*stages)
    ended(*(team.build("dataset_v9", partition) for partition in ("sub", "full")))
    for partition in ("sub", "full"):
        current = team.road.catalog.current("dataset_v9", partition)
        assert len(list(Path(current.path).rglob("images/*/*.*"))) == current.images
    runs = team.ask("[run.status.value for run in instance.get_runs()]")
    assert runs == ["SUCCESS"] * 4


def test_two_trainings_of_two_people_take_turns_at_the_gpu(team):
    trainings = [team.build("model_v9", partition) for partition in ("sub", "full")]
    ended(*trainings)
    times = team.ask(
        "[[r.event_log_entry.timestamp, r.event_log_entry.dagster_event.event_type_value] "
        "for run in instance.get_runs(limit=2) for r in instance.get_records_for_run("
        "run.run_id, of_type={dg.DagsterEventType.STEP_START, dg.DagsterEventType.STEP_SUCCESS})"
        ".records]"
    )
    assert [kind for _, kind in sorted(times)] == ["STEP_START", "STEP_SUCCESS"] * 2
    info = "instance.event_log_storage.get_concurrency_info('gpu')"
    assert team.ask(f"[{info}.slot_count, len({info}.claimed_slots)]") == [1, 0]


def test_a_server_that_dies_in_the_middle_fails_the_run_clearly_and_the_next_one_works(team):
    run = team.build("model_v9", "sub", HOBAN_EPOCHS_SUB="6")
    progress = team.road.data / "models" / "model_v9" / "sub"
    before = set(progress.glob("*"))
    wait_until(
        lambda: set(progress.glob("*/progress.json")) - {f / "progress.json" for f in before},
        "no training began",
    )
    team.postgres.stop("immediate")
    said, _ = run.communicate(timeout=300)
    assert run.returncode != 0
    assert "connection" in said.lower()
    team.postgres.start()
    team.must("hoban", "unlock")
    (said,) = ended(team.build("model_v9", "sub", HOBAN_EPOCHS_SUB="6"))
    assert "RUN_SUCCESS" in said
    assert (
        team.ask("len(instance.event_log_storage.get_concurrency_info('gpu').claimed_slots)") == 0
    )


@contextmanager
def services(team: Team) -> Iterator[str]:
    """Code server, daemon and webserver, as the units start them; yields the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    code, workspace = team.folder / "code.sock", team.folder / "workspace.yaml"
    text = (REPOSITORY / "deploy" / "workspace.yaml").read_text(encoding="utf-8")
    workspace.write_text(text.replace("/run/hoban/code.sock", str(code)))
    serve = ("--socket", str(code), "--module-name", "hoban_assets.definitions")
    serve += ("--working-directory", str(REPOSITORY), "--location-name", "hoban_assets")
    started = [team.serve("dagster", "code-server", "start", *serve)]
    try:
        wait_until(code.exists, "the code was not loaded")
        started.append(team.serve("dagster-daemon", "run", "-w", str(workspace)))
        started.append(
            team.serve("dagster-webserver", "-h", "127.0.0.1", "-p", port, "-w", str(workspace))
        )
        url = f"http://127.0.0.1:{port}/graphql"
        wait_until(lambda: answers(url), "the webserver did not answer")
        yield url
    finally:
        for process in reversed(started):
            process.send_signal(signal.SIGTERM)
        for process in started:
            process.communicate(timeout=120)


def graphql(url: str, query: str, **variables: object) -> dict:
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["data"]


def answers(url: str) -> bool:
    try:
        return bool(graphql(url, "{repositoriesOrError{...on RepositoryConnection{nodes{name}}}}"))
    except OSError:
        return False


def test_daemon_and_webserver_work_on_it(team):
    launch = (
        "mutation($p: ExecutionParams!) {launchRun(executionParams: $p) "
        "{__typename ...on LaunchRunSuccess {run {runId}}}}"
    )
    params = {
        "selector": {
            "repositoryLocationName": "hoban_assets",
            "repositoryName": "__repository__",
            "pipelineName": "__ASSET_JOB",
            "assetSelection": [{"path": ["background"]}],
        },
        "mode": "default",
        "runConfigData": {},
        "executionMetadata": {"tags": [{"key": "dagster/partition", "value": "sub"}]},
    }
    with services(team) as url:
        (run,) = graphql(url, launch, p=params)["launchRun"]["run"].values()
        status = "query($r: ID!) {runOrError(runId: $r) {...on Run {status}}}"
        wait_until(
            lambda: graphql(url, status, r=run)["runOrError"]["status"] == "SUCCESS",
            "the daemon did not launch the run",
        )
        health = "{instance {daemonHealth {allDaemonStatuses {daemonType healthy required}}}}"
        found = graphql(url, health)["instance"]["daemonHealth"]["allDaemonStatuses"]
        assert [d["daemonType"] for d in found if d["required"] and not d["healthy"]] == []


def test_the_history_is_backed_up_and_comes_back_into_an_empty_database(team, tmp_path):
    if not shutil.which("pg_dump"):
        pytest.skip("no pg_dump here: apt install postgresql-client")
    runs = team.ask("sorted(run.run_id for run in instance.get_runs())")
    team.must("hoban", "backup", str(tmp_path / "backup.tar"), "--without-images")
    new = tmp_path / "new"
    said = team.must("hoban", "restore", str(tmp_path / "backup.tar"), "--into", str(new))
    assert team.postgres.password not in said
    (line,) = [line for line in said.splitlines() if "pg_restore" in line]
    team.postgres.sql("DROP DATABASE hoban WITH (FORCE)")
    team.postgres.sql("CREATE DATABASE hoban OWNER hoban")
    subprocess.run(["/bin/bash", "-c", line], env=team.env, check=True)
    assert team.ask("sorted(run.run_id for run in instance.get_runs())") == runs


def test_a_wrong_password_is_said(team):
    asked = team.start("dagster", "instance", "info", HOBAN_PG_PASSWORD="wrong")
    wrong = team.start("hoban", "backup", str(team.folder), HOBAN_PG_PASSWORD="wrong")
    asked.communicate(timeout=120)
    said, _ = wrong.communicate(timeout=120)
    assert wrong.returncode == 1
    assert "password authentication failed" in said
    assert "Traceback" not in said
