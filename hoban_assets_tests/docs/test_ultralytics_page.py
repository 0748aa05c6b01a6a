"""docs/ultralytics.md: every guard names its test, and every test and file named is there."""

import ast
import re

import pytest
from road import REPOSITORY

PAGE = REPOSITORY / "docs" / "ultralytics.md"
TESTS = REPOSITORY / "hoban_assets_tests"
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| guard against")
]
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def names_in(file: str) -> set[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_the_page_has_its_rows():
    assert len(ROWS) > 30
    assert {len(row) for row in ROWS} == {4}


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_guard_names_tests_that_are_there(row):
    named = NAMED.findall(row[3])
    assert len(named) == row[3].count("::") >= 1
    for file, test in named:
        assert test in names_in(file), f"{file} has no {test}"


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_files_that_a_guard_names_are_there(row):
    for file in re.findall(r"`([\w/]+\.(?:py|toml|yaml))`", row[2]):
        places = (REPOSITORY / "hoban_assets" / file, REPOSITORY / file)
        assert any(place.is_file() for place in places), file
