from pathlib import Path

import pytest

from hoban_assets.curation.selection import ALL
from hoban_assets.declared.recipes import declared_recipes, recipe_files

GOOD = """
type: hoban_assets.DatasetVersion
attributes:
  version: {version}
  description: for a test
  stages: [coco_person]
  quota: {{ sub: 1, full: 2 }}
"""


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name / "defs.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_the_versions_of_this_checkout_are_all_read():
    assert [r.version for r in declared_recipes()][:5] == ["v5", "v6", "v7", "v8", "v9"]
    assert [f.error for f in recipe_files()] == [""] * len(declared_recipes())


def test_the_drawn_sample_is_asked_what_it_can_give(tmp_path, monkeypatch):
    team = declared_recipes()
    (tmp_path / "defects.json").write_text("[]")
    monkeypatch.setenv("HOBAN_RAW_ROOT", str(tmp_path))
    for recipe, before in zip(declared_recipes(), team, strict=True):
        assert recipe.quota.of("sub") == recipe.backgrounds.of("full") == ALL
        assert recipe.map50_gate == 0.8
        changed = {"quota", "backgrounds", "map50_gate"}
        assert recipe.model_dump(exclude=changed) == before.model_dump(exclude=changed)


def test_versions_come_in_their_natural_order(tmp_path):
    for version in ("v10", "v9", "v9b"):
        write(tmp_path, version, GOOD.format(version=version))
    assert [r.version for r in declared_recipes(tmp_path)] == ["v9", "v9b", "v10"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            GOOD.format(version="v7") + "  quotas: 3",
            "quotas: there is no such field; did you mean quota?",
        ),
        (GOOD.format(version="v7").replace("sub: 1", "sub: -1"), "quota.sub"),
        ("type: hoban_assets.DatasetVersion", "attributes"),
        ("type: [half", "expected"),
    ],
)
def test_a_broken_recipe_is_told_with_its_file_and_harms_no_other(tmp_path, text, told):
    file = write(tmp_path, "v7", text)
    write(tmp_path, "v8", GOOD.format(version="v8"))
    broken, good = recipe_files(tmp_path)
    assert (broken.name, broken.file, broken.recipe) == ("v7", file, None)
    assert told in broken.error
    assert good.recipe.version == "v8"
    assert [r.version for r in declared_recipes(tmp_path)] == ["v8"]


def test_other_components_are_not_versions(tmp_path):
    write(tmp_path, "other", "type: dagster.TemplatedSqlComponent\nattributes: {}")
    assert recipe_files(tmp_path) == []
