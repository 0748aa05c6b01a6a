"""What linters do not see. Which way imports point is in pyproject.toml (`lint-imports`)."""

import ast
from pathlib import Path

import hoban_assets

PACKAGE = Path(hoban_assets.__file__).parent


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
