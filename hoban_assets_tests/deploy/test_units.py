"""The files of deploy/: whole, agreeing with each other, open to this machine only."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from road import REPOSITORY
from units import CHECKOUT, DEPLOY, SERVICES, UNITS, command, values

from hoban_assets.settings import Settings

EXAMPLE = DEPLOY / "hoban.env.example"


def settings_of(file: Path) -> dict[str, str]:
    """Variables of an environment file, as systemd reads them."""
    lines = [x for x in file.read_text(encoding="utf-8").splitlines() if x and x[0] != "#"]
    return dict(line.split("=", 1) for line in lines)


def test_both_storages_agree_in_all_but_the_storage():
    one = yaml.safe_load((REPOSITORY / "dagster.yaml").read_text(encoding="utf-8"))
    team = yaml.safe_load((DEPLOY / "dagster.postgres.yaml").read_text(encoding="utf-8"))
    assert "storage" not in one
    assert list(team.pop("storage")) == ["postgres"]
    assert team == one


def test_the_database_is_named_by_variables_alone_and_the_template_sets_them_all():
    team = yaml.safe_load((DEPLOY / "dagster.postgres.yaml").read_text(encoding="utf-8"))
    database = team["storage"]["postgres"]["postgres_db"]
    assert database.pop("scheme") == "postgresql+psycopg2"
    assert all(list(value) == ["env"] for value in database.values())
    assert {value["env"] for value in database.values()} <= settings_of(EXAMPLE).keys()


def test_a_missing_variable_is_named_when_dagster_starts(tmp_path, monkeypatch):
    import dagster as dg

    shutil.copy(DEPLOY / "dagster.postgres.yaml", tmp_path / "dagster.yaml")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("HOBAN_PG_")]:
        monkeypatch.delenv(name)
    with pytest.raises(dg.DagsterInvalidConfigError, match="HOBAN_PG_HOST"):
        dg.DagsterInstance.get()


def test_shell_and_systemd_read_the_same_settings():
    shell = subprocess.run(
        ["/bin/bash", "-c", f"set -a; . {EXAMPLE}; env -0"],
        env={},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    seen = dict(line.split("=", 1) for line in shell.split("\0") if "=" in line)
    assert {name: seen[name] for name in settings_of(EXAMPLE)} == settings_of(EXAMPLE)


def test_the_settings_of_the_template_are_accepted_and_leave_nothing_to_chance():
    chosen = settings_of(EXAMPLE)
    settings = Settings.from_env(chosen)
    assert settings.data_root == Path("/srv/hoban/data")
    known = (REPOSITORY / "hoban_assets" / "settings.py").read_text(encoding="utf-8")
    named = [name for name in chosen if name.startswith("HOBAN_") and "_PG_" not in name]
    assert [name for name in named if name not in known] == ["HOBAN_BACKUPS"]


@pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed (apt: systemd)"
)
def test_systemd_accepts_every_unit(tmp_path):
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace(CHECKOUT, str(REPOSITORY))
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *sorted(map(str, tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "hoban" in line]
    assert ours == []
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_every_service_is_an_ordinary_user_who_writes_below_one_folder(unit):
    assert values(unit, "User") == ["hoban"]
    assert values(unit, "ReadWritePaths") == ["/srv/hoban"]
    assert values(unit, "ProtectSystem") == ["strict"]
    assert values(unit, "NoNewPrivileges") == ["yes"]
    assert values(unit, "EnvironmentFile") == ["/etc/hoban/hoban.env"]
    for path in ("HOBAN_RAW_ROOT", "HOBAN_DATA_ROOT", "DAGSTER_HOME", "HOBAN_BACKUPS"):
        assert settings_of(EXAMPLE)[path].startswith("/srv/hoban/")


def test_only_the_code_server_holds_runs_and_the_others_reach_it_through_its_socket():
    words = command(DEPLOY / "hoban-code.service")
    workspace = yaml.safe_load((DEPLOY / "workspace.yaml").read_text(encoding="utf-8"))
    (entry,) = workspace["load_from"]
    assert entry["grpc_server"]["socket"] == words[words.index("--socket") + 1]
    assert entry["grpc_server"]["location_name"] == words[words.index("--location-name") + 1]
    for name in ("daemon", "webserver", "viewer"):
        words = command(DEPLOY / f"hoban-{name}.service")
        assert words[words.index("-w") + 1] == f"{CHECKOUT}/deploy/workspace.yaml"


def test_both_webservers_have_the_guard_before_them():
    for name in ("webserver", "viewer"):
        words = command(DEPLOY / f"hoban-{name}.service")
        assert words[1:3] == ["-m", "hoban_assets.front"]


def test_nothing_listens_beyond_this_machine():
    for name in ("webserver", "viewer"):
        words = command(DEPLOY / f"hoban-{name}.service")
        assert words[words.index("-h") + 1] == "127.0.0.1"
    proxied = re.findall(r"proxy_pass http://([^:]+):", (DEPLOY / "nginx-hoban.conf").read_text())
    assert set(proxied) == {"127.0.0.1"}
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    assert "hoban ui " in makefile
    services = (REPOSITORY / "hoban_assets" / "front" / "services.py").read_text(encoding="utf-8")
    assert '"-h", "127.0.0.1"' in services
    said = [REPOSITORY / "Makefile", REPOSITORY / "env.sh", *DEPLOY.iterdir()]
    said += [*REPOSITORY.glob("README*.md"), *(REPOSITORY / "docs").glob("*.md")]
    opened = re.compile(r"0\.0\.0\.0|(?:-h|--host)[ =](?!127\.0\.0\.1|localhost)\S*::")
    assert [file.name for file in said if opened.search(file.read_text(encoding="utf-8"))] == []
