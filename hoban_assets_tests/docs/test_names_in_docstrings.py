"""What docstrings name in back-quotes is there: modules, classes, functions, fields, columns."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from road import REPOSITORY

PACKAGE = REPOSITORY / "hoban_assets"
QUOTED = re.compile(r"(?<!`)`([A-Za-z_][\w./]*)`(?!`)")
DOCUMENTS = re.compile(r"\b[A-Z][A-Z_]+\.md\b|\b[A-Z]+_(?:DIGEST|FACTS)\b")
OF_OTHERS = {
    *("BaseDataset.load_image", "make_anchors", "amp"),  # Ultralytics
    *("dagster.PipesSubprocessClient", "DagsterInstance.report_runless_asset_event"),
    *("dataclasses.asdict", "finally", "renameat2"),
}
"""Names that stand in other packages."""


@cache
def modules() -> frozenset[str]:
    """Paths below the repository without their endings, of files and folders."""
    below = [p for part in ("hoban_assets", "hoban_assets_tests") for p in files_of(part)]
    return frozenset(p.relative_to(REPOSITORY).with_suffix("").as_posix() for p in below)


def files_of(part: str) -> Iterator[Path]:
    return (p for p in (REPOSITORY / part).rglob("*") if "__pycache__" not in p.parts)


FILES = sorted(PACKAGE.rglob("*.py"))


@cache
def read(file: Path) -> tuple[list[str], set[str]]:
    """Docstrings with the texts that stand below fields and constants; identifiers and words.

    The tree goes: each collection of garbage would walk through those of all files (0.3 seconds).
    """
    told, names = [], set[str]()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                told.append(text)
        for field in ("name", "id", "attr", "arg"):
            if isinstance(value := getattr(node, field, None), str):
                names.add(value)
        if isinstance(text := getattr(node, "value", None), str) and "`" not in text:
            names |= set(re.findall(r"\w+", text))
    return told, names


@cache
def known() -> frozenset[str]:
    """Every identifier of the package, words of its texts (columns, keys) among them."""
    found = {name.rpartition("/")[2] for name in modules()}
    return frozenset(found.union(*(read(file)[1] for file in FILES)))


def is_there(name: str) -> bool:
    first, _, rest = name.removesuffix(".py").removeprefix("hoban_assets.").partition(".")
    path = f"/{first}/{rest.replace('.', '/')}".rstrip("/")
    if any(f"/{module}".endswith(path) for module in modules()):
        return True
    return first in known() and (not rest or rest.rpartition(".")[2] in known())


@pytest.mark.parametrize("folder", sorted({f.parent for f in FILES}), ids=lambda f: f.name)
def test_what_a_docstring_names_is_there(folder):
    gone = {
        (file.name, name)
        for file in FILES
        if file.parent == folder
        for text in read(file)[0]
        for name in QUOTED.findall(text)
        if name not in OF_OTHERS and not is_there(name)
    }
    assert gone == set()


def test_no_docstring_names_a_document_that_is_not_in_the_repository():
    here = {page.name for page in REPOSITORY.rglob("*.md") if ".venv" not in page.parts}
    written = {"DATASET_STATUS.md", "DATA_QUALITY_ISSUES.md", "JOURNAL.md"}
    gone = {
        (file.name, name)
        for file in FILES
        for text in read(file)[0]
        for name in DOCUMENTS.findall(text)
        if name not in here | written
    }
    assert gone == set()
