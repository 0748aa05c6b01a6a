"""What is installed by hash is what constraints/*.txt names, and no lock names an index."""

import re
from pathlib import Path

import pytest

CONSTRAINTS = Path(__file__).parents[2] / "constraints"
OF = {"dev": "platform", "server": "platform", "fastdup": "fastdup"}
PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==([^ ;\\\n]+)", re.M)


def pinned(name: str) -> dict[str, str]:
    found = PINNED.findall((CONSTRAINTS / name).read_text(encoding="utf-8"))
    return {re.sub(r"[-_.]+", "-", package).lower(): version for package, version in found}


@pytest.mark.parametrize("lock", OF)
def test_every_version_is_that_of_the_constraints(lock):
    wanted, found = pinned(f"{OF[lock]}.txt"), pinned(f"{lock}.lock")
    assert len(found) > 20
    assert {n: v for n, v in found.items() if wanted.get(n, v) != v} == {}, "run: make lock"


@pytest.mark.parametrize("lock", OF)
def test_every_requirement_has_hashes_and_no_address(lock):
    text = (CONSTRAINTS / f"{lock}.lock").read_text(encoding="utf-8")
    for requirement in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in requirement, requirement[:80]
    assert not re.search(r"://|--index|--find-links|file:", text)


def test_a_server_gets_no_test_tools():
    assert not {"pytest", "ruff", "mypy", "selenium", "hypothesis"} & set(pinned("server.lock"))
