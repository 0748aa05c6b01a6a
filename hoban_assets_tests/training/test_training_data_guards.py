"""What Ultralytics does with a published dataset on disk, and what keeps that from mattering.

Each test shows both: what Ultralytics 8.4 itself does, and that the guard meets it.
"""

import contextlib
import os
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from builders import samples_of
from training_tools import SIZE, WORKERS, publish_squares

from hoban_assets.formats.image_facts import apply_facts, read_facts
from hoban_assets.publish.yolo_tree import publish
from hoban_assets.samples import Samples


@pytest.fixture
def worker(monkeypatch, tmp_path):
    """The worker's modules, in an environment and working directory that are put back."""
    for name in ("YOLO_OFFLINE", "YOLO_AUTOINSTALL", "YOLO_VERBOSE", "YOLO_CONFIG_DIR", "RANK"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(WORKERS))
    import yolo_setup
    import yolo_support
    import yolo_train

    return SimpleNamespace(setup=yolo_setup, support=yolo_support, train=yolo_train)


@pytest.fixture
def look(ultralytics, worker):
    """Let Ultralytics look at the training images of a dataset, as a training of ours does."""
    from ultralytics.data.dataset import YOLODataset
    from ultralytics.data.utils import check_det_dataset

    def scan(dataset: Path) -> YOLODataset:
        run = worker.support.RunFolder(dataset.parent / "run")
        run.root.mkdir(exist_ok=True)
        worker.setup.write_data_yaml(run, dataset)
        data = check_det_dataset(str(run.data_yaml), autodownload=False)
        return YOLODataset(img_path=data["train"], data=data, imgsz=SIZE, augment=False)

    return scan


def boxes(found) -> int:
    return sum(len(label["cls"]) for label in found.labels)


def test_labels_are_found_below_links_dots_blanks_and_folders_named_images(look, tmp_path):
    real = tmp_path / "images" / "자료 v1.2" / "images"
    real.mkdir(parents=True)
    (tmp_path / "link.d").symlink_to(real, target_is_directory=True)
    publish_squares(real / "dataset_v9", train=2, val=1)
    found = look(tmp_path / "link.d" / "dataset_v9")
    assert (len(found.labels), boxes(found)) == (2, 4)


