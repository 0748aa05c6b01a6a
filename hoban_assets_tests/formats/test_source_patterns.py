"""What the rows of a whole source show together: then none of them is taken."""

import pytest
from reader_trees import COCO, aihub, aihub_item, annotation, coco_json, entry, head, image, text

from hoban_assets.formats import open_source
from hoban_assets.formats.source import RawSource
from hoban_assets.formats.source_patterns import judge_sources


def judged(source, raw_root):
    """Boxes that are left, and what was decided about the others, by rule."""
    samples = judge_sources(open_source(source, raw_root).read().samples)
    facts = samples.decisions[samples.decisions.stage == "facts"]
    assert (facts.boxes_removed == 1).all()
    return len(samples.boxes), set(facts.rule)


def heads(tmp_path, *boxes):
    """One image of 100 x 50 a box."""
    for number, box in enumerate(boxes):
        aihub_item(tmp_path / "h" / "c", f"a-{number}x.jpg", [head(box)])


class TestCornersThatAreNone:
    SWAPPED, SOUND = [60, 30, 20, 10], [10, 10, 30, 20]

    def test_cost_the_source_its_rows_where_they_are_many(self, tmp_path):
        heads(tmp_path, *[self.SWAPPED] * 4, *[self.SOUND] * 16)
        assert judged(aihub(), tmp_path) == (0, {"encoding_differs"})

    @pytest.mark.parametrize(("swapped", "sound"), [(2, 1), (3, 57)])
    def test_are_slips_where_they_are_few(self, tmp_path, swapped, sound):
        heads(tmp_path, *[self.SWAPPED] * swapped, *[self.SOUND] * sound)
        assert judged(aihub(), tmp_path) == (swapped + sound, set())


class TestCoco:
    def write(self, tmp_path, size, boxes, each=1):
        images, rows = [], []
        for number in range(0, len(boxes), each):
            image(tmp_path / "coco" / f"{number}.jpg", (32, 32))
            images.append(entry(number, f"{number}.jpg", width=size[0], height=size[1]))
            rows += [annotation(number, box) for box in boxes[number : number + each]]
        text(tmp_path / "coco" / "annotations" / "instances_a.json", coco_json(images, rows))

    def test_corners_in_place_of_width_and_height(self, tmp_path):
        boxes = [[20 * k, 60, 20 * k + 120, 300] for k in range(1, 21)]
        self.write(tmp_path, (640, 480), boxes)
        assert judged(COCO, tmp_path) == (0, {"encoding_differs"})

    def test_boxes_at_the_edge_are_no_corners(self, tmp_path):
        boxes = [[560, 60, 85, 100]] * 10 + [[300, 200, 100, 150]] * 10
        self.write(tmp_path, (640, 480), boxes)
        assert judged(COCO, tmp_path) == (20, set())

    def test_middles_in_place_of_corners(self, tmp_path):
        boxes = [[100 + 24 * k, 380, 180, 190] for k in range(20)]
        self.write(tmp_path, (640, 480), boxes)
        assert judged(COCO, tmp_path) == (0, {"encoding_differs"})

    @pytest.mark.parametrize(("most", "count"), [(95, 12), (900, 60)])
    def test_percent_and_thousandths(self, tmp_path, most, count):
        boxes = [[most * (k % 5) / 10, most / 5, most / 2, most / 2] for k in range(count)]
        self.write(tmp_path, (most * 4, most * 3), boxes, each=2)
        assert judged(COCO, tmp_path) == (0, {"other_unit"})
        self.write(tmp_path, (most, most), boxes, each=2)
        assert judged(COCO, tmp_path)[1] == set()


def yolo_rows(tmp_path, rows):
    folder = tmp_path / "fall"
    text(folder / "data.yaml", "names: [fall]\n")
    for number, row in enumerate(rows):
        image(folder / "train" / "images" / f"{number}.jpg", (64, 48))
        line = " ".join(f"{value:.3f}" for value in row)
        text(folder / "train" / "labels" / f"{number}.txt", f"0 {line}\n")
    return RawSource("fall", "fall", "yolo", {"fall": "fallen"})


class TestYolo:
    @pytest.mark.parametrize(
        "row",
        [
            lambda k: (0.05 + 0.01 * k, 0.3, 0.6 + 0.01 * k, 0.95),
            lambda k: (0.02 + 0.02 * k, 0.1, 0.3, 0.5),
        ],
        ids=["corners", "from the upper left corner"],
    )
    def test_numbers_that_mean_something_else(self, tmp_path, row):
        left, rules = judged(yolo_rows(tmp_path, [row(k) for k in range(30)]), tmp_path)
        assert (left, rules) == (0, {"encoding_differs"})

    @pytest.mark.parametrize("middle", [0.12, 0.88])
    def test_a_careless_hand_at_one_edge_is_no_other_encoding(self, tmp_path, middle):
        rows = [(middle, 0.5, 0.3, 0.4)] * 10 + [(0.5, 0.4, 0.3, 0.4)] * 10
        assert judged(yolo_rows(tmp_path, rows), tmp_path) == (20, set())


class TestBoxesOutsideThePicture:
    INSIDE, OUTSIDE = [10, 10, 30, 20], [150, 80, 190, 95]

    def items(self, tmp_path, *labels):
        for number, boxes in enumerate(labels):
            aihub_item(tmp_path / "h" / "c", f"a-{number}x.jpg", [head(b) for b in boxes])

    def test_on_many_images_cost_these_images_their_other_rows(self, tmp_path):
        mixed = [self.INSIDE, self.OUTSIDE]
        self.items(tmp_path, *[mixed] * 3, *[[self.INSIDE]] * 7)
        assert judged(aihub(), tmp_path) == (7, {"frame_unknown"})

    def test_cost_one_image_its_rows_where_most_of_them_lie_there(self, tmp_path):
        far = [[150 + k, 80, 190, 95] for k in range(3)]
        self.items(tmp_path, [self.INSIDE, *far], *[[self.INSIDE]] * 3)
        assert judged(aihub(), tmp_path) == (3, {"frame_unknown"})

    def test_cost_only_themselves_where_they_are_few(self, tmp_path):
        self.items(tmp_path, [self.INSIDE, self.OUTSIDE], [self.INSIDE])
        assert judged(aihub(), tmp_path) == (2, set())
