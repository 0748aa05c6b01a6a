import unicodedata

import pytest
from reader_trees import aihub, aihub_item, aihub_json, head, image, only_box, read, rules, text

from hoban_assets.errors import HobanError
from hoban_assets.formats import open_source


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "h" / "helmet_wearing"


@pytest.mark.parametrize("above", ["training", "", "h"])
def test_every_layout_is_read_and_summaries_are_not_labels(tmp_path, above):
    top = tmp_path / "h" / above
    aihub_item(top / "helmet_wearing", "a1.jpg", [head([0, 0, 50, 25])])
    aihub_item(top / "helmet_not_wearing", "a1.JPG", [head([0, 0, 50, 25], "08")])
    text(top / "summary.json", '{"helmet_wearing": 1}')
    image(tmp_path / "h" / "background" / "images" / "b.jpg")
    result = read(aihub(), tmp_path)
    below = f"heads/{above}/" if above else "heads/"
    assert set(result.samples.images.image_id) == {
        f"{below}helmet_wearing/images/a1.jpg",
        f"{below}helmet_not_wearing/images/a1.JPG",
    }
    assert result.samples.box_counts()["person_without_helmet"] == 1
    assert rules(result) == []


def test_columns_of_an_image_and_its_box(tmp_path, folder):
    aihub_item(folder, "S2-N4601M00103.jpg", [head([10, 10, 30, 20])])
    samples = read(aihub(), tmp_path).samples
    row = samples.images.iloc[0]
    assert row.file == "h/helmet_wearing/images/S2-N4601M00103.jpg"
    assert row.label_file == "h/helmet_wearing/labels/S2-N4601M00103.json"
    assert (row.width, row.height) == (100, 50)
    assert row.labelled_classes == ("person_with_helmet", "person_without_helmet")
    assert row.group_id == "heads:S2-N4601M"
    box = samples.boxes.iloc[0]
    assert (box.class_id, box.origin, box.row, bool(box.ignore)) == (0, "human", 0, False)
    assert box.area == pytest.approx(0.2 * 0.2)


@pytest.mark.parametrize(
    ("name", "path", "group"),
    [
        ("frame.jpg", "clip-9", "heads:clip-9"),
        ("frame.jpg", "NULL", "heads/helmet_wearing/images/frame.jpg"),
        ("00012.jpg", "NULL", "heads/helmet_wearing/images/00012.jpg"),
        ("A-7M00012.jpg", "elsewhere", "heads:A-7M"),
    ],
)
def test_frames_of_a_clip_share_a_group(tmp_path, folder, name, path, group):
    aihub_item(folder, name, [], path=path)
    assert read(aihub(), tmp_path).samples.images.group_id.tolist() == [group]


@pytest.mark.parametrize("code", ["07", "7", 7])
def test_class_codes_are_normalised(tmp_path, folder, code):
    aihub_item(folder, "a.jpg", [head([0, 0, 50, 25], code)])
    assert read(aihub(), tmp_path).samples.box_counts()["person_with_helmet"] == 1


def test_other_classes_are_counted_once_an_image_and_class(tmp_path, folder):
    aihub_item(folder, "a.jpg", [head([0, 0, 9, 9], c) for c in ("12", "12", 3, "07")])
    result = read(aihub(), tmp_path)
    decisions = result.samples.decisions
    assert sorted(zip(decisions.value, decisions.boxes_removed, strict=True)) == [
        ("03 x1", 1),
        ("12 x2", 2),
    ]
    assert decisions.row.isna().all()


@pytest.mark.parametrize("box", [None, [1, 2, 3], "x", [1, 2, "x", 4], [1, 2, None, 4]])
def test_a_malformed_box_costs_its_row_only(tmp_path, folder, box):
    aihub_item(folder, "a.jpg", [head([0, 0, 50, 25]), head(box)])
    result = read(aihub(), tmp_path)
    assert only_box(result) == [0.25, 0.25, 0.5, 0.5]
    assert rules(result) == [("box_malformed", "drop")]
    assert result.samples.decisions.row.tolist() == [1]
    assert result.samples.decisions.file.tolist() == ["h/helmet_wearing/labels/a.json"]


