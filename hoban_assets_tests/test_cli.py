import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import typer
from road import Road
from typer.testing import CliRunner

from hoban_assets.cli import app

COMMANDS = (
    "add",
    "audit-split",
    "backup",
    "build",
    "bundle",
    "calibrate",
    "collect",
    "compare",
    "completed",
    "diff",
    "evaluate",
    "export",
    "doctor",
    "find",
    "gallery",
    "import-results",
    "inspect",
    "is-safe-to-delete",
    "journal",
    "label-errors",
    "noise",
    "plan",
    "predict",
    "propose",
    "prune",
    "quality",
    "rebuild",
    "restore",
    "results",
    "review",
    "sample-data",
    "site",
    "sizes",
    "sql",
    "status",
    "summary",
    "track",
    "ui",
    "unlock",
    "view",
    "verify",
    "why",
)
"""Every command of `hoban`."""
HOBAN = Path(sys.executable).parent / "hoban"


@pytest.fixture(scope="module")
def road(sample, tmp_path_factory):
    road = Road(sample, tmp_path_factory.mktemp("data"))
    assert road.build("background").success
    return road


def hoban(road, *arguments: str) -> subprocess.CompletedProcess:
    import os

    env = {**os.environ, **road.env(HOBAN_LANG="en")}
    command = [str(HOBAN), *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_every_command_has_help_with_an_example():
    listing = CliRunner().invoke(app, ["--help"]).output
    for command in COMMANDS:
        assert command in listing
        assert "Example: hoban" in CliRunner().invoke(app, [command, "--help"]).output


def test_the_version_is_that_of_the_package():
    told = CliRunner().invoke(app, ["--version"])
    assert (told.exit_code, told.output.split()[-1]) == (0, version("hoban_assets"))


def test_ctrl_c_while_python_imports_ends_the_command_quietly(tmp_path):
    pressed = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)\n"
    (tmp_path / "typer.py").write_text(pressed)
    declared = tomllib.loads((HOBAN.parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    module, _, name = declared["project"]["scripts"]["hoban"].partition(":")
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    done = subprocess.run(
        [sys.executable, "-c", f"{heard}; from {module} import {name}; {name}()", "status"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize("command", [["status"], ["inspect", "docs"]])
def test_a_data_root_that_cannot_be_made_is_one_message(command):
    env = {**os.environ, "HOBAN_LANG": "ko", "HOBAN_DATA_ROOT": "/proc/x"}
    done = subprocess.run(
        [str(HOBAN), *command],
        env=env,
        cwd=HOBAN.parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    problem, way_out = done.stderr.splitlines()[-2:]
    assert problem.startswith("오류: 데이터 루트 /proc/x이(가) 없고 만들 수도 없습니다: ")
    assert way_out.endswith("HOBAN_DATA_ROOT를 이 계정이 쓸 수 있는 폴더로 지정하세요")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("language", "said"), [("en", "has no package duckdb"), ("ko", "make setup")]
)
def test_a_package_that_is_not_installed_is_one_message(tmp_path, language, said):
    missing = "raise ModuleNotFoundError('No module named duckdb', name='duckdb')"
    (tmp_path / "duckdb.py").write_text(missing)
    done = subprocess.run(
        [str(HOBAN), "sql", "SELECT 1"],
        env={**os.environ, "HOBAN_LANG": language, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_env_sh_keeps_a_warning_out_of_what_the_readme_teaches():
    """Dagster warns of each `dagster asset materialize`, which goes on working."""
    warn = (
        "import warnings; from dagster_shared.utils.warnings import SupersessionWarning as S; "
        "warnings.warn('Function `asset_materialize_command` is superseded', S)"
    )
    shell = f'. ./env.sh && "{sys.executable}" -c "$1"'
    done = subprocess.run(
        ["/bin/bash", "-c", shell, "bash", warn],
        cwd=HOBAN.parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""


def test_every_argument_is_explained():
    group = typer.main.get_command(app)
    for name, command in group.commands.items():
        page = " ".join(
            re.sub(r"[│\s]+", " ", CliRunner().invoke(app, [name, "--help"]).output).split()
        )
        for parameter in command.params:
            if parameter.param_type_name == "argument":
                assert parameter.help, f"{name} {parameter.name}"
                assert " ".join(parameter.help.split())[:30] in page, f"{name} {parameter.name}"


def test_there_is_no_command_that_this_list_forgets():
    names = {
        c.name or c.callback.__name__.replace("_", "-")
        for c in app.registered_commands
        if not c.hidden
    }
    assert names == set(COMMANDS)


def loaded(road: Road, *words: str) -> set[str]:
    """Modules that a command in Korean has loaded when it ends."""
    code = (
        "import sys; from hoban_assets import cli; sys.argv[0] = 'hoban'\n"
        "try: cli.main()\n"
        "except SystemExit as end: print(); print(*sys.modules); sys.exit(end.code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        env={**os.environ, **road.env(HOBAN_LANG="ko")},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("words", "most"),
    [(["--help"], 445), (["why", "--help"], 390), (["sql", "SELECT 1"], 345)],
)
def test_a_command_starts_soon_as_it_loads_little(road, words, most):
    """About 0.4 ms a module; the figures are what is loaded now, and some twenty more."""
    modules = loaded(road, *words)
    heavy = {"pandas", "numpy", "dagster", "torch", "PIL", "pydantic", "scipy"}
    assert modules & heavy == set()
    assert ("duckdb" in modules) == ("--help" not in words)
    assert len(modules) <= most


def test_sql_answers_as_a_table_and_as_json(road):
    query = "SELECT asset, count(*) AS n FROM images GROUP BY 1"
    assert "background" in hoban(road, "sql", query).stdout
    (row,) = json.loads(hoban(road, "sql", query, "--json").stdout)
    assert row["asset"] == "background"
    assert row["n"] > 0


def test_a_wrong_statement_is_explained_and_names_the_views(road):
    wrong = hoban(road, "sql", "SELECT nope FROM images")
    assert wrong.returncode == 1
    assert '"nope" not found' in wrong.stderr
    assert "ignore_regions" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_the_catalog_cannot_be_written_by_asking(road):
    for statement in ("DELETE FROM store.images", "DROP VIEW images"):
        assert hoban(road, "sql", statement).returncode == 1
    assert road.catalog.query("SELECT count(*) AS n FROM images").n[0] > 0


def test_why_finds_an_image_by_a_part_of_its_name(road):
    image = road.catalog.query("SELECT image_id FROM images LIMIT 1").image_id[0]
    told = hoban(road, "why", Path(image).stem)
    assert image in told.stdout
    assert hoban(road, "fate", Path(image).stem).stdout == told.stdout


def test_a_mistake_is_one_message_with_a_way_out_and_no_traceback(road, tmp_path):
    wrong = hoban(road, "summary", "v99")
    assert wrong.returncode == 1
    assert "'v99'" in wrong.stderr
    assert "way out" in wrong.stderr
    assert "Traceback" not in wrong.stderr
    occupied = hoban(road, "sample-data", str(Path(__file__).parent))
    assert occupied.returncode == 1
    assert "way out" in occupied.stderr


def test_a_wrong_setting_names_the_variable(road, monkeypatch):
    monkeypatch.setenv("HOBAN_BATCH", "many")
    wrong = hoban(road, "sql", "SELECT 1")
    assert wrong.returncode == 1
    assert "HOBAN_BATCH" in wrong.stderr
