"""YOLO rows that are no plain boxes, and labels that do not fit their list of classes."""

import pytest
from reader_trees import only_box, read, rules, text, yolo, yolo_item

from hoban_assets.errors import HobanError
from hoban_assets.formats import open_source
from hoban_assets.formats.yolo_rows import parse_row

NAMES = "names: ['not fallen', 'fall', 'no']\n"
BOX = "1 0.5 0.5 0.2 0.4"
POINTS = " 0.41 0.52" * 8


@pytest.fixture
def folder(tmp_path):
    text(tmp_path / "fall set" / "data.yaml", NAMES)
    return tmp_path / "fall set"


class TestPoseRows:
    @pytest.mark.parametrize(
        ("shape", "row"),
        [
            ("[8, 2]", BOX + POINTS),
            ("8, 2", BOX + POINTS),
            ("[4, 3]", BOX + " 0.4 0.5 2" * 4),
            ("[8, 2]", BOX),
        ],
    )
    def test_begin_with_their_box(self, tmp_path, folder, shape, row):
        text(folder / "data.yaml", f"{NAMES}kpt_shape: {shape}\n")
        yolo_item(folder / "train", "a", row)
        result = read(yolo(), tmp_path)
        assert only_box(result) == [0.5, 0.5, 0.2, 0.4]
        assert rules(result) == []

    @pytest.mark.parametrize("row", [BOX + POINTS + " 0.1 0.1", BOX + " 0.1", BOX + POINTS[:-5]])
    def test_of_another_length_are_none(self, tmp_path, folder, row):
        text(folder / "data.yaml", f"{NAMES}kpt_shape: [8, 2]\n")
        yolo_item(folder / "train", "a", row)
        assert rules(read(yolo(), tmp_path)) == [("box_malformed", "drop")]

    def test_that_data_yaml_does_not_announce_are_no_polygons(self, tmp_path, folder):
        yolo_item(folder / "train", "a", BOX + " 0.4 0.5 2 0.6 0.5 1")
        assert rules(read(yolo(), tmp_path)) == [("box_malformed", "drop")]

    @pytest.mark.parametrize("shape", ["[8, 4]", "eight", "[8]"])
    def test_need_a_shape_that_is_one(self, tmp_path, folder, shape):
        text(folder / "data.yaml", f"{NAMES}kpt_shape: {shape}\n")
        yolo_item(folder / "train", "a", BOX)
        with pytest.raises(HobanError, match="kpt_shape"):
            open_source(yolo(), tmp_path)


class TestRowsThatAModelWrote:
    @pytest.mark.parametrize("more", [" 0.91", " 17", " 0.91 17"])
    def test_cost_their_image(self, tmp_path, folder, more):
        yolo_item(folder / "train", "a", f"{BOX}\n1 0.2 0.2 0.1 0.1{more}\n")
        yolo_item(folder / "train", "b", BOX)
        result = read(yolo(), tmp_path)
        assert result.samples.boxes.image_id.tolist() == ["falls/train/images/b.jpg"]
        assert rules(result) == [("confidence_row", "drop"), ("half_labelled", "drop")]

    def test_of_a_pose_model_too(self):
        row = parse_row((BOX + POINTS + " 0.9").split(), keypoints=16)
        assert (row.box, row.refused) == ([0.5, 0.5, 0.2, 0.4], "confidence_row")

    def test_a_triangle_at_the_edge_is_a_polygon(self):
        row = parse_row(["1", "0.1", "0.1", "0.3", "0.1", "0", "1"])
        assert (row.reshaped, row.refused) == ("polygon_to_box", None)


@pytest.mark.parametrize("row", ["1 320 240 100 80", "1 50 50 20 20", "1 10 10 90 10 90 90"])
def test_pixels_or_percent_are_named_and_spoil_their_image(tmp_path, folder, row):
    yolo_item(folder / "train", "a", f"{row}\n{BOX}\n")
    result = read(yolo(), tmp_path)
    assert result.samples.boxes.empty
    assert {("other_unit", "drop"), ("half_labelled", "drop")} <= set(rules(result))


class TestClassesCountedFromOne:
    def items(self, folder, *rows):
        for number, row in enumerate(rows):
            yolo_item(folder / "train", f"a{number}", f"{row} 0.5 0.5 0.2 0.4\n")

    def test_stop_the_source(self, tmp_path, folder):
        self.items(folder, 1, 2, 3, 3, 3)
        with pytest.raises(HobanError, match=r"count one higher than the names.*3 rows"):
            open_source(yolo(), tmp_path).read()

    def test_stop_it_whatever_part_is_read(self, tmp_path, folder):
        self.items(folder, 1, 2, 3, 3, 3)
        with pytest.raises(HobanError, match="count one higher"):
            open_source(yolo(), tmp_path).read(["falls/train/images/a2.jpg"])

    @pytest.mark.parametrize("rows", [(0, 1, 3, 3, 3), (1, 2, 3), (1, 4, 4, 4), (1, 3, 3, 3, 5)])
    def test_are_not_seen_where_another_reason_will_do(self, tmp_path, folder, rows):
        self.items(folder, *rows)
        strange = [row for row in rows if row > 2]
        assert rules(read(yolo(), tmp_path)).count(("class_out_of_range", "drop")) == len(strange)


class TestOneLabelOfTwoImages:
    @pytest.mark.parametrize("suffix", [".png", ".JPG", ".jpeg"])
    def test_is_that_of_neither(self, tmp_path, folder, suffix):
        yolo_item(folder / "train", "a", BOX)
        yolo_item(folder / "train", "a", None, suffix)
        yolo_item(folder / "train", "b", BOX)
        result = read(yolo(), tmp_path)
        assert result.samples.images.image_id.tolist() == ["falls/train/images/b.jpg"]
        assert rules(result) == [("identity_unclear", "drop")] * 2

    def test_two_labels_of_one_image_are_none(self, tmp_path, folder):
        yolo_item(folder / "train", "a", BOX)
        text(folder / "train" / "labels" / "a.TXT", "")
        assert rules(read(yolo(), tmp_path)) == [("identity_unclear", "drop")]

    def test_equal_names_in_two_parts_are_two_images(self, tmp_path, folder):
        yolo_item(folder / "train", "a", BOX)
        yolo_item(folder / "valid", "a", BOX, ".png")
        assert len(read(yolo(), tmp_path).samples.images) == 2
