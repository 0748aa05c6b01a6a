"""What people reach: the UI of builders, that of viewers, and nginx with passwords before both."""

import base64
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import dagster as dg
import pytest
from road import REPOSITORY
from units import DEPLOY, command

ASSETS = "{assetNodes{assetKey{path}}}"
LAUNCH = """
mutation ($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on PythonError { message }
  }
}
"""
PARAMS = {
    "selector": {
        "repositoryLocationName": "toy",
        "repositoryName": "__repository__",
        "pipelineName": "__ASSET_JOB",
        "assetSelection": [{"path": ["something"]}],
    },
    "mode": "default",
    "runConfigData": {},
}
SERVER = "site.example"
"""Name of the server that people type."""
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
needs_nginx = pytest.mark.skipif(not NGINX, reason="nginx is not installed (apt install nginx)")
ANYONE = ssl.create_default_context()
ANYONE.check_hostname, ANYONE.verify_mode = False, ssl.CERT_NONE


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def get(
    url: str, user: str | None = None, data: bytes | None = None, **more: str
) -> tuple[int, bytes]:
    """Status and body of an answer; `user` is name:password, `more` are headers."""
    headers = {"Content-Type": "application/json", **more}
    if url.startswith("https:"):
        headers.setdefault("Host", f"{SERVER}:{urlsplit(url).port}")
    if user:
        headers["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
    request = urllib.request.Request(url, data=data, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60, context=ANYONE) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def answers(url: str) -> bool:
    try:
        return bool(get(url))
    except OSError:
        return False


def shows_the_asset(url: str) -> bool:
    """Whether a webserver answers and has loaded the code."""
    try:
        return b"something" in get(url, data=json.dumps({"query": ASSETS}).encode())[1]
    except OSError:
        return False


def wait_until(ready: Callable[[], bool], process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 300
    while not ready():
        assert process.poll() is None, log.read_text(encoding="utf-8")
        assert time.monotonic() < deadline, f"not ready\n{log.read_text(encoding='utf-8')}"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def ports(tmp_path_factory):
    """Both webservers, started as their units start them, over a code location that is small."""
    folder = tmp_path_factory.mktemp("front")
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    toy, code = Path(__file__).with_name("toy.py"), folder / "code.sock"
    workspace = folder / "workspace.yaml"
    workspace.write_text(f"load_from: [{{grpc_server: {{socket: {code}, location_name: toy}}}}]")
    env = {**os.environ, "DAGSTER_HOME": str(folder), "HOBAN_UI_HOSTS": SERVER}
    env.pop("DAGSTER_MODULE_NAME", None)
    bin_folder = REPOSITORY / ".venv" / "bin"
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        instance.get_runs(limit=1)  # makes the tables, before two servers do it at once
    ports = {"webserver": free_port(), "viewer": free_port()}
    serve = [str(bin_folder / "dagster"), "api", "grpc", "-f", str(toy), "--socket", str(code)]
    commands = {"code": [*serve, "--location-name", "toy"]}
    for name, port in ports.items():
        unit = DEPLOY / f"hoban-{name}.service"
        commands[name] = command(unit, p=str(port), w=str(workspace))
    processes = {}
    try:
        for name, words in commands.items():
            out = (folder / f"{name}.log").open("w")
            processes[name] = subprocess.Popen(words, env=env, stdout=out, stderr=out)
        wait_until(code.exists, processes["code"], folder / "code.log")
        for name, port in ports.items():
            url = f"http://127.0.0.1:{port}/graphql"
            ready = partial(shows_the_asset, url)
            wait_until(ready, processes[name], folder / f"{name}.log")
        yield ports
    finally:
        for process in processes.values():
            process.terminate()
        for process in processes.values():
            process.wait(timeout=60)


def launch(url: str, user: str | None = None) -> str:
    """Name of the answer to starting a run."""
    body = json.dumps({"query": LAUNCH, "variables": {"params": PARAMS}}).encode()
    _, answer = get(f"{url}/graphql", user, body)
    return str(json.loads(answer)["data"]["launchRun"]["__typename"])


def test_viewers_see_everything_and_can_start_nothing(ports):
    viewer = f"http://127.0.0.1:{ports['viewer']}"
    assert shows_the_asset(f"{viewer}/graphql")
    assert launch(viewer) == "UnauthorizedError"
    assert launch(f"http://127.0.0.1:{ports['webserver']}") == "LaunchRunSuccess"


@pytest.fixture(scope="module")
def proxy(ports, tmp_path_factory):
    """nginx with the file of deploy/, passwords made as docs/deploy.md makes them."""
    folder = tmp_path_factory.mktemp("nginx")
    text = (DEPLOY / "nginx-hoban.conf").read_text(encoding="utf-8")
    listen = {"443": free_port(), "8443": free_port()}
    for old, new in listen.items():
        text = re.sub(rf"listen {old} +ssl", f"listen 127.0.0.1:{new} ssl", text)
    text = text.replace("127.0.0.1:3000", f"127.0.0.1:{ports['webserver']}")
    text = text.replace("127.0.0.1:3001", f"127.0.0.1:{ports['viewer']}")
    text = text.replace("hoban.example:8443", f"{SERVER}:{listen['8443']}")
    text = text.replace("https://hoban.example ", f"https://{SERVER}:{listen['443']} ")
    text = text.replace("hoban.example", SERVER)
    (folder / "hoban.conf").write_text(text.replace("/etc/nginx", str(folder)))
    for name, user in (("builders", "kim"), ("viewers", "lee")):
        secret = subprocess.run(
            ["openssl", "passwd", "-6", "-stdin"],
            input=f"{user}-secret\n",
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        (folder / f"hoban.{name}").write_text(f"{user}:{secret}")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=hoban"),
            *("-keyout", str(folder / "hoban.key"), "-out", str(folder / "hoban.crt")),
        ],
        capture_output=True,
        check=True,
    )
    temporary = "\n".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}\ndaemon off;\npid {folder}/pid;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}\ninclude {folder}/hoban.conf;\n}}\n"
    )
    log = folder / "error.log"
    words = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(log)]
    with subprocess.Popen(words) as process:
        first = f"https://127.0.0.1:{listen['443']}/"
        wait_until(lambda: answers(first), process, log)
        yield listen
        process.terminate()


