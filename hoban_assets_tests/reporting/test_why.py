"""What became of an image is told in one sentence, and then version by version."""

import pytest
import why_road as road
from PIL import Image, ImageDraw, ImageOps

from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.store import Build
from hoban_assets.language import korean, speaker
from hoban_assets.reporting.markdown import markdown
from hoban_assets.reporting.why.alignment import AS_IT_IS, WAYS, alignment
from hoban_assets.reporting.why.asking import found, judged
from hoban_assets.reporting.why.data import as_data
from hoban_assets.reporting.why.document import document
from hoban_assets.reporting.why.places import before_turning, written
from hoban_assets.reporting.why.sentence import sentence
from hoban_assets.reporting.why.unread import image_of_label

SAY, SAGEN = speaker("en"), speaker("ko")


@pytest.fixture(scope="module")
def story_of(tmp_path_factory):
    root = tmp_path_factory.mktemp("why")
    path = road.recorded(root).path

    def story_of(image_id):
        with asking(path) as ask:
            return judged(found(ask, root / "raw", image_id), root / "raw")

    return story_of


def text_of(told):
    return markdown(document(told, SAY))


@pytest.mark.parametrize(
    ("image_id", "said"),
    [
        (road.TRAINED, "It is a training image of dataset_v2 [sub]: 2 labels."),
        (road.JUDGED, "It is a validation image of dataset_v2 [sub]: 1 label."),
        (
            road.SMALL,
            "It is not in dataset_v2 [sub]: no label was left on it (box too small, now an ignore "
            "region).",
        ),
        (
            road.TWIN,
            f"It is not in dataset_v2 [sub]: it is nearly the same as {road.TRAINED}, which was "
            "kept (similarity 0.9712, limit 0.9).",
        ),
        (
            road.OVER,
            "It is not in dataset_v2 [sub]: the quota was full without it (person_with_helmet: 3 "
            "of 1).",
        ),
        (
            road.BARE,
            "It is not in dataset_v2 [sub], as helmet_60k [sub] left it out: no label was left on "
            "it.",
        ),
    ],
)
def test_one_sentence_says_what_became_of_it(story_of, image_id, said):
    told = story_of(image_id)
    assert sentence(told, SAY) == said
    assert sentence(told, SAGEN) != said
    assert "dataset_v2 [sub]" in sentence(told, SAGEN)


def test_every_version_is_told_also_those_that_do_not_use_its_source(story_of):
    ends = {o.build.asset: o.kind for o in story_of(road.TWIN).outcomes}
    assert ends == {
        "helmet_60k": "in",
        "dataset_v1": "in",
        "dataset_v2": "out",
        "dataset_v3": "unused",
    }
    before = {o.build.asset: o.kind for o in story_of(road.BARE).outcomes}
    assert before["dataset_v2"] == "before"


def test_a_repair_is_told_with_its_row_and_the_box_before_and_after(story_of):
    text = text_of(story_of(road.TRAINED))
    assert "clipped (read, row 0 of the label file, person_with_helmet)" in text
    assert "before -64,120 → 480,360 px, after 160,120 → 480,360 px" in text
    assert "outside_image (read, row 5 of the label file)" in text
    assert "it was at 600,0 → 900,480 px" in text
    assert "helmet_60k/helmet_60k/helmet_wearing/labels/trained.json" in text


def test_its_group_and_the_mistakes_of_models_are_told(story_of):
    assert "one of 2 images of group clip" in text_of(story_of(road.OVER))
    assert "alone in its group" in text_of(story_of(road.JUDGED))
    judged_text = text_of(story_of(road.JUDGED))
    assert "model_v2 [sub]: missed 1, false alarms 2, confused 0; number 2 of the 2" in judged_text
    assert "model_v2 [sub]: learned from it" in text_of(story_of(road.TRAINED))
    assert story_of(road.TWIN).life.mistakes == ()


def test_the_data_hold_every_version_and_decision(story_of):
    data = as_data(story_of(road.TWIN), SAY)
    assert data["read"] is True
    assert [v["outcome"] for v in data["versions"]] == ["in", "in", "out", "unused"]
    assert data["decisions"][-1] | {"before": None} == {
        "asset": "dataset_v2",
        "partition": "sub",
        "stage": "dedupe",
        "rule": "near_duplicate",
        "action": "drop",
        "file": "helmet_60k/helmet_60k/helmet_wearing/images/twin.jpg",
        "row": None,
        "value": "0.9712",
        "threshold": 0.9,
        "witness": road.TRAINED,
        "class_name": None,
        "meaning": SAY(
            "The image is nearly the same as another one that was kept. It was left out."
        ),
        "before": None,
        "after": None,
    }
    assert data["witnesses"][0]["image_id"] == road.TRAINED


