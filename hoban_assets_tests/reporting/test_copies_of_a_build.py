"""What a dataset is going to copy is said before it is built, with what avoids it."""

from dataclasses import replace

import pytest

from hoban_assets.freshness.declared import DATASET, STAGE, Declared, Source
from hoban_assets.language import speaker
from hoban_assets.reporting import copies
from hoban_assets.reporting.copies import copies_ahead, told_copies
from hoban_assets.settings import Settings

RECIPE = {"quota": {"sub": 10, "full": None}, "backgrounds": {"sub": 5, "full": None}}
STAGES = {
    "coco_person": Declared("coco_person", STAGE, sources=(Source("coco", "coco", "coco", ()),))
}


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """A raw root with seven photographs of a megabyte, from which nothing can be linked."""
    (tmp_path / "raw" / "coco").mkdir(parents=True)
    for number in range(7):
        (tmp_path / "raw" / "coco" / f"{number}.jpg").write_bytes(bytes(10**6))
    (tmp_path / "data").mkdir()
    why = "raw files lie on another file system"
    monkeypatch.setattr(copies, "cannot_link", lambda file, folder: why)
    return Settings.from_env(
        {"HOBAN_RAW_ROOT": str(tmp_path / "raw"), "HOBAN_DATA_ROOT": str(tmp_path / "data")}
    )


def dataset(**recipe):
    inputs = {"sub": ("coco_person",), "full": ("coco_person",)}
    return Declared("dataset_v9", DATASET, inputs=inputs, recipe={**RECIPE, **recipe})


@pytest.mark.parametrize(("partition", "images"), [("sub", 4 * 10 + 5), ("full", 7)])
def test_size_and_number_come_from_the_quotas_or_where_there_are_none_from_the_files(
    settings, partition, images
):
    ahead = copies_ahead(settings, dataset(), STAGES, partition)
    assert (ahead.images, ahead.bytes) == (images, images * 10**6)
    assert ahead.seconds > 0
    assert list(settings.data_root.iterdir()) == []


@pytest.mark.parametrize("language", ["ko", "en"])
def test_it_is_said_with_size_minutes_and_three_ways_out(settings, language):
    ahead = copies_ahead(settings, dataset(), STAGES, "sub")
    text = "\n".join(told_copies(ahead, speaker(language)))
    assert "45 MB" in text
    for way_out in ("HOBAN_DATA_ROOT=", "HOBAN_LINKS=symbolic", "prescale"):
        assert way_out in text


def test_where_nothing_is_copied_nothing_is_said(settings, monkeypatch):
    assert copies_ahead(settings, dataset(prescale=640), STAGES, "sub") is None
    assert copies_ahead(replace(settings, links="symbolic"), dataset(), STAGES, "sub") is None
    monkeypatch.setattr(copies, "cannot_link", lambda file, folder: "")
    assert copies_ahead(settings, dataset(), STAGES, "sub") is None
    assert told_copies(None, speaker("en")) == []
