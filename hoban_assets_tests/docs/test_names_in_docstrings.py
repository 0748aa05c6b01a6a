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


@cache
def trees() -> dict[Path, ast.Module]:
    files = sorted(PACKAGE.rglob("*.py"))
    return {file: ast.parse(file.read_text(encoding="utf-8")) for file in files}


@cache
def known() -> frozenset[str]:
    """Every identifier of the package, words of its texts (columns, keys) among them."""
    found: set[str] = {name.rpartition("/")[2] for name in modules()}
    for tree in trees().values():
        for node in ast.walk(tree):
            for field in ("name", "id", "attr", "arg"):
                if isinstance(value := getattr(node, field, None), str):
                    found.add(value)
            if isinstance(text := getattr(node, "value", None), str) and "`" not in text:
                found |= set(re.findall(r"\w+", text))
    return frozenset(found)


def docstrings(tree: ast.Module) -> Iterator[str]:
    """Docstrings, and the texts that stand below fields and constants."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield text


def is_there(name: str) -> bool:
    first, _, rest = name.removesuffix(".py").removeprefix("hoban_assets.").partition(".")
    path = f"/{first}/{rest.replace('.', '/')}".rstrip("/")
    if any(f"/{module}".endswith(path) for module in modules()):
        return True
    return first in known() and (not rest or rest.rpartition(".")[2] in known())


@pytest.mark.parametrize("folder", sorted({f.parent for f in trees()}), ids=lambda f: f.name)
def test_what_a_docstring_names_is_there(folder):
    gone = {
        (file.name, name)
        for file, tree in trees().items()
        if file.parent == folder
        for text in docstrings(tree)
        for name in QUOTED.findall(text)
        if name not in OF_OTHERS and not is_there(name)
    }
    assert gone == set()


def test_no_docstring_names_a_document_that_is_not_in_the_repository():
    here = {page.name for page in REPOSITORY.rglob("*.md") if ".venv" not in page.parts}
    written = {"DATASET_STATUS.md", "DATA_QUALITY_ISSUES.md", "JOURNAL.md"}
    gone = {
        (file.name, name)
        for file, tree in trees().items()
        for text in docstrings(tree)
        for name in DOCUMENTS.findall(text)
        if name not in here | written
    }
    assert gone == set()
