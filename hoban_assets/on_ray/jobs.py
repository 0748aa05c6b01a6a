"""Jobs of a Ray cluster as a step needs them: found again, outliving silences of the network."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from hoban_assets.errors import HobanError

PATIENCE_SECONDS = 180.0
"""A cluster that does not answer for this long is given up: a laptop's network comes and goes."""
STOP_SECONDS = 20.0
"""Time that a job gets to end once stopped; Ray kills after 3."""
MOST_TRIES = 5
TRAINING = "hoban/training"
"""Metadata of a job: which training it is. One of them runs at a time."""
RUN = "dagster/run_id"


class Jobs:
    """The jobs of one cluster, with the methods that `PipesRayJobClient` calls.

    `client` is a `ray.job_submission.JobSubmissionClient`; `is_active` tells of a Dagster run's
    id whether that run is at work (None: not a run of this Dagster).
    """

    def __init__(
        self,
        client: Any,
        address: str,
        log: Any,
        is_active: Callable[[str], bool | None],
        while_waiting: Callable[[str], None] = lambda status: None,
    ) -> None:
        """`while_waiting` is called with the status of the job at every look at it."""
        self._client, self._address, self._log = client, address, log
        self._is_active, self._while_waiting = is_active, while_waiting
        self.job_id = ""

    def get_address(self) -> str:
        """Where the cluster's dashboard is."""
        return self._address

    def submit_job(self, **params: Any) -> str:
        """Submit a job; a training that runs already is joined instead. Returns its id."""
        training, name = params["metadata"].get(TRAINING), params["submission_id"]
        for _ in range(MOST_TRIES):
            jobs = self._answer(self._client.list_jobs)
            if training and (running := self._look_around(jobs, training)):
                self.job_id = running
                self._log.info(f"joined {running}, which trains this already; its log follows")
                return running
            used = sum((job.submission_id or "").startswith(f"{name}-") for job in jobs)
            params["submission_id"] = self.job_id = f"{name}-{used + 1}"
            try:
                self._answer(lambda: self._client.submit_job(**params))
                return self.job_id
            except FileExistsError:  # another step was faster, or the answer got lost on the way
                continue
        raise HobanError(
            f"the Ray cluster at {self._address} takes no job named {self.job_id}",
            "materialise again, or start the cluster anew",
        )

    def get_job_status(self, job_id: str) -> Any:
        """Status of a job; waits where the cluster does not answer.

        Raises:
            HobanError: it does not answer for `PATIENCE_SECONDS`, or knows the job no more.
        """
        status = self._answer(lambda: self._client.get_job_status(job_id))
        self._while_waiting(status.value)
        return status

    def get_job_info(self, job_id: str) -> Any:
        """All that the cluster says of a job."""
        return self._answer(lambda: self._client.get_job_info(job_id))

    def stop_job(self, job_id: str) -> None:
        """Stop a job and wait for its end; one in the queue ends as soon as its turn comes."""
        deadline = time.monotonic() + STOP_SECONDS
        self._client.stop_job(job_id)
        while (status := self._client.get_job_status(job_id)).value == "RUNNING":
            if time.monotonic() > deadline:
                self._log.warning(f"Ray job {job_id} does not end; see {self._address}/#/jobs")
                return
            time.sleep(0.2)
        self._log.info(f"Ray job {job_id}: {status.value.lower()}")

    def end(self) -> None:
        """Stop the job of this step if it is still there, whatever became of the step."""
        try:
            if self.job_id and not self._client.get_job_status(self.job_id).is_terminal():
                self.stop_job(self.job_id)
        except (OSError, RuntimeError) as error:  # of requests, of Ray
            self._log.warning(
                f"Ray job {self.job_id} could not be stopped ({first_line(error)}): if it still "
                f"runs, the next start of this asset finds it; by hand: ray job stop {self.job_id}"
            )

    def _look_around(self, jobs: Iterable[Any], training: str) -> str | None:
        """Find the job of this training; stop those of others whose Dagster run has ended."""
        for job in jobs:
            metadata = job.metadata or {}
            if TRAINING not in metadata or job.status.is_terminal():
                continue
            is_active = self._is_active(metadata.get(RUN, ""))
            is_same = metadata[TRAINING] == training
            # A queued job of an ended run was cancelled: it ends by itself when its turn comes.
            if is_same and (is_active or job.status.value == "RUNNING"):
                return str(job.submission_id)
            if is_same or is_active is False:
                self._log.warning(f"stopping {job.submission_id}: the run that started it ended")
                self.stop_job(job.submission_id)
        return None

    def _answer(self, ask: Callable[[], Any]) -> Any:
        """Ask until there is an answer, or reason to give up."""
        start, warned = time.monotonic(), False
        while True:
            try:
                return ask()
            except (OSError, RuntimeError) as error:  # of requests, of Ray
                reason = first_line(error)
                if "already exists" in str(error):
                    raise FileExistsError(reason) from None
                self._give_up(error, silent_seconds=time.monotonic() - start)
            if not warned:
                warned = True
                self._log.warning(
                    f"the Ray cluster at {self._address} does not answer ({reason}): waiting "
                    f"{PATIENCE_SECONDS:g} s for it"
                )
            time.sleep(min(2.0, PATIENCE_SECONDS / 10))

    def _give_up(self, error: Exception, silent_seconds: float) -> None:
        """Raise where asking again leads nowhere."""
        where = f"the Ray cluster at {self._address}"
        again = "materialise again; a training goes on after its last whole epoch"
        if "does not exist" in str(error):
            raise HobanError(
                f"{where} does not know job {self.job_id}: it was started anew meanwhile", again
            ) from None
        if isinstance(error, RuntimeError) and "status code 5" not in str(error):
            raise HobanError(
                f"{where} refuses: {first_line(error)}", "see docs/train-on-ray.md"
            ) from None
        if silent_seconds > PATIENCE_SECONDS:
            raise HobanError(
                f"{where} has not answered for {PATIENCE_SECONDS:g} s ({first_line(error)})",
                "see on its head node whether it runs (ray status), start it again, and " + again,
            ) from None


def first_line(error: BaseException) -> str:
    """What an exception says, in one line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
