"""`sub`: a deterministic part of a source, just large enough, and a part of `full`."""

import shutil

from road import Road

from hoban_assets.formats.source import RawSource, Read
from hoban_assets.pipeline.reading import read_enough
from hoban_assets.samples import Samples

PERSON = "person"


class Fake:
    """A reader of `count` images with one person each."""

    def __init__(self, count: int, name: str = "s") -> None:
        self.source = RawSource(name, name, "coco", {PERSON: PERSON})
        self.ids = sorted(f"{name}/{i:05}" for i in range(count))
        self.read_ids: list[str] = []

    def image_ids(self) -> list[str]:
        return self.ids

    def read(self, image_ids=None) -> Read:
        ids = self.ids if image_ids is None else list(image_ids)
        self.read_ids += ids
        samples = Samples.of(
            {"image_id": ids},
            {"image_id": ids, "class_id": [2] * len(ids), "class_name": [PERSON] * len(ids)},
        )
        return Read(samples, len(ids), len(ids))


def chosen(count: int, target: int | None) -> set[str]:
    return set(read_enough([Fake(count)], target).samples.images.image_id)


def test_only_as_many_labels_are_read_as_are_needed_within_a_factor_of_two():
    reader = Fake(20_000)
    read = read_enough([reader], 1_000)
    assert 1_000 <= len(read.samples.images) <= 2_400
    assert len(reader.read_ids) == len(read.samples.images)


def test_a_small_source_is_read_whole():
    assert len(chosen(50, 1_000)) == 50


def test_a_subset_is_part_of_every_larger_one_and_of_the_whole():
    assert chosen(5_000, 100) <= chosen(5_000, 1_000) <= chosen(5_000, None)


def test_images_that_are_added_leave_the_chosen_ones_alone():
    before, after = chosen(5_000, 500), chosen(5_200, 500)
    assert before <= after
    assert all(int(i[2:]) >= 5_000 for i in after - before)


def test_sources_keep_their_declared_order_which_is_a_priority():
    readers = [Fake(3, "good"), Fake(3000, "bad")]
    read = read_enough(readers, 2_000)
    assert list(dict.fromkeys(i.split("/")[0] for i in read.samples.images.image_id)) == [
        "good",
        "bad",
    ]


def test_sub_of_a_real_stage_is_part_of_full(sample, tmp_path):
    raw = tmp_path / "raw"
    shutil.copytree(sample / "background", raw / "background")
    road = Road(raw, tmp_path / "data")
    assert road.build("background", partition="full").success
    assert road.build("background").success
    (full,) = road.catalog.query(
        "SELECT i.data_version = m.data_version AS same FROM inputs AS i JOIN materializations AS m"
        " ON m.partition = 'full' WHERE i.partition = 'sub' AND i.input = 'background (full)'"
    ).same
    assert full
    ids = {p: set(road.catalog.load("background", p).images.image_id) for p in ("sub", "full")}
    assert ids["sub"] <= ids["full"]
