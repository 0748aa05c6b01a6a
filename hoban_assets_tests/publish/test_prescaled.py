"""Photographs scaled to the training size: Ultralytics loads what it would have made of the raw."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from scaled_photographs import LARGE, SIZE, SMALL, draw, names_in, read, tree_of

from hoban_assets.publish.prescaled import (
    Scaling,
    as_ultralytics_reads,
    published_version,
    scaled_size,
)
from hoban_assets.publish.yolo_tree import PublishReport, publish
from hoban_assets.samples import Samples


@pytest.fixture(scope="module")
def raw(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("photographs") / "raw"
    for name in (*SMALL, *LARGE):
        draw(folder / name, name)
    return folder


@pytest.fixture(scope="module")
def samples(raw) -> Samples:
    return read(raw)


@pytest.fixture(scope="module")
def stock(samples, raw) -> PublishReport:
    return publish(samples, raw, raw.parent / "out" / "stock")


@pytest.fixture(scope="module")
def report(samples, raw) -> PublishReport:
    return tree_of(samples, raw, raw.parent / "out" / "prescaled")


@pytest.fixture(scope="module")
def loaded(stock, report, tmp_path_factory):
    """What Ultralytics loads of each image at the size, by image id: (raw tree, prescaled tree)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YOLO_CONFIG_DIR", str(tmp_path_factory.mktemp("config")))
        patch.setenv("YOLO_OFFLINE", "1")
        patch.setenv("YOLO_AUTOINSTALL", "False")
        patch.setenv("YOLO_VERBOSE", "False")
        from ultralytics.data.dataset import YOLODataset
        from ultralytics.utils.patches import imread

        def load(tree: Path) -> dict[str, tuple[np.ndarray, tuple[int, int], np.ndarray]]:
            found = {}
            ids = {file.name: image_id for image_id, file in names_in(tree).items()}
            data = {"names": dict(enumerate("abcd")), "nc": 4, "channels": 3}
            for split in ("train", "val"):
                folder = str(tree / "images" / split)
                dataset = YOLODataset(img_path=folder, data=data, imgsz=SIZE, augment=False)
                for index, file in enumerate(dataset.im_files):
                    seen, original, _ = dataset.load_image(index)
                    boxes = dataset.labels[index]["bboxes"]
                    found[ids[Path(file).name]] = (seen, original, boxes)
            return found

        yield load(stock.path), load(report.path), imread


@pytest.mark.parametrize("name", LARGE)
def test_ultralytics_sees_what_it_would_have_made_of_the_raw_file(loaded, name):
    (before, _, _), (after, original, _) = (tree[name] for tree in loaded[:2])
    assert after.shape == before.shape
    assert original == after.shape[:2], "loading resized it once more"
    assert cv2.PSNR(before, after) > 36


@pytest.mark.parametrize("name", SMALL)
def test_a_photograph_that_is_not_larger_is_a_hard_link(report, raw, name):
    assert names_in(report.path)[name].samefile(raw / name)


def test_labels_are_the_same(loaded, stock, report):
    for name, (_, _, boxes) in loaded[0].items():
        assert np.array_equal(boxes, loaded[1][name][2])
    texts = [
        {f.name: f.read_bytes() for f in r.path.glob("labels/*/*.txt")} for r in (stock, report)
    ]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("name", LARGE)
def test_a_raw_file_is_read_as_ultralytics_reads_it(loaded, raw, name):
    ours = as_ultralytics_reads((raw / name).read_bytes(), name.rpartition(".")[2])
    assert np.array_equal(ours, loaded[2](raw / name))


def test_a_turned_photograph_stands_upright(report):
    with Image.open(names_in(report.path)["s/turned.JPG"]) as turned:
        assert turned.height > turned.width
        assert turned.getexif().get(274, 1) == 1


