import os
from pathlib import Path

import pytest
from built_world import World

from hoban_assets.disk_use import BLOCK, Use, disk_use, tree_use
from hoban_assets.reporting.status.places import measured
from hoban_assets.units import size_text


def write(path: Path, blocks: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * (blocks * BLOCK - 100))
    return path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A published tree: two linked images, one copied image, three labels."""
    tree = tmp_path / "data" / "artifacts" / "dataset_v9" / "sub" / "abc"
    for name in ("a", "b"):
        raw = write(tmp_path / "raw" / f"{name}.jpg", 10)
        linked = tree / "images" / "train" / f"{name}.jpg"
        linked.parent.mkdir(parents=True, exist_ok=True)
        os.link(raw, linked)
        write(tree / "labels" / "train" / f"{name}.txt", 1)
    write(tree / "images" / "val" / "c.jpg", 7)
    write(tree / "labels" / "val" / "c.txt", 1)
    return tree


def test_a_tree_adds_labels_and_copies_and_links_the_rest(tree):
    assert disk_use(tree) == Use(files=6, adds=10 * BLOCK, links=20 * BLOCK)


def test_a_small_file_takes_a_whole_block(tmp_path):
    (tmp_path / "label.txt").write_text("0 0.5 0.5 0.1 0.1", encoding="utf-8")
    assert disk_use(tmp_path).adds == BLOCK
    assert disk_use(tmp_path / "label.txt").adds == BLOCK


def test_two_names_of_one_file_count_once_and_are_no_link_to_elsewhere(tmp_path):
    os.link(write(tmp_path / "best.pt", 5), tmp_path / "last.pt")
    assert disk_use(tmp_path) == Use(files=2, adds=5 * BLOCK, links=0)


def test_links_are_not_followed_and_what_is_not_there_takes_nothing(tmp_path):
    write(tmp_path / "far" / "big.bin", 9)
    (tmp_path / "near").mkdir()
    (tmp_path / "near" / "link").symlink_to(tmp_path / "far")
    assert disk_use(tmp_path / "near") == Use()
    assert disk_use(tmp_path / "nowhere") == Use()


def test_a_published_tree_is_measured_once_until_a_file_comes_or_goes(tree, tmp_path):
    cache = tmp_path / "cache"
    first = tree_use(tree, cache)
    (tmp_path / "raw" / "a.jpg").unlink()  # its link in the tree is the last one now
    assert tree_use(tree, cache) == first
    assert tree_use(tree, cache, fresh=True) == Use(6, 20 * BLOCK, 10 * BLOCK)
    write(tree / "labels" / "val" / "d.txt", 2)
    assert tree_use(tree, cache).adds == 22 * BLOCK


def test_a_damaged_note_of_sizes_is_measured_again(tree, tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "disk_use.json").write_text("{half", encoding="utf-8")
    assert tree_use(tree, cache) == disk_use(tree)


def test_older_builds_are_told_apart_and_raw_sources_are_nobodys(tree, tmp_path):
    settings = World(tmp_path).settings
    write(settings.data_root / "cache" / "features.npz", 3)
    write(settings.models / "model_v9" / "sub" / "old" / "best.pt", 4)
    places = {p.name: (p.kind, p.use.adds) for p in measured(settings, [str(tree)])}
    assert places == {
        "dataset_v9 [sub]": ("current", 10 * BLOCK),
        "model_v9 [sub]": ("older build", 4 * BLOCK),
        "cache": ("other", 4 * BLOCK),  # with the note of sizes
    }


def test_a_raw_root_below_the_data_root_is_left_out(tmp_path):
    from hoban_assets.settings import Settings

    settings = Settings.from_env({"DAGSTER_HOME": str(tmp_path)})  # data, data/raw
    write(settings.raw_root / "coco" / "a.jpg", 50)
    write(settings.data_root / "catalog.duckdb", 2)
    assert [p.name for p in measured(settings, [])] == ["catalog.duckdb"]


@pytest.mark.parametrize(
    ("size", "text"),
    [(None, "-"), (0, "0 B"), (999, "999 B"), (1_240_000, "1.24 MB"), (60_798_000_000, "60.8 GB")],
)
def test_sizes_are_told_in_three_digits(size, text):
    assert size_text(size) == text
