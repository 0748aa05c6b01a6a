"""What is not labelled follows the tile: compared with the pixels that Ultralytics made."""

import pickle
import random
from types import SimpleNamespace

import numpy as np
import pytest
from coloured_photographs import NAMES, as_sets, paint, seen
from training_tools import WORKERS

STRIDES = (8, 16, 32)
SIZE = 64
OFF = {
    "mosaic": 0.0,
    "degrees": 0.0,
    "translate": 0.0,
    "scale": 0.0,
    "shear": 0.0,
    "perspective": 0.0,
    "fliplr": 0.0,
    "flipud": 0.0,
    "mixup": 0.0,
    "cutmix": 0.0,
    "copy_paste": 0.0,
    "hsv_h": 0.0,
    "hsv_s": 0.0,
    "hsv_v": 0.0,
    "bgr": 1.0,  # keeps the channels as they are
    "augmentations": [],
}


@pytest.fixture(scope="module")
def workers(ultralytics):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(WORKERS))
        import yolo_follow
        import yolo_image_facts
        import yolo_support
        import yolo_tiles

        yield SimpleNamespace(
            follow=yolo_follow,
            tiles=yolo_tiles,
            facts=yolo_image_facts.image_facts,
            Failure=yolo_support.Failure,
        )


@pytest.fixture(scope="module")
def painted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("painted")
    return folder, paint(folder)


@pytest.fixture
def dataset(workers, painted):
    folder, manifest = painted

    def opened(mode="train", multi_scale=False, follow=True, **augmentation):
        from ultralytics.cfg import get_cfg
        from ultralytics.data.build import build_yolo_dataset

        data = {"path": str(folder), "names": NAMES, "nc": 4, "channels": 3}
        config = get_cfg(overrides={"imgsz": SIZE, "task": "detect", **OFF, **augmentation})
        path, rect = str(folder / "images" / "train"), mode == "val"
        made = build_yolo_dataset(config, path, 4, data, mode=mode, rect=rect, stride=32)
        if follow:
            photographs = workers.tiles.Photographs(workers.facts(manifest, NAMES), 4)
            ending = workers.follow.Ending(STRIDES, multi_scale)
            workers.follow.follow_tiles(made, photographs, ending)
        return made

    yield opened
    for cache in folder.glob("labels/*.cache"):
        cache.unlink()


def samples(dataset, rounds=3):
    random.seed(7)
    np.random.seed(7)
    return [dataset[i] for _ in range(rounds) for i in range(len(dataset))]


