import base64
import io
import re

import pytest
from gallery_road import (
    BARE,
    FALLEN,
    HELMET,
    PERSON,
    box,
    photograph,
    recorded,
    samples,
    settings_of,
)
from PIL import Image

from hoban_assets.catalog.answers import asking
from hoban_assets.errors import HobanError
from hoban_assets.reporting.gallery.choice import Wanted
from hoban_assets.reporting.gallery.contact_sheets import contact_sheets
from hoban_assets.reporting.gallery.writing import (
    chosen,
    draw_gallery,
    file_name,
    marks_of,
    write_gallery,
)
from hoban_assets.reporting.opening import how_to_open
from hoban_assets.units import area_text

IDS = [f"helmet_60k/{n:02d}.jpg" for n in range(10)]
BARE_ONES = IDS[:8]  # labels of 1 % to 8 %; the last two images are background


@pytest.fixture
def road(tmp_path):
    boxes = [box(i, BARE, (n + 1) / 100) for n, i in enumerate(BARE_ONES)]
    boxes.append(box(IDS[0], BARE, 0.3, row=1))  # the first image: 1 % and 30 %
    boxes.append(box(IDS[3], HELMET, 0.05, row=1))
    boxes.append(box(IDS[3], BARE, 0.002, row=2, ignore=True))
    recorded(tmp_path, samples(IDS, boxes))
    for i in IDS:
        photograph(tmp_path / "raw" / i)
    return tmp_path


def ids(road, **wanted) -> list[str]:
    wanted = {"asset": "helmet_60k", "partition": "sub", "class_name": BARE, **wanted}
    with asking(road / "data" / "catalog.duckdb") as ask:
        return [s.image_id for s in chosen(ask, Wanted(**wanted))]


def drawn(road, **wanted):
    wanted = Wanted(**{"asset": "helmet_60k", "partition": "sub", "class_name": BARE, **wanted})
    settings = settings_of(road)
    with asking(settings.catalog_path) as ask:
        images = chosen(ask, wanted)
    return draw_gallery(settings, wanted, images)


def test_largest_and_smallest_come_in_their_order(road):
    assert ids(road, order="largest", count=3) == [IDS[0], IDS[7], IDS[6]]
    assert ids(road, order="smallest", count=3) == [IDS[0], IDS[1], IDS[2]]


def test_area_spreads_evenly_from_small_to_large_one_picture_an_image(road):
    found = ids(road, order="area", count=4)
    areas = [i for i in found if i != IDS[0]]  # of that one either label may stand for it
    assert areas == sorted(areas)
    assert len(set(found)) == 4
    assert sorted(ids(road, order="area", count=99)) == BARE_ONES


def test_random_is_the_same_again_with_the_same_seed_only(road):
    first = ids(road, order="random", count=5)
    assert first == ids(road, order="random", count=5)
    assert first != ids(road, order="random", count=5, seed=1)


def test_background_means_images_without_labels(road):
    assert sorted(ids(road, class_name="background")) == IDS[8:]


def test_a_class_that_is_not_there_says_what_there_is(road):
    with pytest.raises(HobanError, match="no image with fallen") as error:
        ids(road, class_name=FALLEN)
    assert f"{HELMET}, {BARE}, background" in error.value.way_out


def test_labels_of_the_class_are_strong_others_thin_ignore_regions_dashed(road):
    wanted = Wanted("helmet_60k", "sub", BARE, "smallest", 10)
    with asking(road / "data" / "catalog.duckdb") as ask:
        (shown,) = [s for s in chosen(ask, wanted) if s.image_id == IDS[3]]
    styles = {(m.text, m.style) for m in marks_of(shown, "ko")}
    assert styles == {("안전모 미착용 4.00 %", "strong"), ("안전모 착용", "thin"), ("", "dashed")}