def test_every_suffix_is_true(report):
    for name, file in names_in(report.path).items():
        with Image.open(file) as image:
            assert image.format == ("PNG" if name == "s/exact.png" else "JPEG")
        assert file.suffix == (".png" if name == "s/exact.png" else file.suffix.lower())
    assert names_in(report.path)["t/clear.png"].suffix == ".jpg"


@pytest.mark.parametrize(
    "size", [(1920, 1080), (1080, 1920), (641, 640), (4032, 3024), (1000, 333)]
)
def test_sizes_are_those_of_ultralytics_and_stay_at_the_second_look(size):
    once = scaled_size(*size, 640)
    assert max(once) == 640
    assert scaled_size(*once, 640) == once


def test_the_report_says_what_was_scaled_and_what_it_brought(report, samples):
    found = (report.images, report.scaled, report.linked, report.copied)
    assert found == (12, len(LARGE), len(SMALL), 0)
    assert report.prescale == SIZE
    assert report.raw_bytes == samples.images.bytes.sum()
    files = names_in(report.path).values()
    assert report.image_bytes == sum(file.stat().st_size for file in files) < report.raw_bytes


def test_raw_files_are_not_touched(raw, tmp_path, samples):
    before = {f: (f.read_bytes(), f.stat().st_mtime_ns) for f in raw.rglob("*.*")}
    tree_of(samples, raw, tmp_path / "out" / "v")
    assert before == {f: (f.read_bytes(), f.stat().st_mtime_ns) for f in raw.rglob("*.*")}


def test_the_same_photographs_make_the_same_files_whatever_the_threads(
    report, raw, samples, tmp_path
):
    again = tree_of(samples, raw, tmp_path / "out" / "v", workers=1)
    first, second = names_in(report.path), names_in(again.path)
    assert first.keys() == second.keys()
    for name, file in first.items():
        assert file.read_bytes() == second[name].read_bytes()
        assert file.stat().st_mtime_ns == second[name].stat().st_mtime_ns
    manifests = [(r.path / "manifest.parquet").read_bytes() for r in (report, again)]
    assert manifests[0] == manifests[1]


def test_what_an_earlier_tree_holds_is_not_made_again(own_raw, tmp_path, made):
    first = tree_of(read(own_raw), own_raw, tmp_path / "out" / "v1").path
    assert len(made) == 3
    draw(own_raw / "s/grey.jpg", "s/other")  # a photograph is replaced, one comes in
    draw(own_raw / "s/new.jpg", "s/new.jpg")
    second = tree_of(read(own_raw), own_raw, tmp_path / "out" / "v2", earlier=[first]).path
    assert len(made) == 5
    old, new = names_in(first), names_in(second)
    assert new["s/photo.jpg"].samefile(old["s/photo.jpg"])
    assert new["s/grey.jpg"].read_bytes() != old["s/grey.jpg"].read_bytes()


def test_nothing_is_taken_from_a_tree_of_another_size_or_a_damaged_file(own_raw, tmp_path, made):
    samples = read(own_raw)
    other = publish(samples, own_raw, tmp_path / "out" / "v1", scaling=Scaling(32)).path
    same = tree_of(samples, own_raw, tmp_path / "out" / "v2", earlier=[other]).path
    assert len(made) == 4 + 3  # at 32 the small one is scaled, too
    names_in(same)["s/photo.jpg"].write_bytes(b"half")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.parquet").write_bytes(b"no parquet")
    earlier = [tmp_path / "broken", tmp_path / "nowhere", same]
    third = tree_of(samples, own_raw, tmp_path / "out" / "v3", earlier=earlier).path
    assert len(made) == 4 + 3 + 1
    assert cv2.imread(str(names_in(third)["s/photo.jpg"])).shape == (36, 64, 3)


def test_every_size_is_a_data_version_of_its_own():
    versions = [published_version("rows", size) for size in (None, 640, 960)]
    assert versions[0] == "rows"
    assert len(set(versions)) == 3
    assert published_version("rows", 640) == versions[1] != published_version("other", 640)