def anchor_points(height, width):
    """x and y of the anchors, by Ultralytics."""
    import torch
    from ultralytics.utils.tal import make_anchors

    feats = [torch.zeros(1, 1, height // s, width // s) for s in STRIDES]
    points, strides = make_anchors(feats, STRIDES, 0.5)
    return (points * strides).numpy().T


def compared(workers, dataset, rounds=3):
    """(share of anchors off edges, kinds of places seen); fails where mask and pixels differ."""
    judged = total = 0
    kinds = set()
    for sample in samples(dataset, rounds):
        image = sample["img"].numpy().astype(int)
        image = image if dataset.augment else image[::-1]  # RGB: `bgr` is for training only
        x, y = anchor_points(*image.shape[1:])
        for expected, found in zip(
            seen(image, x, y), as_sets(sample[workers.follow.UNLABELLED]), strict=True
        ):
            total += 1
            if expected is not None:
                judged += 1
                kinds.add(frozenset(expected))
                assert found == expected
    return judged / total, kinds


BLUE, GREEN, GREY, RED = map(frozenset, ({2, 3}, {0, 1}, (), {0, 2, 3}))
BOTH = frozenset({0, 1, 2, 3})
MOVES = {
    "none": {},
    "scale and translate": {"scale": 0.5, "translate": 0.3},
    "sideways": {"fliplr": 1.0},
    "upside down": {"flipud": 1.0},
    "rotation and shear": {"degrees": 40.0, "shear": 15.0},
    "perspective": {"perspective": 0.002, "degrees": 20.0},
    "mosaic": {"mosaic": 1.0},
    "mosaic, as a training starts": {
        "mosaic": 1.0, "scale": 0.5, "translate": 0.1, "fliplr": 0.5,
    },
    "mosaic in perspective": {
        "mosaic": 1.0, "perspective": 0.001, "degrees": 30.0, "scale": 0.4, "flipud": 0.5,
    },
}  # fmt: skip


@pytest.mark.parametrize("moves", MOVES.values(), ids=MOVES)
def test_it_moves_with_the_pixels(workers, dataset, moves):
    share, kinds = compared(workers, dataset(**moves))
    assert share > 0.5
    assert kinds == {BLUE, GREEN, GREY, RED}


def test_of_two_photographs_that_are_mixed_both_must_label_a_class(workers, dataset):
    share, kinds = compared(workers, dataset(mixup=1.0, mosaic=0.5, scale=0.3))
    assert share > 0.4
    assert {BLUE, GREEN, BOTH} <= kinds


def test_a_part_that_was_cut_from_another_photograph_brings_its_labels(workers, dataset):
    opened = dataset(cutmix=1.0, translate=0.1)
    _, kinds = compared(workers, opened, rounds=10)
    assert BOTH not in kinds
    pasted = [
        s
        for s in samples(opened, 10)
        if {1, 2} <= set().union(*as_sets(s[workers.follow.UNLABELLED]))
    ]
    assert pasted


def test_everything_at_once(workers, dataset):
    moves = {"degrees": 20.0, "perspective": 0.0005, "scale": 0.5, "fliplr": 0.5, "flipud": 0.5}
    share, kinds = compared(workers, dataset(mosaic=1.0, mixup=0.5, cutmix=0.5, **moves), 6)
    assert share > 0.3
    assert {BLUE, GREEN, BOTH, GREY} <= kinds


def test_it_goes_on_when_mosaic_ends(workers, dataset):
    from ultralytics.cfg import get_cfg

    opened = dataset(mosaic=1.0)
    opened.close_mosaic(get_cfg(overrides={"imgsz": SIZE, **OFF, "fliplr": 1.0}))
    share, kinds = compared(workers, opened)
    assert share > 0.5
    assert kinds == {BLUE, GREEN, GREY, RED}


def test_validation_photographs_are_padded_and_shrunk_with_it(workers, dataset):
    opened = dataset("val")
    assert len({sample["img"].shape for sample in samples(opened, 1)}) > 1
    share, kinds = compared(workers, opened, 1)
    assert share > 0.5
    assert kinds == {BLUE, GREEN, GREY, RED}


def test_nine_tiles_are_followed_too(workers, dataset):
    from ultralytics.data.augment import Compose, Mosaic, RandomPerspective

    opened = dataset(mosaic=1.0)
    nine = Compose([Mosaic(opened, imgsz=SIZE, p=1.0, n=9), RandomPerspective(size=(SIZE, SIZE))])
    workers.follow.hook(nine, None)
    opened.transforms.transforms[0] = nine
    share, kinds = compared(workers, opened)
    assert share > 0.4
    assert {BLUE, GREEN} <= kinds


def test_samples_are_those_of_a_training_without_it(workers, dataset):
    moves = {"mosaic": 1.0, "mixup": 0.3, "cutmix": 0.5, "fliplr": 0.5, "degrees": 10.0}
    for masked, stock in zip(
        samples(dataset(**moves)), samples(dataset(follow=False, **moves)), strict=True
    ):
        assert (masked["img"] == stock["img"]).all()
        assert (masked["bboxes"] == stock["bboxes"]).all()
        assert set(masked) - set(stock) == {workers.follow.UNLABELLED}


def test_where_the_size_of_a_batch_is_drawn_later_the_canvas_is_kept(workers, dataset):
    once, later = (
        samples(dataset(mosaic=1.0, scale=0.5, multi_scale=kept), 1) for kept in (False, True)
    )
    for at_once, kept in zip(once, later, strict=True):
        canvas, size = kept[workers.follow.UNLABELLED]
        assert size == (SIZE, SIZE)
        bits = workers.tiles.at_anchors(canvas, *size, STRIDES)
        assert bits.tolist() == at_once[workers.follow.UNLABELLED].tolist()


def test_a_hooked_dataset_can_be_handed_to_a_loading_process(workers, dataset):
    opened = dataset(mosaic=1.0)
    copied = pickle.loads(pickle.dumps(opened))
    here, there = samples(opened, 1), samples(copied, 1)
    for a, b in zip(here, there, strict=True):
        assert (a[workers.follow.UNLABELLED] == b[workers.follow.UNLABELLED]).all()


def test_an_augmentation_that_moves_pixels_in_an_unknown_way_is_refused(workers, dataset):
    with pytest.raises(workers.Failure, match="CopyPaste"):
        dataset(copy_paste=0.5)


def test_a_release_whose_augmentations_call_no_hook_is_refused(workers, dataset, monkeypatch):
    from ultralytics.data.augment import Mosaic

    monkeypatch.setattr(Mosaic, "__call__", lambda self, labels: labels)
    with pytest.raises(workers.Failure, match=r"Mosaic\.__call__ does not call apply_semantic"):
        dataset(mosaic=1.0)


def test_more_classes_than_bits_are_refused(workers):
    with pytest.raises(workers.Failure, match="64 classes are too many"):
        workers.tiles.Photographs({}, 64)
