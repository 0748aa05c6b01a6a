"""Commands that messages tell are those of the graph."""

from hoban_assets.declared.recipes import declared_recipes
from hoban_assets.howto import build, build_all, build_first


def test_assets_are_built_alone_or_with_all_they_need():
    assert build("a", "b", partition="sub").endswith("--select a,b --partition sub")
    assert build("a", partition="a...b").endswith("--select a --partition-range a...b")
    assert build("a", partition="").endswith("--select a")
    assert build_all("dataset_v9", "full") == "hoban build dataset_v9 --partition full"


def test_where_nothing_is_built_the_newest_declared_dataset_is_named():
    newest = declared_recipes()[-1].dataset
    assert build_first("sub") == build_all(newest, "sub")
