import hashlib
import json
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
from sample_sources import AIHUB, BACKGROUND, COCO, FALLS

from hoban_assets.errors import HobanError
from hoban_assets.formats import open_source
from hoban_assets.sample_data import SampleSummary, generate


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_same_seed_gives_the_same_bytes(tree: Path, tmp_path: Path) -> None:
    generate(tmp_path / "again", images=60)
    assert digests(tmp_path / "again") == digests(tree)


def test_another_seed_gives_other_pictures_under_the_same_names(tree: Path, tmp_path: Path) -> None:
    generate(tmp_path / "other", images=60, seed=1)
    first, other = digests(tree), digests(tmp_path / "other")
    assert first.keys() == other.keys()
    same = [n for n in first if n.endswith(".jpg") and first[n] == other[n]]
    assert same == ["coco/train2017/000000900023.jpg"]  # the file of zero bytes


def test_summary_counts_what_lies_there(sample: SampleSummary) -> None:
    files = [p for p in sample.folder.rglob("*") if p.is_file()]
    images = [p for p in files if p.suffix.lower() in {".jpg", ".png"}]
    assert (sample.files, sample.images) == (len(files), len(images))
    assert sample.defects == len(json.loads((sample.folder / "defects.json").read_bytes()))


@pytest.mark.parametrize(
    ("sources", "classes"),
    [
        (AIHUB, {"person_with_helmet", "person_without_helmet"}),
        ((COCO,), {"person"}),
        (FALLS, {"fallen"}),
        ((BACKGROUND,), set()),
    ],
)
def test_each_source_labels_its_own_classes_only(tree: Path, sources, classes) -> None:  # type: ignore[no-untyped-def]
    for source in sources:
        boxes = open_source(source, tree).read().samples.boxes
        assert set(boxes.class_name) <= classes
        assert len(boxes) > 0 or not classes


def test_areas_lie_mostly_within_the_limits_and_sometimes_not(tmp_path: Path) -> None:
    generate(tmp_path / "raw", images=240)
    boxes = open_source(AIHUB[0], tmp_path / "raw").read().samples.boxes
    for name, least in (("person_with_helmet", 0.02), ("person_without_helmet", 0.01)):
        area = boxes[boxes.class_name == name].area
        assert 0.02 < (area < least).mean() < 0.25
        assert 0 < (area >= 0.2).mean() < 0.1


def test_a_clip_is_one_place_with_people_who_move_a_little(tree: Path) -> None:
    images = tree / "helmet_60k/helmet_60k/helmet_wearing/images"
    clips = Counter(p.stem[:-5] for p in images.iterdir())
    clip = next(name for name, frames in clips.items() if frames == 4)
    first, last = (cv2.imread(str(images / f"{clip}{n:05d}.jpg")) for n in (101, 104))
    assert 0 < np.abs(first.astype(int) - last).mean() < 40


def test_photographs_are_in_several_fall_folders_and_parts(tree: Path) -> None:
    by_bytes: dict[str, set[str]] = {}
    for name, digest in digests(tree).items():
        if ".rf." in name and name.endswith(".jpg"):
            by_bytes.setdefault(digest, set()).add(name)
    copies = [names for names in by_bytes.values() if len(names) > 1]
    assert any(len({n.split("/")[0] for n in names}) > 1 for names in copies)


def test_augmentations_share_the_name_up_to_rf(tree: Path) -> None:
    folder = tree / "Fall Detection.v4-resized640_aug3x-accurate.yolo26"
    families = Counter(p.name.split(".rf.")[0] for p in folder.rglob("*.rf.*.jpg"))
    assert max(families.values()) >= 3


def test_boxes_follow_the_figures_when_a_picture_is_mirrored() -> None:
    from hoban_assets.sample_data.falls import augmented
    from hoban_assets.sample_data.scenes import fall

    shot = fall("mirror", 0, (320, 240), (0.6, 0.8)).frame()
    ((_, box),) = shot.boxes("fallen")
    ((_, mirrored),) = augmented(shot, 0).boxes("fallen")
    assert mirrored == pytest.approx((max(0, 319 - box[2]), box[1], 319 - box[0], box[3]))


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(HobanError, match="not an empty folder"):
        generate(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(("images", "seed"), [(5, 0), (60, -1)])
def test_impossible_wishes_are_refused(tmp_path: Path, images: int, seed: int) -> None:
    with pytest.raises(HobanError):
        generate(tmp_path / "raw", images=images, seed=seed)
    assert not (tmp_path / "raw").exists()