@pytest.fixture
def edited(tmp_path, look):
    """A dataset whose label file was edited after a look; its size and time are as before."""
    dataset = publish_squares(tmp_path / "dataset_v9", train=1, val=1)
    [label] = (dataset / "labels" / "train").iterdir()
    assert set(look(dataset).labels[0]["cls"].ravel()) == {0, 1}
    before = label.stat()
    label.write_text(label.read_text().replace("0 0.", "3 0.", 1))
    os.utime(label, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert label.stat().st_size == before.st_size
    return dataset


def test_ultralytics_serves_an_edit_of_the_same_size_and_time_stale(edited, look):
    assert set(look(edited).labels[0]["cls"].ravel()) == {0, 1}


def test_without_its_label_cache_the_edit_is_seen(edited, look, worker):
    worker.setup.remove_caches(edited)
    assert set(look(edited).labels[0]["cls"].ravel()) == {3, 1}


@pytest.fixture
def stray(tmp_path):
    """A dataset with a black picture as .npy beside an image."""
    dataset = publish_squares(tmp_path / "dataset_v9", train=1, val=1)
    [image] = (dataset / "images" / "train").iterdir()
    np.save(image.with_suffix(".npy"), np.zeros((SIZE, SIZE, 3), np.uint8))
    os.utime(image, (1, 1))
    return dataset


def test_ultralytics_takes_a_stray_npy_for_the_image(stray, look):
    assert look(stray).load_image(0)[0].max() == 0


def test_without_the_stray_npy_the_image_is_read(stray, look, worker):
    worker.setup.remove_caches(stray)
    assert look(stray).load_image(0)[0].max() > 0


@pytest.mark.parametrize("ends", ["well", "badly"])
def test_caches_are_removed_before_ultralytics_looks_and_after(
    stray, worker, monkeypatch, tmp_path, ends
):
    cache = stray / "labels" / "train.cache"
    cache.touch()
    seen = []

    def left() -> list[str]:
        return sorted(file.name for file in stray.rglob("*") if file.suffix in (".cache", ".npy"))

    def train(run, plan, manifest):
        seen.append(left())
        cache.touch()
        if ends == "badly":
            raise ValueError("in training")

    monkeypatch.setattr(worker.train, "_train_epochs", train)
    monkeypatch.setattr(worker.train, "evaluate", lambda *arguments: seen.append(left()))
    monkeypatch.setattr(worker.train, "keep", lambda run: seen.append(left()))
    plan = {"dataset_path": str(stray), "arguments": {"optimizer": "SGD", "batch": 1}}
    (tmp_path / "run").mkdir()
    with contextlib.suppress(ValueError):
        worker.train.train(worker.support.RunFolder(tmp_path / "run"), plan)
    assert seen == ([[], ["train.cache"], []] if ends == "well" else [[]])
    assert left() == []


@pytest.fixture(params=["cut", "padded"])
def odd_jpeg(tmp_path, request) -> Path:
    """A photograph that does not end in FFD9: its last two bytes are missing, or zeros follow."""
    folder = tmp_path / "raw" / "site"
    folder.mkdir(parents=True)
    picture = np.random.default_rng(1).integers(0, 255, (60, 80, 3), np.uint8)
    data = cv2.imencode(".jpg", picture)[1].tobytes()
    assert data.endswith(b"\xff\xd9")
    (folder / "a.jpg").write_bytes(data[:-2] if request.param == "cut" else data + bytes(2))
    return folder / "a.jpg"


def test_ultralytics_writes_a_jpeg_without_its_end_anew_or_drops_it(ultralytics, odd_jpeg):
    from ultralytics.data.utils import check_image

    before = odd_jpeg.read_bytes()
    try:
        assert "corrupt JPEG restored" in check_image(str(odd_jpeg))[0]
        assert odd_jpeg.read_bytes() != before
    except OSError as error:
        assert "truncated" in str(error)


def test_a_published_jpeg_is_left_as_it_is_and_the_raw_file_too(look, odd_jpeg, tmp_path):
    before = (odd_jpeg.read_bytes(), odd_jpeg.stat().st_mtime_ns)
    raw = tmp_path / "raw"
    samples = samples_of({"site/a.jpg": [("person", 0.2)]}, width=[80], height=[60])
    known = apply_facts(samples, read_facts(["site/a.jpg"], raw, tmp_path / "facts", 1))
    ready = Samples(known.images.assign(split="train"), known.boxes, known.decisions)
    tree = publish(ready, raw, tmp_path / "v" / "x").path
    [copy] = (tree / "images" / "train").iterdir()
    published = copy.read_bytes()
    assert boxes(look(tree)) == 1
    assert copy.read_bytes() == published
    assert (odd_jpeg.read_bytes(), odd_jpeg.stat().st_mtime_ns) == before


def test_a_manifest_below_brackets_quotes_and_stars_is_read(worker, tmp_path):
    dataset = publish_squares(tmp_path / "[현장] team's *data?", train=3, val=1)
    assert len(worker.setup.read_manifest(dataset)) == 4


def test_no_path_makes_ultralytics_ask_a_host(worker, tmp_path):
    downloads = SimpleNamespace()
    worker.setup.never_download(downloads)
    folder = tmp_path / "team's https:" / "github.com"
    folder.mkdir(parents=True)
    (folder / "best.pt").write_bytes(b"x")
    assert downloads.attempt_download_asset(folder / "best.pt") == str(folder / "best.pt")
    with pytest.raises(FileNotFoundError, match="nothing is downloaded"):
        downloads.attempt_download_asset("yolo26n.pt")
    with pytest.raises(FileNotFoundError, match="nothing is downloaded"):
        downloads.safe_download(url="https://host/x.zip", file="x")


def test_a_question_mark_in_a_path_is_refused_before_the_first_epoch(worker):
    worker.setup.refuse_path(Path("/data/team's [hoban] *data"))
    with pytest.raises(worker.support.Failure, match="address of a host"):
        worker.setup.refuse_path(Path("/data"), Path("/data/what?"))
