"""A Label Studio of its own for a test: SQLite, on loopback, that reports to nobody."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SILENT = {
    "COLLECT_ANALYTICS": "False",
    "LABEL_STUDIO_COLLECT_ANALYTICS": "False",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "LATEST_VERSION_CHECK": "False",
    "LABEL_STUDIO_LATEST_VERSION_CHECK": "False",
    "FEATURE_FLAGS_OFFLINE": "True",
}
"""It asks its maker for nothing and tells it nothing."""
PERSON = ("kim@site.example", "not-a-secret-12345")
START_SECONDS = 1500


class LabelStudio:
    """A session of one person."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.cookies = http.cookiejar.CookieJar()
        handler = urllib.request.HTTPCookieProcessor(self.cookies)
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), handler)

    def log_in(self) -> None:
        page = self._open("/user/login/").decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        email, password = PERSON
        form = {"csrfmiddlewaretoken": token, "email": email, "password": password}
        self._open("/user/login/", urllib.parse.urlencode(form).encode())

    def ask(self, path: str, body: Any = None, method: str | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        kind = {"content-type": "application/json"}
        return json.loads(self._open(path, data, kind, method))

    def picture(self, address: str) -> bytes:
        """What the page of a task shows."""
        return self._open(address)

    def _open(self, path: str, data: bytes | None = None, headers=None, method=None) -> bytes:
        token = next((c.value for c in self.cookies if c.name == "csrftoken"), "")
        sent = {"X-CSRFToken": token, "Referer": self.address, **(headers or {})}
        request = urllib.request.Request(f"{self.address}{path}", data, sent, method=method)
        try:
            with self.opener.open(request, timeout=300) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.code} {error.read()[:2000]!r}") from error


@contextmanager
def label_studio(program: Path, home: Path, files: Path) -> Iterator[LabelStudio]:
    """Start the server; yield a session. It is ended with its process group."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home.mkdir(parents=True, exist_ok=True)
    env = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("HOBAN_", "DAGSTER_"))},
        **SILENT,
        "HOME": str(home),
        "LABEL_STUDIO_BASE_DATA_DIR": str(home),
        "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "true",
        "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT": str(files),
    }
    email, password = PERSON
    words = ["start", "--no-browser", "--internal-host", "127.0.0.1", "--port", str(port)]
    words += ["--data-dir", str(home), "--username", email, "--password", password]
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [program, *words], env=env, stdout=log, stderr=log, start_new_session=True
        )
        try:
            session = LabelStudio(f"http://127.0.0.1:{port}")
            until = time.monotonic() + START_SECONDS
            while True:
                assert server.poll() is None, (home / "server.log").read_text()[-4000:]
                assert time.monotonic() < until, "Label Studio does not answer"
                try:
                    session.log_in()
                    break
                except (OSError, TypeError):  # not yet, or its first page is not there
                    time.sleep(2)
            yield session
        finally:
            os.killpg(server.pid, 15)
            server.wait(60)