def test_a_gallery_lies_in_its_folder_and_replaces_the_old_one(road):
    gallery = drawn(road, order="smallest", count=3)
    folder = road / "data/reports/gallery/helmet_60k/sub/person_without_helmet-smallest"
    assert gallery.folder == folder
    names = ["01_00.jpg", "02_01.jpg", "03_02.jpg", "index.html"]
    assert sorted(p.name for p in folder.iterdir()) == names
    drawn(road, order="smallest", count=1)
    assert sorted(p.name for p in folder.iterdir()) == ["01_00.jpg", "index.html"]
    assert sorted(p.name for p in folder.parent.iterdir()) == ["index.html", folder.name]


def test_the_page_needs_nothing_but_itself(road):
    page = drawn(road, order="smallest", count=2).page.read_text(encoding="utf-8")
    assert page.count('src="data:image/jpeg;base64,') == 2
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
    assert IDS[0] in page
    assert "hoban gallery helmet_60k --class person_without_helmet" in page


def test_a_picture_that_is_gone_is_left_out_and_named(road):
    (road / "raw" / IDS[0]).unlink()
    (road / "raw" / IDS[1]).write_bytes(b"no picture")
    gallery = drawn(road, order="smallest", count=3)
    assert [p.shown.image_id for p in gallery.pictures] == [IDS[2]]
    assert IDS[0] in gallery.left_out[0]
    assert "is not there" in gallery.left_out[0]
    assert IDS[1] in gallery.left_out[1]


def test_where_none_can_be_drawn_the_old_gallery_stays(road):
    old = drawn(road, order="smallest", count=1)
    for i in IDS:
        (road / "raw" / i).unlink()
    with pytest.raises(HobanError, match="none of 1 images"):
        drawn(road, order="smallest", count=1)
    assert sorted(p.name for p in old.folder.iterdir()) == ["01_00.jpg", "index.html"]
    assert len(list(old.folder.parent.iterdir())) == 2


def test_nothing_is_written_below_the_raw_root(road):
    settings = settings_of(road)
    inside = type(settings)(**{**vars(settings), "data_root": settings.raw_root / "data"})
    with asking(settings.catalog_path) as ask:
        wanted = Wanted("helmet_60k", "sub", BARE)
        images = chosen(ask, wanted)
    before = sorted(settings.raw_root.rglob("*"))
    with pytest.raises(HobanError, match="below the raw root"):
        draw_gallery(inside, wanted, images)
    assert sorted(settings.raw_root.rglob("*")) == before


@pytest.fixture
def cleaned(road):
    """A dataset over the stage: a dropped box, an ignored one, and a removed duplicate."""
    kept = [i for i in BARE_ONES if i != IDS[5]]
    boxes = [box(i, BARE, (n + 1) / 100, ignore=n == 1) for n, i in enumerate(kept)]
    decisions = [
        {"image_id": i, "stage": "s", "rule": rule, "action": action, "file": IDS[5],
         "row": row, "value": value, "threshold": 0.2, "witness": witness}
        for i, rule, action, row, value, witness in (
            (IDS[0], "area_outlier", "drop", 1, "0.3", None),
            (IDS[1], "area_too_small", "ignore", 0, "0.02", None),
            (IDS[5], "near_duplicate", "drop", None, "0.95", IDS[6]),
        )
    ]  # fmt: skip
    recorded(road, samples(kept, boxes, decisions), "dataset_v9", inputs={"helmet_60k": "x"})
    return road


def by_rule(road, rule, class_name="all"):
    with asking(road / "data" / "catalog.duckdb") as ask:
        wanted = Wanted("dataset_v9", "sub", class_name, rule=rule)
        return chosen(ask, wanted)


def test_a_rule_shows_the_box_that_it_dropped_as_the_stage_still_has_it(cleaned):
    (shown,) = by_rule(cleaned, "area_outlier")
    assert [(round(b["area"], 3), b["strong"]) for b in shown.boxes] == [(0.01, False), (0.3, True)]
    assert shown.decisions[0]["value"] == "0.3"