@needs_nginx
def test_without_a_password_nobody_comes_in(proxy):
    for port in proxy.values():
        assert get(f"https://127.0.0.1:{port}/")[0] == 401
        assert get(f"https://127.0.0.1:{port}/graphql", "kim:guess")[0] == 401


@needs_nginx
def test_builders_build_and_viewers_only_look(proxy):
    builders, viewers = (f"https://127.0.0.1:{proxy[port]}" for port in ("443", "8443"))
    assert get(f"{builders}/server_info", "kim:kim-secret")[0] == 200
    assert launch(builders, "kim:kim-secret") == "LaunchRunSuccess"
    assert get(f"{viewers}/server_info", "lee:lee-secret")[0] == 200
    assert launch(viewers, "lee:lee-secret") == "UnauthorizedError"
    assert get(f"{builders}/server_info", "lee:lee-secret")[0] == 401


@needs_nginx
@pytest.mark.parametrize(("user", "status"), [("kim:kim-secret", 101), (None, 401)])
def test_logs_of_runs_come_through_a_websocket(proxy, user, status):
    secret = f"Authorization: Basic {base64.b64encode(user.encode()).decode()}\r\n" if user else ""
    request = (
        f"GET /graphql HTTP/1.1\r\nHost: {SERVER}:{proxy['443']}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
        f"Sec-WebSocket-Protocol: graphql-ws\r\n{secret}\r\n"
    )
    with (
        socket.create_connection(("127.0.0.1", proxy["443"]), timeout=60) as plain,
        ANYONE.wrap_socket(plain) as secure,
    ):
        secure.sendall(request.encode())
        assert secure.recv(4096).split(b" ")[1] == str(status).encode()


ASK = json.dumps({"query": ASSETS}).encode()


@needs_nginx
def test_the_own_pages_come_through_and_those_of_others_do_not(proxy):
    for port, user in ((proxy["443"], "kim:kim-secret"), (proxy["8443"], "lee:lee-secret")):
        url = f"https://127.0.0.1:{port}/graphql"
        own = {"Origin": f"https://{SERVER}:{port}", "Sec-Fetch-Site": "same-origin"}
        assert get(url, user, ASK, **own)[0] == 200
        for foreign in ("https://evil.example", "null", f"http://{SERVER}:{port}"):
            assert get(url, user, ASK, Origin=foreign)[0] == 403
        assert get(url, user, ASK, **{"Sec-Fetch-Site": "cross-site"})[0] == 403
        assert get(url, user, ASK, **{"Content-Type": "text/plain"})[0] == 403
        assert get(f"{url}?query=mutation%7Ba%7D", user)[0] == 403


@needs_nginx
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "site.example.evil.example"])
def test_another_name_for_the_server_gets_no_answer(proxy, host):
    for port in proxy.values():
        with pytest.raises((OSError, http.client.HTTPException)):
            get(f"https://127.0.0.1:{port}/", "kim:kim-secret", Host=host)


def test_without_a_proxy_the_guard_refuses_pages_of_others(ports):
    for port in ports.values():
        url = f"http://127.0.0.1:{port}/graphql"
        assert get(url, None, ASK)[0] == 200
        assert get(url, None, ASK, Host="evil.example")[0] == 403
        assert get(url, None, ASK, Origin="http://evil.example")[0] == 403
        assert get(f"{url}?query=mutation%7Ba%7D")[0] == 403


@pytest.mark.parametrize(
    ("header", "status"),
    [("", 101), ("Origin: http://evil.example\r\n", 403), ("Sec-Fetch-Site: same-site\r\n", 403)],
)
def test_a_websocket_of_another_page_is_refused(ports, header, status):
    request = (
        f"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:{ports['webserver']}\r\n{header}"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-ws\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", ports["webserver"]), timeout=60) as plain:
        plain.sendall(request.encode())
        assert plain.recv(4096).split(b" ")[1] == str(status).encode()
