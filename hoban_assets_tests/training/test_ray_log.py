"""A job's log and status over a network that comes and goes; no cluster is needed."""

import asyncio
import json
import threading
from enum import Enum
from types import SimpleNamespace

import pytest

from hoban_assets.errors import HobanError
from hoban_assets.on_ray import jobs
from hoban_assets.on_ray import log as job_log
from hoban_assets.on_ray.jobs import Jobs
from hoban_assets.on_ray.log import JobLog, Watch
from hoban_assets.workers._surroundings import REASON

pytest.importorskip("aiohttp", reason="comes with Ray: pip install 'hoban_assets[ray]'")


def message(text: str) -> str:
    params = {"message": text, "level": "INFO"}
    return json.dumps({"__dagster_pipes_version": "0.1", "method": "log", "params": params})


class Status(Enum):
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"

    def is_terminal(self) -> bool:
        return self is Status.STOPPED


class Server:
    """The log of one job; each connection serves its text from the start, in pieces."""

    def __init__(self, *connections, whole: str) -> None:
        self.connections, self.whole = list(connections), whole
        self.served = threading.Event()

    async def tail_job_logs(self, job_id):
        for piece in self.connections.pop(0) if self.connections else []:
            if isinstance(piece, Exception):
                raise piece
            yield piece
        if not self.connections:
            self.served.set()

    def get_job_logs(self, job_id):
        return self.whole


def heard(server: Server, monkeypatch) -> tuple[JobLog, list[str], list[str]]:
    """Read the log to its end: (reader, messages, other lines)."""
    messages, lines = [], []
    handler = SimpleNamespace(handle_message=lambda m: messages.append(m["params"]["message"]))
    log = JobLog(server, lines.append, 3)
    waiting = log._closing.wait
    monkeypatch.setattr(log._closing, "wait", lambda seconds: waiting(0.01))
    with log.read_messages(handler):
        log.on_launched({"extras": {"ray_job_id": "a-1"}})
        assert server.served.wait(20)
    return log, messages, lines


def test_messages_in_pieces_and_glued_to_other_output_arrive_whole(monkeypatch):
    one, two = message("one"), message("두 번째")
    text = f"{one}\nwarning: {two} of a loader\nlast"
    pieces = [text[:20], text[20:50], text[50:]]
    _, messages, lines = heard(Server(pieces, whole=text), monkeypatch)
    assert messages == ["one", "두 번째"]
    assert lines == ["warning:  of a loader", "last"]


def test_a_connection_that_breaks_is_made_again_and_nothing_is_heard_twice(monkeypatch):
    text = "".join(f"{message(str(n))}\nline {n}\n" for n in range(5))
    first = [text[:150], ConnectionResetError("broken")]
    second = [text[:90], text[90:200]]  # ended by the server, in the middle
    log, messages, lines = heard(Server(first, second, [], whole=text), monkeypatch)
    assert messages == ["0", "1", "2", "3", "4"]
    assert [line for line in lines if line.startswith("line")] == [f"line {n}" for n in range(5)]
    assert "the log of Ray job a-1 broke off (broken)" in lines
    assert list(log.tail) == ["line 3", "4", "line 4"]


def test_a_line_cut_off_by_a_kill_is_kept_as_it_is(monkeypatch):
    cut = message("half")[:40]
    _, messages, lines = heard(Server([cut], whole=cut), monkeypatch)
    assert (messages, lines) == ([], [cut])


def test_the_reason_of_a_job_that_cannot_run_is_taken_out(monkeypatch):
    reason = {"problem": "node x does not see /d", "way_out": "mount it"}
    text = f"{REASON}{json.dumps(reason)}\n"
    log, _, lines = heard(Server([text], whole=text), monkeypatch)
    assert (log.reason, lines) == (reason, [])


def test_a_log_that_is_served_once_more_is_no_sign_of_life(monkeypatch):
    now = [5.0]
    monkeypatch.setattr(job_log.time, "monotonic", lambda: now[0])
    log = JobLog(Server(["line\n"], whole=""), print, 3)
    asyncio.run(log._follow(None))
    now[0], log._client = 9.0, Server(["line\n"], whole="")
    asyncio.run(log._follow(None))
    assert (list(log.tail), log.heard_at) == (["line"], 5.0)


