"""Imports point one way (docs/design.md)."""

import ast
from pathlib import Path

import pytest

import hoban_assets

PACKAGE = Path(hoban_assets.__file__).parent
HEAVY = {"torch", "torchvision", "ultralytics", "ray", "fastdup", "matplotlib"}
NEVER = {
    "formats": {"dagster", "hoban_assets.curation", "hoban_assets.catalog", "hoban_assets.defs"},
    "curation": {"dagster", "hoban_assets.formats", "hoban_assets.catalog", "hoban_assets.defs"},
    "pipeline": {
        "dagster",
        "hoban_assets.catalog",
        "hoban_assets.defs",
        "hoban_assets.components",
        "hoban_assets.freshness",
    },
    "publish": {"dagster", "hoban_assets.curation", "hoban_assets.formats", "hoban_assets.catalog"},
    "observing": {"dagster", "hoban_assets.formats", "hoban_assets.catalog", "hoban_assets.defs"},
    "handoff": {
        "dagster",
        "hoban_assets.components",
        "hoban_assets.catalog",
        "hoban_assets.commands",
    },
    "freshness": {
        "dagster",
        "pandas",
        "hoban_assets.training",
        "hoban_assets.handoff",
        "hoban_assets.reporting",
        "hoban_assets.upkeep",
        "hoban_assets.components",
        "hoban_assets.commands",
    },
    "ingredients.py": {"dagster", "hoban_assets"},
    "files.py": {"dagster", "hoban_assets"},
    "weights.py": {"dagster", "hoban_assets.training", "hoban_assets.components"},
    "catalog": {"hoban_assets.curation", "hoban_assets.formats", "hoban_assets.components"},
    "components": {"hoban_assets.defs"},
    "front": {"hoban_assets.defs", "hoban_assets.components", "hoban_assets.catalog"},
    "evaluation": {
        "dagster",
        "hoban_assets.defs",
        "hoban_assets.components",
        "hoban_assets.catalog.store",
        "hoban_assets.commands",
        "hoban_assets.reporting",
    },
    "training": {"hoban_assets.defs", "hoban_assets.components", "hoban_assets.catalog"},
    "reporting": {"hoban_assets.components", "hoban_assets.commands"},
    "upkeep": {
        "dagster",
        "pandas",
        "hoban_assets.components",
        "hoban_assets.commands",
        "hoban_assets.defs",
        "hoban_assets.formats",
        "hoban_assets.curation",
    },
    "workers": {"hoban_assets"},
    "samples.py": {"dagster", "hoban_assets.curation", "hoban_assets.formats"},
    "tables.py": {"dagster", "hoban_assets.samples", "hoban_assets.catalog"},
    "classes.py": {"hoban_assets"},
}


def imports(file: Path, *, module_level: bool) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    nodes = tree.body if module_level else list(ast.walk(tree))
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def files(part: str) -> list[Path]:
    path = PACKAGE / part
    return [path] if path.suffix else sorted(path.rglob("*.py"))


@pytest.mark.parametrize("part", NEVER)
def test_a_package_imports_only_what_lies_below_it(part):
    wrong = {
        (file.name, name)
        for file in files(part)
        for name in imports(file, module_level=False)
        for banned in NEVER[part]
        if name == banned or name.startswith(f"{banned}.")
    }
    assert wrong == set()


def test_heavy_packages_are_never_imported_at_module_level_outside_workers():
    wrong = {
        (file.name, name)
        for file in PACKAGE.rglob("*.py")
        if "workers" not in file.parts and file.name != "preload.py"
        for name in imports(file, module_level=True)
        if name.split(".")[0] in HEAVY
    }
    assert wrong == set()


def test_the_command_starts_without_dagster():
    assert "dagster" not in {
        n.split(".")[0] for n in imports(PACKAGE / "cli.py", module_level=True)
    }


def _says_no_encoding(call: ast.Call) -> bool:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    given = {keyword.arg for keyword in call.keywords}
    if name in {"read_text", "write_text"}:
        return "encoding" not in given and len(call.args) < 1 + (name == "write_text")
    is_text = any(
        each.arg in {"text", "universal_newlines"} and getattr(each.value, "value", None) is True
        for each in call.keywords
    )
    return is_text and "encoding" not in given


def test_no_text_is_read_or_written_in_the_encoding_of_the_locale():
    found = [
        f"{file.relative_to(PACKAGE)}:{node.lineno}"
        for file in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and _says_no_encoding(node)
    ]
    assert found == []
