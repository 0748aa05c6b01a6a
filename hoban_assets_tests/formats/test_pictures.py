"""A source without labels: images, camera and day."""

import pytest
from PIL import Image

from hoban_assets.errors import HobanError
from hoban_assets.formats import open_source
from hoban_assets.formats.source import RawSource
from hoban_assets.formats.taken import Taken, proposed_pattern, taken_of, with_taken

NAMES = ["cam1/2026-11-28/a.jpg", "cam1/2026-11-28/b.jpg", "cam2/2026-11-29/a.jpg"]


@pytest.fixture
def raw(tmp_path):
    for name in NAMES:
        file = tmp_path / "site" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (32, 24)).save(file)
    (tmp_path / "site" / "notes.txt").write_text("seen", encoding="utf-8")
    return tmp_path


def test_every_image_is_read_and_none_is_labelled(raw):
    read = open_source(RawSource("site", "site", "pictures"), raw).read()
    assert sorted(read.samples.images.image_id) == [f"site/{name}" for name in NAMES]
    assert set(read.samples.images.labelled_classes) == {()}
    assert (read.images_in, read.boxes_in, len(read.samples.boxes)) == (3, 0, 0)


def test_photographs_of_one_camera_and_day_are_one_group(raw):
    pattern = proposed_pattern(NAMES)
    source = RawSource("site", "site", "pictures", taken_pattern=pattern)
    images = open_source(source, raw).read().samples.images.set_index("image_id")
    groups = images.group_id
    assert groups[f"site/{NAMES[0]}"] == groups[f"site/{NAMES[1]}"]
    assert groups[f"site/{NAMES[0]}"] != groups[f"site/{NAMES[2]}"]


def test_an_empty_folder_is_named(tmp_path):
    (tmp_path / "site").mkdir()
    with pytest.raises(HobanError, match="source site is empty"):
        open_source(RawSource("site", "site", "pictures"), tmp_path)


@pytest.mark.parametrize(
    ("paths", "first"),
    [
        (["cam1_20261129_080000.jpg", "cam1_20261129_090000.jpg"], Taken("cam1", "20261129")),
        (["2026-11-29/CAM-03/x.jpg", "2026-11-29/CAM-03/y.jpg"], Taken("CAM-03", "2026-11-29")),
        (["카메라2/아침/1.jpg", "카메라2/아침/2.jpg"], Taken("카메라2", "아침")),
        (["gate/monday/1.jpg", "gate/monday/2.jpg"], Taken("gate", "monday")),
        (["ch4-a.mp4", "ch4-b.mp4"], Taken("ch4", "")),
        (["shots/2026.11.29-1.jpg", "shots/2026.11.29-2.jpg"], Taken("", "2026.11.29")),
    ],
)
def test_camera_and_day_are_found_as_they_are_mostly_written(paths, first):
    assert taken_of(paths[0], proposed_pattern(paths)) == first


@pytest.mark.parametrize("paths", [["a.jpg", "b.jpg"], ["camera.jpg", "scam1x.jpg"], []])
def test_names_that_tell_nothing_propose_nothing(paths):
    assert proposed_pattern(paths) is None


def test_a_clip_stays_a_clip():
    groups = {"c/1.jpg": "clip:c", "c/2.jpg": "site/c/2.jpg"}
    assert with_taken("site", groups, r"^(?P<camera>\w+)/") == {
        "c/1.jpg": "clip:c",
        "c/2.jpg": "site:taken:c/",
    }