def test_nan_that_python_writes_costs_its_row_only(tmp_path, folder):
    aihub_item(folder, "a.jpg", [head([float("nan"), 0, 1, 1]), head([0, 0, 50, 25])])
    assert rules(read(aihub(), tmp_path)) == [("box_malformed", "drop")]


def test_a_polygon_without_box_becomes_its_bounding_box(tmp_path, folder):
    polygon = [[10, 10], [30, 10], [20, 20]]
    aihub_item(
        folder, "a.jpg", [{"class": "07", "polygon": polygon}, {"class": "07", "point": [1]}]
    )
    result = read(aihub(), tmp_path)
    assert only_box(result) == [0.2, 0.3, 0.2, 0.2]
    assert rules(result) == [("box_malformed", "drop"), ("polygon_to_box", "repair")]
    assert result.samples.boxes.origin.tolist() == ["repaired"]


@pytest.mark.parametrize("resolution", [[0, 0], None, ["x", 1], [100]])
def test_missing_resolution_is_read_from_the_image_header(tmp_path, folder, resolution):
    aihub_item(folder, "a.jpg", [head([0, 0, 25, 50])], resolution=resolution)
    image(folder / "images" / "a.jpg", (100, 50), orientation=6)
    result = read(aihub(), tmp_path)
    assert result.samples.images[["width", "height"]].to_numpy().tolist() == [[50, 100]]
    assert only_box(result) == [0.25, 0.25, 0.5, 0.5]
    assert rules(result) == [("resolution_missing", "repair")]


def test_image_is_dropped_where_neither_label_nor_header_has_a_size(tmp_path, folder):
    aihub_item(folder, "a.jpg", [head([0, 0, 25, 50]), head(None)], resolution=[0, 0])
    text(folder / "images" / "a.jpg", b"no image")
    result = read(aihub(), tmp_path)
    assert rules(result) == [("image_unreadable", "drop")]
    assert (result.images_in, result.boxes_in) == (1, 2)


@pytest.mark.parametrize("label", ["{", b"\xff\xfe\x00", "[]", '{"annotations": 3}', "[" * 5000])
def test_unparseable_label_costs_the_image(tmp_path, folder, label):
    aihub_item(folder, "a.jpg", [], label=label)
    result = read(aihub(), tmp_path)
    assert rules(result) == [("label_unparseable", "drop")]
    assert result.samples.decisions.file.tolist() == ["h/helmet_wearing/labels/a.json"]
    assert result.samples.decisions.value.iloc[0]


def test_label_without_image_and_image_without_label(tmp_path, folder):
    aihub_item(folder, "a.jpg", [head([0, 0, 25, 50])])
    image(folder / "images" / "b.jpg")
    text(folder / "labels" / "c.json", aihub_json("c.jpg", []))
    result = read(aihub(), tmp_path)
    assert rules(result) == [("image_missing", "drop"), ("label_missing", "drop")]
    assert result.images_in == 2


@pytest.mark.parametrize("name", ["../../secret.jpg", "/etc/a.jpg", "..\\a.jpg", "C:\\a.jpg"])
def test_a_file_name_that_leads_outside_is_not_read(tmp_path, folder, name):
    aihub_item(folder, "a.jpg", [head([0, 0, 25, 50])], filename=name)
    result = read(aihub(), tmp_path)
    assert rules(result) == [("path_outside", "drop")]
    assert result.samples.decisions.value.tolist() == [name]


def test_links_out_of_the_source_are_not_followed(tmp_path, folder):
    aihub_item(folder, "a.jpg", [head([0, 0, 25, 50])])
    aihub_item(tmp_path / "elsewhere", "b.jpg", [head([0, 0, 25, 50])])
    (folder / "images" / "b.jpg").symlink_to(tmp_path / "elsewhere" / "images" / "b.jpg")
    image(folder / "images" / "c.jpg")
    (folder / "labels" / "c.json").symlink_to(tmp_path / "elsewhere" / "labels" / "b.json")
    (folder / "more").symlink_to(tmp_path / "elsewhere")
    result = read(aihub(), tmp_path)
    assert result.samples.images.image_id.tolist() == ["heads/helmet_wearing/images/a.jpg"]
    assert rules(result) == [("path_outside", "drop")] * 3
    assert result.images_in == 3


