"""What a Ray job says, line by line while it runs, and what is said where it says nothing."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dagster import PipesMessageReader

from hoban_assets.on_ray.jobs import first_line
from hoban_assets.workers._surroundings import REASON

RECONNECT_SECONDS = 60.0
"""Silence after which the log is asked for anew: a sleeping laptop's connection is dead unseen."""
FLUSH_SECONDS = 15.0
"""Time for the last lines after a job has ended."""
FIRST_WORD_SECONDS = 5.0
"""A job that finds its place at once takes two seconds to start."""
WAITING_SECONDS = 300.0
"""Time after which a job in the queue says again that it waits."""
_MESSAGE = '{"__dagster_pipes_version"'
_RAY_S_OWN = re.compile(r"^Running entrypoint for job |INFO job_manager\.py")
_LINE_END = re.compile(r"\r\n|\n|\r")


class JobLog(PipesMessageReader):
    """Follows a job's log: Pipes messages go where they belong, other lines to `log`."""

    def __init__(self, client: Any, log: Callable[[str], None], tail_lines: int) -> None:
        """Keep the last `tail_lines` lines, of output and of Pipes' log messages."""
        self._client, self._log = client, log
        self._job_id, self._rest, self._seen = "", "", 0
        self._launched, self._closing = threading.Event(), threading.Event()
        self.tail: deque[str] = deque(maxlen=tail_lines)
        self.heard_at = time.monotonic()
        self.reason: dict[str, str] | None = None
        """Why the job could not begin, with the way out."""
        self.abandon: Callable[[], None] = lambda: None
        """Called before the last lines are waited for, where the step ends before the job."""

    def on_launched(self, launched_payload: Any) -> None:
        """Begin to read."""
        self._job_id = launched_payload["extras"]["ray_job_id"]
        self._launched.set()

    @contextmanager
    def read_messages(self, handler: Any) -> Iterator[Mapping[str, Any]]:
        """Read in a thread of its own; the worker writes its messages to its output."""
        thread = threading.Thread(target=self._read, args=(handler,), daemon=True)
        thread.start()
        try:
            yield {"stdio": "stdout"}
        except BaseException:
            self.abandon()
            raise
        finally:
            self._closing.set()
            self._launched.set()
            thread.join(FLUSH_SECONDS)

    def no_messages_debug_text(self) -> str:
        """What to look at where nothing came."""
        return f"Messages are expected in the log of Ray job {self._job_id}."

    def _read(self, handler: Any) -> None:
        import aiohttp

        self._launched.wait()
        if not self._job_id:
            return
        while not self._closing.is_set():
            try:
                asyncio.run(self._follow(handler))
            except (OSError, RuntimeError, aiohttp.ClientError) as error:
                self._log(f"the log of Ray job {self._job_id} broke off ({first_line(error)})")
            self._closing.wait(1.0)
        try:  # whole, as the stream lags behind by seconds
            self._take(handler, self._client.get_job_logs(self._job_id)[self._seen :] + "\n")
        except (OSError, RuntimeError) as error:
            self._log(f"the last lines of Ray job {self._job_id} are lost ({first_line(error)})")

    async def _follow(self, handler: Any) -> None:
        """Take the log, which always comes from its start, until it ends or says nothing."""
        chunks, at = aiter(self._client.tail_job_logs(self._job_id)), 0
        following = asyncio.ensure_future(anext(chunks))
        until = time.monotonic() + RECONNECT_SECONDS
        while not self._closing.is_set() and time.monotonic() < until:
            arrived, _ = await asyncio.wait({following}, timeout=0.2)
            if not arrived:
                continue
            try:
                chunk = following.result()
            except StopAsyncIteration:
                return
            fresh, at = chunk[max(0, self._seen - at) :], at + len(chunk)
            self._seen = max(self._seen, at)
            self._take(handler, fresh)
            following = asyncio.ensure_future(anext(chunks))
            until = time.monotonic() + RECONNECT_SECONDS

    def _take(self, handler: Any, text: str) -> None:
        if not text:  # nothing new came with a connection that was made again
            return
        self.heard_at = time.monotonic()
        *whole, self._rest = _LINE_END.split(self._rest + text)
        for line in whole:
            said, message = split_message(line)
            if message is not None:
                handler.handle_message(message)
                if message["method"] == "log":
                    self.tail.append(str(message["params"]["message"]))
            if said.startswith(REASON):
                self.reason = json.loads(said.removeprefix(REASON))
            elif said.strip():
                self._log(said.rstrip())
                if not _RAY_S_OWN.search(said):
                    self.tail.append(said.rstrip())


def split_message(line: str) -> tuple[str, dict[str, Any] | None]:
    """Take the Pipes message out of a line, into which another process may have written, too."""
    start = line.find(_MESSAGE)
    if start < 0:
        return line, None
    try:
        message, end = json.JSONDecoder().raw_decode(line, start)
    except json.JSONDecodeError:  # the worker was killed in the middle of it
        return line, None
    return line[:start] + line[end:], message


class Watch:
    """Says that a job waits in the queue, and that it has fallen silent."""

    def __init__(
        self,
        log: Any,
        name: str,
        said: JobLog,
        stall_seconds: float | None,
        address: str,
        asks: str,
    ) -> None:
        """`asks` is what the job asks the cluster for, in words."""
        self._log, self._name, self._said = log, name, said
        self._stall, self._jobs, self._asks = stall_seconds, f"{address}/#/jobs", asks
        self._next_word = 0.0
        self._waits: bool | None = None

    def __call__(self, status: str) -> None:
        """Take the job's status, as it is now."""
        now = time.monotonic()
        if status == "PENDING":
            self._said.heard_at = now
            if self._waits is None:
                self._waits, self._next_word = False, now + FIRST_WORD_SECONDS
            if now >= self._next_word:
                self._waits, self._next_word = True, now + WAITING_SECONDS
                self._log.info(
                    f"{self._name} waits for {self._asks} of the Ray cluster; who has them: "
                    f"{self._jobs}"
                )
            return
        if self._waits:
            self._waits = False
            self._log.info(f"{self._name} got its place in the Ray cluster")
        silent = now - self._said.heard_at
        if self._stall is not None and silent >= self._stall and now >= self._next_word:
            self._next_word = now + self._stall
            words = self._said.tail[-1] if self._said.tail else "(none)"
            self._log.warning(
                f"{self._name} has said nothing for {silent:.0f} s; its last words: {words}. "
                f"It was not stopped; look at {self._jobs}, or cancel "
                "the run"
            )