@pytest.mark.parametrize(
    ("value", "format_name", "place"),
    [
        ("[10, 20, 30, 40]", "aihub", (0.1, 0.4, 0.3, 0.8)),
        ('["10", 20.0, 30, 40]', "widerperson", (0.1, 0.4, 0.3, 0.8)),
        ("[10,20,30,10]", "coco", (0.1, 0.4, 0.4, 0.6)),
        ("3 0.5 0.5 0.2 0.4", "yolo", (0.4, 0.3, 0.6, 0.7)),
        ("3 0.1 0.1 0.5 0.1 0.5 0.6 0.1 0.6", "yolo", (0.1, 0.1, 0.5, 0.6)),
        ('{"box":null,"polygon":[[10,20],[30,20],[30,40]]}', "aihub", (0.1, 0.4, 0.3, 0.8)),
        ('{"box":null,"polygon":[[10,20],[30,...', "aihub", None),
        ("[10, 20, NaN, 40]", "coco", None),
        ("not a row", "yolo", None),
        (None, "yolo", None),
        ("[1,2,3,4]", "background", None),
    ],
)
def test_a_row_of_a_label_file_is_read_back(value, format_name, place):
    found_place = written(value, format_name, 100, 50)
    assert found_place == (None if place is None else pytest.approx(place))


def test_a_box_is_turned_back_to_where_the_label_had_it():
    shown = {6: (0.2, 0.7, 0.5, 0.9), 8: (0.5, 0.1, 0.8, 0.3), 5: (0.5, 0.7, 0.8, 0.9)}
    for orientation, place in shown.items():
        assert before_turning(place, orientation) == pytest.approx((0.7, 0.5, 0.9, 0.8))
    assert before_turning((0.1, 0.2, 0.3, 0.5), 3) == pytest.approx((0.7, 0.5, 0.9, 0.8))


@pytest.mark.parametrize("way", WAYS)
def test_the_flip_or_turn_that_lays_one_photograph_over_the_other_is_found(tmp_path, way):
    scene = Image.new("RGB", (240, 180), "#446688")
    ImageDraw.Draw(scene).polygon([(20, 20), (200, 30), (40, 150)], fill="#ffeecc")
    mirrored, turns = WAYS[way]
    other = scene.rotate(-90 * turns, expand=True)
    other = ImageOps.mirror(other) if mirrored else other
    scene.save(tmp_path / "one.png")
    other.resize((other.width * 2, other.height * 2)).save(tmp_path / "other.jpg", quality=60)
    laid = alignment(tmp_path / "one.png", tmp_path / "other.jpg")
    assert laid is not None
    assert laid.way == way
    assert laid.correlation > 0.9


def test_other_pictures_are_laid_over_by_nothing_and_a_lost_one_is_not_compared(tmp_path):
    for name, box in (("one.png", (0, 0, 60, 180)), ("other.png", (90, 60, 130, 120))):
        scene = Image.new("L", (240, 180), 90)
        ImageDraw.Draw(scene).rectangle(box, fill=200)
        scene.save(tmp_path / name)
    laid = alignment(tmp_path / "one.png", tmp_path / "other.png")
    assert laid is not None
    assert laid.way is None
    assert alignment(tmp_path / "one.png", tmp_path / "gone.png") is None
    assert alignment(tmp_path / "one.png", tmp_path / "one.png").way == AS_IT_IS


def test_the_ways_are_said_in_korean():
    assert set(WAYS) <= set(korean())


def test_of_a_sub_that_was_taken_from_full_the_decision_of_full_is_told(tmp_path):
    catalog = road.recorded(tmp_path)
    full, part = catalog.load("dataset_v2", "sub"), catalog.load("dataset_v1", "sub")
    few = part.drop_images(part.images.image_id != road.TRAINED, stage="x", rule="x")
    catalog.record("dataset_v3", "full", Build("key", samples=full, inputs={road.STAGE: "1"}))
    inputs = {road.STAGE: "1", "dataset_v3 (full)": "1"}
    catalog.record(
        "dataset_v3", "sub", Build("key", samples=few.without_decisions(), inputs=inputs)
    )
    with asking(catalog.path) as ask:
        told = judged(found(ask, tmp_path / "raw", road.TWIN), tmp_path / "raw")
    (mine,) = [o for o in told.outcomes if o.build.name == "dataset_v3 [sub]"]
    assert (mine.kind, mine.where.name, mine.event.rule) == (
        "before",
        "dataset_v3 [full]",
        "near_duplicate",
    )


@pytest.mark.parametrize(
    ("read", "label", "image"),
    [
        (["train/images/a.jpg", "train/images/b.jpg"], "train/labels/a.txt", "train/images/a.jpg"),
        (["train/images/a.jpg", "valid/images/a.jpg"], "valid/labels/A.TXT", "valid/images/a.jpg"),
        (["train/images/a.jpg", "valid/images/a.jpg"], "test/labels/a.txt", None),
        (["train/images/a.b.jpg"], "train/labels/a.txt", None),
    ],
)
def test_a_label_leads_to_its_image_also_where_a_stage_left_it_out(read, label, image):
    rows = [{"partition": "sub", "image_id": f"fall_v2i/{path}"} for path in read]
    found_image = image_of_label(lambda *_: rows, f"fall.v2i.yolo26/{label}")
    assert found_image == (image and f"fall_v2i/{image}")
