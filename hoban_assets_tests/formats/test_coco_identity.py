"""COCO: an id, a category, a file name that means two things is never resolved by chance."""

import pytest
from reader_trees import COCO, annotation, coco_json, entry, image, read, rules, text

from hoban_assets.errors import HobanError
from hoban_assets.formats import RawSource, open_source
from hoban_assets.formats.coco_index import key_of
from hoban_assets.formats.own_classes import open_own
from hoban_assets.formats.shifted import counts_from_elsewhere

OUTLINE = [60, 20, 90, 20, 90, 45, 60, 45]
LEFT, RIGHT = [5, 5, 20, 20], [60, 20, 30, 25]


@pytest.fixture
def folder(tmp_path):
    for name in "ab":
        image(tmp_path / "coco" / "train2017" / f"{name}.jpg")
    return tmp_path / "coco"


def write(folder, images, annotations, name="annotations/instances_train2017.json", **more):
    text(folder / name, coco_json(images, annotations, **more))


def labelled(result):
    """Rows of each image that is kept, by its name."""
    counts = result.samples.boxes_per_image()
    return dict(
        zip([i.rpartition("/")[2] for i in result.samples.images.image_id], counts, strict=True)
    )


class TestIdsOfImages:
    @pytest.mark.parametrize("other", ["b.jpg", "gone.jpg"])
    def test_one_id_of_two_files_is_the_id_of_none(self, tmp_path, folder, other):
        write(folder, [entry(1, "a.jpg"), entry(1, other)], [annotation(1, LEFT)])
        result = read(COCO, tmp_path)
        assert result.samples.images.empty
        assert ("identity_unclear", "drop") in rules(result)

    def test_an_entry_that_stands_there_twice_means_one_thing(self, tmp_path, folder):
        images = [entry(1, "a.jpg"), entry(1, "a.jpg"), entry(2, "b.jpg")]
        write(folder, images, [annotation(1, LEFT)])
        assert labelled(read(COCO, tmp_path)) == {"a.jpg": 1, "b.jpg": 0}

    @pytest.mark.parametrize(
        ("one", "other"),
        [("1e2", "100"), ("01", "1"), ("1.0", "1"), ("9" * 19, "9" * 18 + "8"), (" 1", "1")],
    )
    def test_texts_are_compared_as_texts(self, tmp_path, folder, one, other):
        images = [entry(one, "a.jpg"), entry(other, "b.jpg")]
        write(folder, images, [annotation(one, LEFT), annotation(other, LEFT)])
        assert labelled(read(COCO, tmp_path)) == {"a.jpg": 1, "b.jpg": 1}

    def test_a_number_and_its_plain_text_are_one_id(self):
        assert key_of("12") == key_of(12) == key_of(12.0) == 12
        assert key_of("1234567890123456789") == 1234567890123456789
        assert key_of(1e20) is None and key_of(True) is None and key_of(1.5) is None

    def test_a_number_and_its_text_for_two_files_are_unclear(self, tmp_path, folder):
        write(folder, [entry(1, "a.jpg"), entry("1", "b.jpg")], [annotation(1, LEFT)])
        assert read(COCO, tmp_path).samples.images.empty

    def test_one_file_under_several_ids_has_the_rows_of_all(self, tmp_path, folder):
        images = [entry(1, "a.jpg"), entry(2, "train2017/a.jpg"), entry(3, "b.jpg")]
        write(folder, images, [annotation(1, LEFT), annotation(2, RIGHT), annotation(2, LEFT)])
        result = read(COCO, tmp_path)
        assert labelled(result) == {"a.jpg": 2, "b.jpg": 0}
        assert rules(result) == [("duplicate_row", "merge"), ("label_twice", "merge")]

    def test_entries_of_one_file_that_state_two_sizes_are_unclear(self, tmp_path, folder):
        images = [entry(1, "a.jpg"), entry(2, "a.jpg", width=200), entry(3, "b.jpg")]
        write(folder, images, [annotation(1, LEFT)])
        assert labelled(read(COCO, tmp_path)) == {"b.jpg": 0}