def test_empty_and_misnamed_labels_are_listed_for_review(tmp_path, folder):
    aihub_item(folder, "a.jpg", [], filename="z.jpg")
    result = read(aihub(), tmp_path)
    assert rules(result) == [("filename_differs", "review"), ("no_annotations", "review")]
    assert len(result.samples.images) == 1


def test_only_the_labels_of_the_images_asked_for_are_read(tmp_path, folder):
    aihub_item(folder, "a.jpg", [head([0, 0, 25, 50])])
    aihub_item(folder, "b.jpg", [], label="{")
    reader = open_source(aihub(), tmp_path)
    assert reader.image_ids() == [f"heads/helmet_wearing/images/{n}.jpg" for n in "ab"]
    (folder / "labels" / "b.json").unlink()
    result = reader.read(["heads/helmet_wearing/images/a.jpg"])
    assert (result.images_in, result.boxes_in, rules(result)) == (1, 1, [])
    assert reader.read([]).images_in == 0
    with pytest.raises(HobanError, match=r"nothing\.jpg"):
        reader.read(["heads/nothing.jpg"])


@pytest.mark.parametrize(
    "facts",
    [
        {"resolution": "200x100"},
        {"resolution": "200, 100"},
        {"resolution": "200*100"},
        {"resolution": "200 X 100 px"},
        {"resolution": "[200, 100]"},
        {"resolution": ["200", 100.0]},
        {"resolution": {"width": 200, "height": "100"}},
        {"resolution": {"W": 200, "H": 100}},
        {"resolution": None, "width": 200, "height": 100},
    ],
)
def test_a_size_is_read_in_every_form(tmp_path, folder, facts):
    aihub_item(folder, "a.jpg", [head([50, 50, 150, 100])], **facts)
    result = read(aihub(), tmp_path)
    assert only_box(result) == [0.5, 0.75, 0.5, 0.5]
    assert rules(result) == []


@pytest.mark.parametrize("resolution", ["200", "200x", "FHD", "1x2x3", {"width": 200}, "200.0.100"])
def test_what_is_no_size_is_read_from_the_header(tmp_path, folder, resolution):
    aihub_item(folder, "a.jpg", [head([0, 0, 50, 25])], resolution=resolution)
    result = read(aihub(), tmp_path)
    assert only_box(result) == [0.25, 0.25, 0.5, 0.5]
    assert rules(result) == [("resolution_missing", "repair")]


class TestWhichImageALabelMeans:
    def test_of_two_images_of_one_stem_the_named_one(self, tmp_path, folder):
        aihub_item(folder, "a.jpg", [head([0, 0, 50, 25])])
        image(folder / "images" / "a.png")
        result = read(aihub(), tmp_path)
        assert result.samples.images.image_id.tolist() == ["heads/helmet_wearing/images/a.jpg"]
        assert rules(result) == [("identity_unclear", "drop")]

    def test_of_two_images_of_one_stem_none_where_neither_is_named(self, tmp_path, folder):
        aihub_item(folder, "a.jpg", [head([0, 0, 50, 25])], filename="z.jpg")
        image(folder / "images" / "a.png")
        assert rules(read(aihub(), tmp_path)) == [("identity_unclear", "drop")] * 2

    @pytest.mark.parametrize("other", ["helmet_wearing", "helmet_not_wearing"])
    def test_not_the_one_beside_it_where_it_names_another_that_is_there(
        self, tmp_path, folder, other
    ):
        aihub_item(folder, "a.jpg", [head([0, 0, 50, 25])], filename="b.jpg")
        aihub_item(folder.parent / other, "b.jpg", [head([0, 0, 50, 25])])
        result = read(aihub(), tmp_path)
        assert [i.rpartition("/")[2] for i in result.samples.images.image_id] == ["b.jpg"]
        assert rules(result) == [("identity_unclear", "drop")]

    def test_the_one_beside_it_where_only_the_suffix_or_the_folders_differ(self, tmp_path, folder):
        aihub_item(folder, "a.png", [head([0, 0, 50, 25])], filename="S1/a.jpg")
        assert rules(read(aihub(), tmp_path)) == []


