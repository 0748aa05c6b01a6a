import pytest
from gallery_road import BARE, HELMET, PERSON, box, recorded, samples

from hoban_assets.catalog.answers import asking
from hoban_assets.errors import HobanError
from hoban_assets.reporting.sizes import sizes

IDS = [f"helmet_60k/{n}.jpg" for n in range(20)]


@pytest.fixture
def measure(tmp_path):
    """Twenty labels of 1 % to 20 % of a 640 x 480 picture, and one ignore region of 0.1 %."""
    boxes = [box(i, BARE, (n + 1) / 100) for n, i in enumerate(IDS)]
    boxes.append(box(IDS[0], BARE, 0.001, row=1, ignore=True))
    boxes.append(box(IDS[0], HELMET, 0.5, row=2))

    def made(size=(640, 480), **more):
        catalog = recorded(tmp_path, samples(IDS, boxes, size=size))
        with asking(catalog.path) as ask:
            return sizes(ask, "helmet_60k", "sub", more.pop("class_name", BARE), **more)

    return made


def test_top_n_gives_the_area_of_the_last_one_and_all_of_them_last(measure):
    found = measure(tops=[5, 10])
    assert [(r["top"], round(r["area_of_last"], 6)) for r in found.top] == [
        (5, 0.16),
        (10, 0.11),
        (20, 0.01),
    ]
    assert found.too_few_for == []


def test_a_top_that_there_are_not_enough_labels_for_is_named(measure):
    found = measure(tops=[5, 20, 5000])
    assert [r["top"] for r in found.top] == [5, 20]
    assert found.too_few_for == [5000]


def test_a_side_is_the_root_of_the_area_after_letterbox_scaling(measure):
    found = measure(image_size=320)  # half of 640: a box of 1 % is 24 x 32 of the 640 x 480
    assert found.largest[0]["width"] == round(640 * 0.2**0.5)
    assert found.smallest[0]["side"] == pytest.approx((32 * 24) ** 0.5, rel=1e-6)
    assert [(r["side"], r["labels"]) for r in found.below_side] == [
        (8, 0),
        (16, 0),
        (32, 1),  # sides are 27.7 * sqrt(n): below 32 for n = 1
        (64, 5),  # n = 1..5
    ]


def test_where_the_size_of_an_image_is_not_known_it_counts_as_square_and_is_counted(measure):
    found = measure(size=(0, 0), image_size=640)
    assert found.unknown_size == 20
    assert found.smallest[0]["side"] == pytest.approx(64)
    assert found.smallest[0]["width"] is None


def test_shares_below_areas_leave_out_what_lies_at_the_limit(measure):
    below = {r["area"]: r["labels"] for r in measure().below_area}
    assert below == {0.005: 0, 0.01: 0, 0.02: 1, 0.05: 4, 0.2: 19}


def test_ignore_regions_count_only_where_they_are_asked_for(measure):
    assert measure().labels == 20
    with_ignored = measure(with_ignored=True)
    assert with_ignored.labels == 21
    assert with_ignored.smallest[0]["area"] == pytest.approx(0.001)


def test_both_ends_hold_ten_images_at_least(measure):
    found = measure()
    assert [r["image_id"] for r in found.smallest] == IDS[:10]
    assert [r["image_id"] for r in found.largest] == IDS[:-11:-1]


def test_a_class_without_labels_says_which_there_are(measure):
    with pytest.raises(HobanError, match="no label of person") as error:
        measure(class_name=PERSON)
    assert f"{HELMET}, {BARE}" in error.value.way_out