class Cluster:
    """A client whose answers are given one after the other; exceptions are raised."""

    def __init__(self, *answers, jobs=()) -> None:
        self.answers, self.jobs = list(answers), list(jobs)
        self.stopped, self.submitted = [], []

    def get_job_status(self, job_id):
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def list_jobs(self):
        return self.jobs

    def submit_job(self, **params):
        self.submitted.append(params["submission_id"])
        return params["submission_id"]

    def stop_job(self, job_id):
        self.stopped.append(job_id)


class Log(list):
    def info(self, text):
        self.append(text)

    warning = info


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(jobs, "PATIENCE_SECONDS", 0.2)


def jobs_of(cluster, active=None) -> Jobs:
    return Jobs(cluster, "http://gpu1:8265", Log(), lambda run: (active or {}).get(run))


def job(name, training, status=Status.RUNNING, run="r"):
    metadata = {"hoban/training": training, "dagster/run_id": run}
    return SimpleNamespace(submission_id=name, status=status, metadata=metadata)


def test_a_cluster_that_is_silent_for_a_while_is_waited_for():
    cluster = Cluster(ConnectionError("no route"), RuntimeError("status code 503"), Status.RUNNING)
    assert jobs_of(cluster).get_job_status("a") is Status.RUNNING


def test_one_that_stays_silent_is_named():
    with pytest.raises(HobanError, match=r"gpu1:8265 has not answered for .*no route.*whole epoch"):
        jobs_of(Cluster(ConnectionError("no route"))).get_job_status("a")


def test_one_that_was_started_anew_says_so():
    gone = RuntimeError("Request failed with status code 404: Job a does not exist.")
    with pytest.raises(HobanError, match="started anew meanwhile"):
        jobs_of(Cluster(gone)).get_job_status("a")


@pytest.mark.parametrize(
    ("other", "active", "joined", "stopped"),
    [
        (job("m-1", "m", Status.RUNNING), {"r": False}, "m-1", []),  # its step was killed
        (job("m-1", "m", Status.PENDING), {"r": True}, "m-1", []),  # a colleague waits for it
        (job("m-1", "m", Status.PENDING), {"r": False}, "m-2", ["m-1"]),  # cancelled in the queue
        (job("m-1", "m", Status.STOPPED), {"r": False}, "m-2", []),
        (job("n-1", "n", Status.RUNNING), {"r": False}, "m-1", ["n-1"]),  # seen by nobody
        (job("n-1", "n", Status.RUNNING), {"r": True}, "m-1", []),
        (job("n-1", "n", Status.RUNNING), {}, "m-1", []),  # of another Dagster
    ],
)
def test_what_becomes_of_the_jobs_that_are_there(other, active, joined, stopped):
    cluster = Cluster(Status.STOPPED, jobs=[other])
    params = {"metadata": {"hoban/training": "m"}, "submission_id": "m"}
    assert jobs_of(cluster, active).submit_job(**params) == joined
    assert cluster.stopped == stopped


def test_a_job_in_the_queue_and_one_that_fell_silent_are_told_of(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(job_log.time, "monotonic", lambda: now[0])
    said = JobLog(None, print, 3)
    log = Log()
    watch = Watch(log, "yolo_train", said, 60, "http://gpu1:8265", "2 GPU")
    for seconds, status in ((0, "PENDING"), (10, "PENDING"), (20, "PENDING"), (30, "RUNNING")):
        now[0] = seconds
        watch(status)
    assert log == [
        "yolo_train waits for 2 GPU of the Ray cluster; who has them: http://gpu1:8265/#/jobs",
        "yolo_train got its place in the Ray cluster",
    ]
    now[0] = 500
    watch("RUNNING")
    watch("RUNNING")
    assert len(log) == 3
    assert "has said nothing for 480 s; its last words: (none)" in log[-1]