def test_a_box_that_the_polygon_beside_it_contradicts_is_not_trained(tmp_path, folder):
    far, near = [[60, 30], [90, 30], [90, 45]], [[0, 0], [50, 0], [50, 25]]
    rows = [head([0, 0, 50, 25], polygon=far), head([0, 0, 50, 25], polygon=near)]
    aihub_item(folder, "a.jpg", rows)
    result = read(aihub(), tmp_path)
    assert rules(result) == [("box_contradicted", "ignore")]
    assert result.samples.boxes.ignore.tolist() == [True, False]


class TestStatedSizeThatIsNotTheFrame:
    def test_gives_way_to_that_of_the_file_for_all_rows(self, tmp_path, folder):
        rows = [head([60, 10, 90, 40]), head([10, 10, 20, 20])]
        aihub_item(folder, "a.jpg", rows, resolution=[50, 25])
        result = read(aihub(), tmp_path)
        assert result.samples.boxes.x_center.tolist() == pytest.approx([0.75, 0.15])
        assert result.samples.images[["width", "height"]].to_numpy().tolist() == [[100, 50]]
        assert rules(result) == [("frame_of_file", "repair")]

    def test_is_believed_where_the_rows_do_not_fit_the_file_either(self, tmp_path, folder):
        aihub_item(folder, "a.jpg", [head([60, 10, 190, 40]), head([5, 5, 15, 15])],
                   resolution=[50, 25])  # fmt: skip
        assert rules(read(aihub(), tmp_path)) == [("outside_image", "drop")]

    def test_may_have_its_sides_the_wrong_way_round(self, tmp_path, folder):
        aihub_item(folder, "a.jpg", [head([60, 10, 90, 40])], resolution=[50, 100])
        result = read(aihub(), tmp_path)
        assert only_box(result) == [0.75, 0.5, 0.3, 0.6]


@pytest.mark.parametrize("box", [[0.1, 0.2, 0.4, 0.9], ["0.1", "0.2", "0.4", 1]])
def test_shares_for_pixels_are_named_and_spoil_their_image(tmp_path, folder, box):
    aihub_item(folder, "a.jpg", [head(box), head([0, 0, 50, 25])])
    result = read(aihub(), tmp_path)
    assert result.samples.boxes.empty
    assert rules(result) == [("half_labelled", "drop"), ("other_unit", "drop")]


@pytest.mark.parametrize(("named", "left"), [("a-1x.jpg", 1), ("a-9x.jpg", 2)])
def test_an_image_that_a_second_label_names_is_not_read_by_halves(tmp_path, named, left):
    folder = tmp_path / "h" / "c"
    for name in ("a-1x.jpg", "a-2x.jpg"):
        aihub_item(folder, name, [head([10, 10, 30, 20])])
    text(folder / "labels" / "a-1x_2.json", aihub_json(named, [head([40, 10, 60, 20])]))
    result = read(aihub(), tmp_path)
    assert len(result.samples.images) == left
    assert ("identity_unclear", "drop") in rules(result) or left == 2


def test_a_name_in_the_other_unicode_form_is_the_name(tmp_path):
    """macOS takes Hangul apart in names of files; labels written elsewhere have it composed."""
    name = "현장_00001.jpg"
    image(tmp_path / "h" / "images" / unicodedata.normalize("NFD", name))
    text(tmp_path / "h" / "labels" / "현장_00001.json", aihub_json(name, [head([1, 1, 9, 9])]))
    result = read(aihub(), tmp_path)
    assert rules(result) == []
    assert len(result.samples.boxes) == 1