def test_a_rule_shows_the_box_that_it_turned_into_an_ignore_region(cleaned):
    (shown,) = by_rule(cleaned, "area_too_small")
    assert [(b["ignore"], b["strong"]) for b in shown.boxes] == [(True, True)]


def test_a_removed_duplicate_is_shown_beside_the_image_that_was_kept(cleaned):
    (shown,) = by_rule(cleaned, "near_duplicate")
    assert shown.image_id == IDS[5]
    assert [b["strong"] for b in shown.boxes] == [True]
    assert shown.witness is not None
    assert shown.witness.image_id == IDS[6]
    settings = settings_of(cleaned)
    wanted = Wanted("dataset_v9", "sub", "all", rule="near_duplicate")
    names = sorted(p.name for p in draw_gallery(settings, wanted, [shown]).folder.iterdir())
    assert names == ["01_05.jpg", "01_05.kept.jpg", "index.html"]


def test_a_rule_can_be_asked_for_one_class(cleaned):
    assert len(by_rule(cleaned, "area_outlier", BARE)) == 1
    with pytest.raises(HobanError, match="decided nothing about person"):
        by_rule(cleaned, "area_outlier", PERSON)


def test_a_name_that_leads_out_of_the_raw_root_is_not_opened(road):
    photograph(road / "secret.jpg")
    boxes = [box("../secret.jpg", BARE, 0.1)]
    recorded(road, samples(["../secret.jpg"], boxes), "strange")
    with pytest.raises(HobanError, match="leads out of the raw root"):
        drawn(road, asset="strange")


def test_the_report_draws_every_class_and_leads_to_each_page(road):
    lines = []
    report = write_gallery(settings_of(road, "ko"), "sub", lines.append, "helmet_60k", count=2)
    names = [str(f.relative_to(road / "data/reports/gallery/helmet_60k/sub")) for f in report.files]
    assert names == [
        "index.html",
        f"{HELMET}-area/index.html",
        f"{BARE}-area/index.html",
        "background-random/index.html",
    ]
    overview = report.files[0].read_text(encoding="utf-8")
    assert "안전모 미착용" in overview
    assert f"{BARE}-area/index.html" in overview
    assert report.numbers[f"pictures/{BARE}"] == 2
    assert "data:image/jpeg;base64," in report.preview


def test_contact_sheets_show_each_class_and_name_what_cannot_be_opened(road):
    boxes = [box(i, BARE, (n + 1) / 100) for n, i in enumerate(BARE_ONES)]
    (road / "raw" / BARE_ONES[3]).unlink()  # of the four that are chosen: 1, 3, 5, 7
    sheets = contact_sheets(samples(IDS, boxes), road / "raw", "en")
    assert list(sheets) == [BARE, "background"]
    assert f"not to be opened: {BARE_ONES[3]}" in sheets[BARE]
    assert "2.00 % · 6.00 % · 8.00 %" in sheets[BARE]
    encoded = re.search(r"base64,([^)]+)", sheets[BARE])
    assert encoded
    with Image.open(io.BytesIO(base64.b64decode(encoded[1]))) as picture:
        assert picture.height == 240
        assert picture.width < 4 * 240
    assert sum(map(len, sheets.values())) < 150_000


def test_contact_sheets_of_a_raw_root_that_is_gone_are_text_only(tmp_path):
    made = samples(IDS, [box(IDS[0], BARE, 0.1)])
    sheets = contact_sheets(made, tmp_path / "nowhere", "ko")
    assert sheets[BARE].startswith("열 수 없음: ")


def test_file_names_sort_as_shown_and_suit_every_system():
    assert file_name(3, "fall/a b/사진: 1?.jpg") == "03_사진_1"
    assert file_name(12, "x/???.jpg") == "12_image"


def test_areas_keep_two_digits_that_count():
    assert area_text(0.0154) == "1.54 %"
    assert area_text(0.00043) == "0.043 %"


def test_a_page_is_opened_by_its_address_where_there_is_no_windows(tmp_path):
    assert how_to_open(tmp_path / "a b.html", env={}).startswith("file:///")
