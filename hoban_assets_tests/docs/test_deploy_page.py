"""docs/deploy.md from its first command to its last, on a server without a system."""

import re
import shutil
from pathlib import Path

import pytest
from bare_server import RECORDED, BareServer
from road import REPOSITORY

PAGE = (REPOSITORY / "docs" / "deploy.md").read_text(encoding="utf-8")
BLOCKS = [b.splitlines() for b in re.findall(r"^```sh\n(.*?)^```", PAGE, re.S | re.M)]
SECRET = "correct horse\n" * 2


@pytest.fixture(scope="module")
def walked(world, tmp_path_factory) -> tuple[BareServer, list[tuple[str, str]]]:
    """The server after the whole page, and what each command printed."""
    if not shutil.which("openssl") or not shutil.which("git"):
        pytest.skip("openssl and git are needed (apt install openssl git)")
    server = BareServer(tmp_path_factory.mktemp("server"), world)
    said = []
    for block in BLOCKS:
        first = ""  # lines that set the shell up hold for the rest of their block
        for line in block:
            if line.startswith("sudo -u hoban bash"):
                server.move_in()
            if line.startswith(". "):
                first += f"{line} && "
            else:
                said.append((line, server.run(first + line, typed=SECRET)))
    return server, said


def test_every_command_of_the_page_runs(walked):
    _, said = walked
    lines = [line for block in BLOCKS for line in block if not line.startswith(". ")]
    assert [line for line, _ in said] == lines
    assert len(lines) > 25


def test_what_only_a_system_has_is_asked_for_in_words_that_it_knows(walked):
    server, _ = walked
    assert all(server.recorded(name) for name in RECORDED)
    ours = {file.name for file in (REPOSITORY / "deploy").iterdir()} | {"nginx.service"}
    for words in server.recorded("systemctl"):
        units = [word for word in words if word.endswith((".service", ".timer"))]
        assert set(units) <= ours
        assert units or words[-1] in ("daemon-reload", "--no-pager")
    (user,) = server.recorded("useradd")
    assert user[-1] == "hoban"
    assert server.recorded("nginx") == [["-t"]]
    (tunnel,) = server.recorded("ssh")
    assert tunnel[tunnel.index("-L") + 1] == "3000:127.0.0.1:3000"


def test_every_service_that_is_switched_on_was_put_there(walked):
    server, _ = walked
    (on,) = [words for words in server.recorded("systemctl") if words[0] == "enable"]
    there = {file.name for file in server.path("/etc/systemd/system").iterdir()}
    assert set(on[2:]) | {"hoban-backup.service"} == there


def test_the_password_of_the_database_is_drawn_and_stands_in_one_file(walked):
    server, _ = walked
    settings = server.path("/etc/hoban/hoban.env")
    assert settings.stat().st_mode & 0o777 == 0o640
    secret = re.search(r"^HOBAN_PG_PASSWORD=([0-9a-f]{48})$", settings.read_text(), re.M)[1]
    typed = Path(f"{server.record}.sql").read_text(encoding="utf-8")
    assert typed == f"ALTER ROLE hoban PASSWORD '{secret}';\n"
    assert not [words for words in server.record.read_text().splitlines() if secret in words]


def test_builders_and_viewers_have_passwords_of_their_own(walked):
    server, _ = walked
    for name, user in (("builders", "kim"), ("viewers", "lee")):
        (line,) = server.path(f"/etc/nginx/hoban.{name}").read_text().splitlines()
        assert re.fullmatch(rf"{user}:\$6\$\S+", line)
    front = server.path("/etc/nginx/sites-enabled/hoban.conf").read_text()
    assert "proxy_pass http://127.0.0.1:3000" in front


def test_one_name_of_the_server_is_answered_by_the_proxy_and_by_the_guard(walked):
    server, _ = walked
    front = server.path("/etc/nginx/sites-enabled/hoban.conf").read_text()
    assert front.count("server_name site.example;") == 2
    assert "hoban.example" not in front
    assert "HOBAN_UI_HOSTS=site.example\n" in server.path("/etc/hoban/hoban.env").read_text()


def test_the_restored_folder_answers_like_the_one_that_was_backed_up(walked):
    server, said = walked
    restored = server.path("/srv/hoban/restored")
    assert (restored / "catalog.duckdb").is_file()
    before, after, _ = [answer for line, answer in said if line == "hoban status"]
    assert "dataset_v9" in before
    assert "dataset_v9" in after
    assert len(list(server.path("/srv/hoban/backups").glob("hoban-*.tar"))) == 2


def test_one_line_of_the_page_says_how_to_stay_small():
    assert "`make ui`" in PAGE.split("\n## ")[0]
