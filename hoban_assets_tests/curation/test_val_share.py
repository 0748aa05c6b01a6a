"""Which groups are val: shares, sizes and stability over groups of all shapes, drawn by seed."""

import numpy as np
import pytest

from hoban_assets.curation.val_share import Sizes, choose_val

SHAPES = ("singles", "clips", "heavy tail", "one giant", "giant of one class", "some clips")


def drawn(shape, count, seed, *, crowds=False):
    """Groups of four classes (one of them scarce) and some images without a label."""
    draw = np.random.default_rng([seed, SHAPES.index(shape)])
    frames = {
        "singles": lambda: np.ones(count, int),
        "clips": lambda: draw.integers(1, 40, count),
        "heavy tail": lambda: np.minimum(np.ceil(draw.pareto(1.1, count)).astype(int), count // 5),
        "some clips": lambda: np.where(draw.random(count) < 0.02, draw.integers(20, 90, count), 1),
    }.get(shape, lambda: np.ones(count, int))()
    kind = draw.choice(5, count, p=[0.3, 0.29, 0.3, 0.09, 0.02])
    if "giant" in shape:
        frames[0], kind[0] = count // 3, 0
    images, labels = np.zeros((count, 5), int), np.zeros((count, 5), int)
    images[np.arange(count), kind] = frames
    each = np.ceil(draw.pareto(1.5, count)).clip(1, 30) if crowds else 1
    labels[np.arange(count), kind] = frames * np.where(kind == 4, 1, each)
    if shape != "giant of one class":
        also = (kind == 0) & (draw.random(count) < 0.3)
        images[also, 1] = labels[also, 1] = frames[also]
    return Sizes(labels, images, frames), draw.random(count)


def first(sizes, hashes, count):
    return Sizes(*(part[:count] for part in sizes)), hashes[:count]


def shares(sizes, in_val):
    """Share of val of the labels and of the images of the four classes."""
    tables = (sizes.labels[:, :4], sizes.images[:, :4])
    return np.concatenate([t[in_val].sum(axis=0) / t.sum(axis=0) for t in tables])


@pytest.mark.parametrize("crowds", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_class_has_nine_to_eleven_percent_in_val(shape, crowds):
    for seed in range(3):
        sizes, hashes = drawn(shape, 1500, seed, crowds=crowds)
        in_val = choose_val(sizes, hashes, 0.1)
        found = shares(sizes, in_val)
        if "giant" in shape and crowds:  # it holds most of the labels: only images can be even
            found = found[4:]
        assert (found >= 0.09 - 1e-9).all(), (seed, found)
        assert (found <= 0.11 + 1e-9).all(), (seed, found)
        val = sizes.all_images[in_val]
        assert val.max() <= val.sum() / 5
        if "giant" not in shape:
            assert 0.09 <= val.sum() / sizes.all_images.sum() <= 0.11


@pytest.mark.parametrize("share", [0.05, 0.2, 0.3])
def test_another_share_is_met_as_well(share):
    sizes, hashes = drawn("some clips", 2000, 1)
    found = shares(sizes, choose_val(sizes, hashes, share))
    assert (np.abs(found / share - 1) <= 0.1 + 1e-9).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_the_order_of_the_groups_decides_nothing(shape):
    sizes, hashes = drawn(shape, 400, 5, crowds=True)
    turned = np.random.default_rng(0).permutation(len(hashes))
    other = choose_val(Sizes(*(part[turned] for part in sizes)), hashes[turned], 0.1)
    assert (other == choose_val(sizes, hashes, 0.1)[turned]).all()


@pytest.mark.parametrize("hashed", [0.001, 0.05, 0.09])
@pytest.mark.parametrize("frames", [12, 40, 200, 900])
def test_a_large_group_trains_and_the_small_ones_stay_in_val(hashed, frames):
    draw = np.random.default_rng(2)
    count = np.append(np.ones(500, int), frames)
    table = np.zeros((501, 5), int)
    table[:, 2] = count
    hashes = np.append(draw.random(500), hashed)
    in_val = choose_val(Sizes(table, table, count), hashes, 0.1)
    assert not in_val[-1]
    assert 0.09 <= in_val.sum() / count.sum() <= 0.11


def test_a_large_group_that_grows_moves_no_other():
    even = np.random.default_rng(2).permutation(500) / 500
    hashes = np.append(even, 0.01)
    seen = []
    for frames in range(12, 52, 4):
        count = np.append(np.ones(500, int), frames)
        table = np.zeros((501, 5), int)
        table[:, 2] = count
        seen.append(choose_val(Sizes(table, table, count), hashes, 0.1))
    assert (np.array(seen) == seen[0]).all()


@pytest.mark.parametrize("groups", [3, 4, 7, 12, 25])
def test_a_class_of_a_few_groups_has_one_of_them_in_val(groups):
    sizes, hashes = drawn("singles", 2000, 3)
    labels = np.zeros((groups, 5), int)
    labels[:, 3] = 20
    rest = Sizes(*(np.where(part[:, 3:4] > 0, 0, part) for part in sizes[:2]), sizes.all_images)
    joined = Sizes(
        np.vstack([rest.labels, labels]),
        np.vstack([rest.images, labels]),
        np.append(rest.all_images, labels[:, 3]),
    )
    chosen = np.append(hashes, np.random.default_rng(groups).random(groups))
    in_val = choose_val(joined, chosen, 0.1)[-groups:]
    assert in_val.sum() in {max(1, groups // 10), max(1, -(-groups // 10))}


@pytest.mark.parametrize("groups", [1, 2])
def test_a_class_of_one_or_two_groups_stays_in_train(groups):
    table = np.zeros((groups, 5), int)
    table[:, 1] = 30
    assert not choose_val(Sizes(table, table, table[:, 1]), np.full(groups, 0.01), 0.1).any()


@pytest.mark.parametrize("count", range(0, 40, 3))
def test_of_tiny_data_train_keeps_more_than_half(count):
    sizes, hashes = drawn("singles", max(1, count), 7)
    in_val = choose_val(*first(sizes, hashes, count), 0.1)
    assert in_val.sum() <= count / 2


def moved(shape, count, seed, more):
    """Share of val that changes sides when `more` of the groups are added."""
    sizes, hashes = drawn(shape, round(count * (1 + more)), seed)
    before = choose_val(*first(sizes, hashes, count), 0.1)
    after = choose_val(sizes, hashes, 0.1)[:count]
    frames = sizes.all_images[:count]
    return frames[before != after].sum() / frames[before].sum()


def test_adding_to_many_single_photographs_moves_next_to_nothing():
    one = [moved("singles", 12_000, seed, 0.01) for seed in range(12)]
    five = [moved("singles", 12_000, seed, 0.05) for seed in range(12)]
    assert one.count(0) >= 11
    assert np.mean(five) < 0.01


@pytest.mark.parametrize(("shape", "most"), [("singles", 0.03), ("some clips", 0.06)])
def test_adding_to_some_thousand_groups_moves_little_on_average(shape, most):
    assert np.mean([moved(shape, 3000, seed, 0.01) for seed in range(12)]) < most
