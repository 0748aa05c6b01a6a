"""What is installed by hash is what constraints/*.txt names, and no lock names an index."""

import json
import re
import runpy
import sys
from datetime import date
from pathlib import Path

import pytest

CONSTRAINTS = Path(__file__).parents[2] / "constraints"
OF = {
    **dict.fromkeys(("dev", "server", "ray", "postgres"), "platform"),
    **{
        name: name
        for name in ("docs", "fastdup", "build", "tools", "peers/bench", "peers/label-studio")
    },
}
EXTRAS = ("ray", "postgres", "docs")
PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==([^ ;\\\n]+)", re.M)


def pinned(name: str) -> dict[str, str]:
    found = PINNED.findall((CONSTRAINTS / name).read_text(encoding="utf-8"))
    return {re.sub(r"[-_.]+", "-", package).lower(): version for package, version in found}


@pytest.mark.parametrize("lock", OF)
def test_every_version_is_that_of_the_constraints(lock):
    wanted, found = pinned(f"{OF[lock]}.txt"), pinned(f"{lock}.lock")
    assert found
    assert {n: v for n, v in found.items() if wanted.get(n, v) != v} == {}, "run: make lock"


@pytest.mark.parametrize("lock", OF)
def test_every_requirement_has_hashes_and_no_address(lock):
    text = (CONSTRAINTS / f"{lock}.lock").read_text(encoding="utf-8")
    for requirement in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in requirement, requirement[:80]
    assert not re.search(r"://|--index|--find-links|file:", text)


def test_a_server_gets_what_it_needs_and_extras_only_when_asked():
    server = set(pinned("server.lock"))
    assert not {"pytest", "ruff", "mypy", "selenium", "hypothesis"} & server
    assert not {"ray", "dagster-ray", "psycopg2-binary", "dagster-postgres"} & server
    assert {"ray", "dagster-ray"} <= set(pinned("ray.lock"))
    assert {"psycopg2-binary", "dagster-postgres"} <= set(pinned("postgres.lock"))


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_adds_to_a_server_and_changes_nothing_of_it(extra):
    assert not set(pinned(f"{extra}.lock")) & set(pinned("server.lock"))


@pytest.mark.parametrize("extra", ["ray", "postgres"])
def test_developers_have_the_same_as_servers(extra):
    dev = pinned("dev.lock")
    for lock in ("server.lock", f"{extra}.lock"):
        assert {n: v for n, v in pinned(lock).items() if dev.get(n) != v} == {}


def test_pip_and_the_build_tool_are_pinned():
    assert set(pinned("build.lock")) == {"pip", "setuptools"}
    assert pinned("build.lock")["setuptools"] == pinned("server.lock")["setuptools"]


KNOWN = {"good 1.0": [], "bad 1.0": ["PYSEC-1"], "pillow 10.3.0": ["PYSEC-2"]}


@pytest.mark.parametrize(
    ("pins", "words", "status"),
    [
        ({"good 1.0"}, [], 0),
        ({"good 1.0", "bad 1.0"}, ["bad 1.0: PYSEC-1; take a release without it"], 1),
        ({"pillow 10.3.0"}, ["pillow 10.3.0: PYSEC-2; accepted: fastdup asks for this one"], 0),
        ({"new 2.0"}, ["new 2.0: not asked for yet"], 1),
    ],
)
def test_an_audit_fails_for_faults_and_for_what_nobody_asked_about(pins, words, status):
    audit = runpy.run_path(str(CONSTRAINTS / "audit.py"))
    lines, found = audit["told"](pins, KNOWN)
    assert found == status
    assert len(lines) == len(words)
    assert all(line.startswith(word) for line, word in zip(lines, words, strict=True))


def test_the_kept_answer_of_the_audit_knows_every_package_that_is_installed():
    audit = runpy.run_path(str(CONSTRAINTS / "audit.py"))
    kept = json.loads((CONSTRAINTS / "audit.json").read_text(encoding="utf-8"))
    pins = {pin for lock in CONSTRAINTS.glob("*.lock") for pin in audit["pinned"](lock)}
    assert pins <= set(kept["faults"]), "run where a network is: make audit"


@pytest.mark.parametrize(
    ("today", "words"),
    [
        ("2026-11-29", "known faults as of 2026-11-28"),
        ("2026-12-28", "known faults as of 2026-11-28 (30 days old: what became known since is"),
    ],
)
def test_an_old_answer_says_so(today, words):
    audit = runpy.run_path(str(CONSTRAINTS / "audit.py"))
    told = audit["told_age"]("2026-11-28", date.fromisoformat(today))
    assert told.startswith(words)
    assert ("(" in told) == ("(" in words)


def test_no_answer_is_not_an_answer(tmp_path, monkeypatch):
    # pip-audit calls packages that its list does not know "not audited", and ends well.
    audit = runpy.run_path(str(CONSTRAINTS / "audit.py"))
    tool = tmp_path / "pip-audit"
    tool.write_text('#!/bin/sh\necho \'{"dependencies": [{"name": "a", "skip_reason": "?"}]}\'\n')
    tool.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert audit["asked"](tmp_path / "a.lock", "http://127.0.0.1:9") is None