class TestSeveralJsons:
    def both(self, folder, first, second):
        images = [entry(1, "a.jpg"), entry(2, "b.jpg")]
        write(folder, images, first, "annotations/one.json")
        write(folder, images[:1], second, "annotations/two.json")

    def test_rows_of_all_files_are_taken_together(self, tmp_path, folder):
        self.both(folder, [annotation(1, LEFT)], [annotation(1, RIGHT)])
        result = read(COCO, tmp_path)
        assert labelled(result) == {"a.jpg": 2, "b.jpg": 0}
        assert rules(result) == [("label_twice", "merge")]

    def test_the_same_rows_count_once(self, tmp_path, folder):
        rows = [annotation(1, LEFT), annotation(1, RIGHT)]
        self.both(folder, rows, rows)
        result = read(COCO, tmp_path)
        assert labelled(result)["a.jpg"] == 2
        merged = result.samples.decisions[result.samples.decisions.rule == "duplicate_row"]
        assert set(merged.file) == {"coco/annotations/two.json"}

    def test_two_hands_on_one_object_are_a_contradiction(self, tmp_path, folder):
        self.both(folder, [annotation(1, LEFT)], [annotation(1, [6, 6, 20, 20])])
        result = read(COCO, tmp_path)
        assert labelled(result) == {"b.jpg": 0}
        assert result.samples.decisions.boxes_removed.sum() == 2

    def test_a_choice_of_images_reads_the_same(self, tmp_path, folder):
        self.both(folder, [annotation(1, LEFT)], [annotation(1, RIGHT)])
        part = open_source(COCO, tmp_path).read(["coco_person/train2017/a.jpg"])
        assert (part.boxes_in, len(part.samples.boxes)) == (2, 2)


class TestCategories:
    def categories(self, *pairs):
        return {"categories": [{"id": key, "name": name} for key, name in pairs]}

    def test_one_id_with_two_names_of_which_one_is_used_is_refused(self, tmp_path, folder):
        write(folder, [entry(1, "a.jpg")], [], **self.categories((5, "cat"), (5, "person")))
        with pytest.raises(HobanError, match=r"category id 5 has the names 'cat', 'person'"):
            open_source(COCO, tmp_path)

    def test_names_that_nobody_uses_may_share_an_id(self, tmp_path, folder):
        more = self.categories((5, "person"), (6, "cat"), (6, "dog"))
        rows = [annotation(1, LEFT), annotation(1, RIGHT, 6)]
        write(folder, [entry(1, "a.jpg"), entry(2, "b.jpg")], rows, **more)
        result = read(COCO, tmp_path)
        assert rules(result) == [("class_not_used", "drop")]
        assert result.samples.decisions.value.tolist() == ["cat | dog x1"]

    def test_names_that_mean_the_same_may_share_an_id(self, tmp_path, folder):
        write(folder, [entry(1, "a.jpg"), entry(2, "b.jpg")], [annotation(1, LEFT)],
              **self.categories((5, "person"), (5, "Person")))  # fmt: skip
        source = RawSource("c", "coco", "coco", {"person": "person", "Person": "person"})
        assert labelled(read(source, tmp_path))["a.jpg"] == 1

    def test_inspecting_such_a_file_names_its_rows(self, tmp_path, folder):
        write(folder, [entry(1, "a.jpg"), entry(2, "b.jpg")], [annotation(1, LEFT)],
              **self.categories((5, "cat"), (5, "person")))  # fmt: skip
        result = open_own(COCO, tmp_path).reader.read()
        assert rules(result) == [("category_unclear", "drop")]
        assert result.samples.boxes.empty

    def test_one_name_under_two_ids_is_one_class(self, tmp_path, folder):
        write(folder, [entry(1, "a.jpg"), entry(2, "b.jpg")],
              [annotation(1, LEFT, 5), annotation(1, RIGHT, 9)],
              **self.categories((5, "person"), (9, "person")))  # fmt: skip
        assert labelled(read(COCO, tmp_path))["a.jpg"] == 2

    def test_ids_that_count_from_another_number_are_refused(self, tmp_path, folder):
        rows = [annotation(1, LEFT, key) for key in (0, 0, 0, 1)]
        more = self.categories((1, "person"), (2, "cat"))
        write(folder, [entry(1, "a.jpg"), entry(2, "b.jpg")], rows, **more)
        with pytest.raises(HobanError, match=r"counts one lower than the list.*3 rows"):
            open_source(COCO, tmp_path)

    @pytest.mark.parametrize(
        ("used", "known", "side"),
        [
            ({1, 2}, [0, 1], "higher"),
            ({0, 1}, [1, 2], "lower"),
            ({0, 1, 2}, [0, 1], None),
            ({1, 3}, [0, 1], None),
            ({1}, [0, 1], None),
            ({"x", 1}, [0, 1], None),
            (set(), [], None),
        ],
    )
    def test_a_shifted_list(self, used, known, side):
        assert counts_from_elsewhere(used, known) == side


