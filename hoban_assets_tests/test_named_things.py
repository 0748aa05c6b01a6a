"""What docstrings name in back quotes is there: a renamed function takes its mentions along."""

import re
from pathlib import Path

import hoban_assets

PACKAGE = Path(hoban_assets.__file__).parent
ELSEWHERE = {"asdict", "PipesSubprocessClient", "PipesRayJobClient", "report_runless_asset_event",
             "dagster_ray", "finally", "make_anchors"}  # fmt: skip
"""Names of Python and of libraries that no code here writes."""
TOLD = re.compile(r'"""\w.*?"""', re.S)
NAME = re.compile(r"(?<!`)`([A-Za-z_][\w./]*)`(?!`)")


def test_every_name_in_back_quotes_is_there():
    texts = {f.relative_to(PACKAGE).as_posix(): f.read_text("utf-8") for f in PACKAGE.rglob("*.py")}
    paths = {part for path in texts for part in path.removesuffix(".py").split("/")}
    words = {w for text in texts.values() for w in re.findall(r"\w+", TOLD.sub("", text))}
    known = words | paths | ELSEWHERE | {"hoban_assets"}

    def is_there(name):
        if "/" in name or name.endswith(".py"):
            return (PACKAGE.parent / name).exists() or any(
                f"/{p}".endswith(f"/{name}") for p in texts
            )
        return known.issuperset(name.split("."))

    named = {
        (path, n) for path, t in texts.items() for d in TOLD.findall(t) for n in NAME.findall(d)
    }
    assert len(named) > 500
    assert {(path, name) for path, name in named if not is_there(name)} == set()