class TestNamesOfFiles:
    @pytest.mark.parametrize(
        "name",
        [
            "..\\..\\media\\upload\\4\\a b.jpg",
            "/data/local-files/?d=images/a%20b.jpg",
            "https://example.org/i/a%20b.jpg?sig=1",
            "D:\\work\\a b.jpg",
            "file:///home/kim/a%20b.jpg",
            "images/1/a b.JPG",
            "upload/3f2a91bc-a b.jpg",
        ],
    )
    def test_the_folders_of_another_machine_do_not_matter(self, tmp_path, name):
        image(tmp_path / "coco" / "train2017" / "a b.jpg")
        write(tmp_path / "coco", [entry(1, name)], [annotation(1, LEFT)])
        result = read(COCO, tmp_path)
        assert labelled(result) == {"a b.jpg": 1}
        assert rules(result) == [("path_of_elsewhere", "repair")]
        assert result.samples.decisions.value.tolist() == [name]

    def test_folders_tell_images_of_one_name_apart(self, tmp_path):
        for camera in ("cam1", "cam2"):
            image(tmp_path / "coco" / camera / "1.jpg")
        images = [entry(1, "E:\\set\\cam1\\1.jpg"), entry(2, "E:\\set\\cam2\\1.jpg")]
        write(tmp_path / "coco", images, [annotation(1, LEFT), annotation(2, RIGHT)])
        boxes = read(COCO, tmp_path).samples.boxes
        assert boxes.set_index("image_id").row.to_dict() == {
            "coco_person/cam1/1.jpg": 0,
            "coco_person/cam2/1.jpg": 1,
        }

    def test_a_file_of_that_name_in_another_part_is_another_file(self, tmp_path):
        image(tmp_path / "coco" / "train" / "1.jpg")
        write(tmp_path / "coco", [entry(1, "val/1.jpg")], [annotation(1, LEFT)])
        assert read(COCO, tmp_path).samples.images.empty

    def test_a_name_with_the_right_folder_goes_before_one_without(self, tmp_path):
        image(tmp_path / "coco" / "cam1" / "1.jpg")
        images = [entry(1, "cam2/1.jpg"), entry(2, "cam1/1.jpg")]
        write(tmp_path / "coco", images, [annotation(1, LEFT), annotation(2, RIGHT)])
        result = read(COCO, tmp_path)
        assert result.samples.boxes.row.tolist() == [1]

    def test_two_names_that_only_end_alike_are_unclear(self, tmp_path):
        image(tmp_path / "coco" / "images" / "1.jpg")
        images = [entry(1, "D:\\cam1\\1.jpg"), entry(2, "D:\\cam2\\1.jpg")]
        write(tmp_path / "coco", images, [annotation(1, LEFT), annotation(2, RIGHT)])
        result = read(COCO, tmp_path)
        assert result.samples.images.empty
        assert ("identity_unclear", "drop") in rules(result)


class TestBoxesAndTheirOutlines:
    @pytest.mark.parametrize(
        "more",
        [
            {"segmentation": [OUTLINE]},
            {"segmentation": [[*OUTLINE[:4], "90", "45"]], "area": 1},
            {"segmentation": OUTLINE, "area": 400},
            {"area": 900},
            {"segmentation": [], "area": 15 * 15},
        ],
    )
    def test_a_box_that_they_contradict_is_not_trained(self, tmp_path, folder, more):
        write(folder, [entry(1, "a.jpg"), entry(2, "b.jpg")], [annotation(1, LEFT, **more)])
        result = read(COCO, tmp_path)
        assert rules(result) == [("box_contradicted", "ignore")]
        assert result.samples.boxes.ignore.tolist() == [True]

    @pytest.mark.parametrize(
        "more",
        [
            {"segmentation": [OUTLINE], "area": 300},
            {"segmentation": [OUTLINE[:6], OUTLINE], "area": 750},
            {"segmentation": {"counts": "x", "size": [50, 100]}, "area": 500},
            {"segmentation": [[60, 20, 90]], "area": 0},
            {"segmentation": "none", "area": None},
            {"area": "750.0"},
            {"area": 750 * 1.1},
        ],
    )
    def test_a_box_that_they_do_not_contradict_is_taken(self, tmp_path, folder, more):
        rows = [annotation(1, RIGHT, **more), annotation(1, LEFT, 6, area=1e9)]
        write(folder, [entry(1, "a.jpg"), entry(2, "b.jpg")], rows)
        result = read(COCO, tmp_path)
        assert rules(result) == [("class_not_used", "drop")]
        assert result.samples.boxes.ignore.tolist() == [False]
