import pytest
from reader_trees import BACKGROUND, aihub_json, head, image, read, rules, text

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.formats import RawSource, open_source
from hoban_assets.formats.detect import detect
from hoban_assets.formats.unread import counts_of


def test_every_image_is_read_without_boxes(tmp_path):
    image(tmp_path / "bg" / "images" / "a.PNG")
    image(tmp_path / "bg" / "b.jpg")
    samples = read(BACKGROUND, tmp_path).samples
    assert samples.images.image_id.tolist() == ["empty/b.jpg", "empty/images/a.PNG"]
    assert samples.images.labelled_classes.tolist() == [CLASS_NAMES] * 2
    assert samples.boxes.empty


@pytest.mark.parametrize("place", ["bg/images/a", "bg/labels/a", "bg/images/labels/a"])
@pytest.mark.parametrize(
    ("suffix", "content"),
    [("txt", "0 0.5 0.5 0.1 0.1\n"), ("json", aihub_json("a.jpg", [head([0, 0, 1, 1])]))],
)
def test_a_background_with_a_labelled_row_is_dropped(tmp_path, place, suffix, content):
    image(tmp_path / "bg" / "images" / "a.jpg")
    text(tmp_path / f"{place}.{suffix}", content)
    result = read(BACKGROUND, tmp_path)
    assert rules(result) == [("background_has_label", "drop")]
    assert (result.images_in, result.boxes_in) == (1, 1)
    assert result.samples.decisions.file.tolist() == [f"{place}.{suffix}"]


def test_a_sibling_of_the_source_folder_itself_counts(tmp_path):
    image(tmp_path / "bg" / "images" / "a.jpg")
    text(tmp_path / "bg" / "labels" / "a.txt", "0 0.5 0.5 0.1 0.1\n")
    result = read(RawSource("empty", "bg/images", "background"), tmp_path)
    assert rules(result) == [("background_has_label", "drop")]
    assert result.samples.decisions.file.tolist() == ["bg/labels/a.txt"]


@pytest.mark.parametrize(
    ("name", "content"), [("a.txt", "\n"), ("a.json", aihub_json("a.jpg", [])), ("b.txt", "0 1")]
)
def test_an_empty_or_foreign_label_takes_nothing_away(tmp_path, name, content):
    image(tmp_path / "bg" / "images" / "a.jpg")
    text(tmp_path / "bg" / "labels" / name, content)
    result = read(BACKGROUND, tmp_path)
    assert len(result.samples.images) == 1
    assert rules(result) == []


@pytest.mark.parametrize(("name", "content"), [("a.json", "{"), ("a.txt", b"\xff")])
def test_a_label_that_cannot_be_parsed_is_no_proof_of_emptiness(tmp_path, name, content):
    image(tmp_path / "bg" / "images" / "a.jpg")
    text(tmp_path / "bg" / "labels" / name, content)
    assert rules(read(BACKGROUND, tmp_path)) == [("label_unparseable", "drop")]


def test_a_background_that_is_labelled_in_another_export_is_dropped(tmp_path):
    """The trap of helmet_21k: its backgrounds hold helmets below the area limit."""
    tree = tmp_path / "helmet_21k"
    for folder in ("background/images", "helmet_wearing/labels"):
        (tree / folder).mkdir(parents=True)
    for name in ("S2-N1M00001", "S2-N1M00002", "S2-N1M00003"):
        (tree / "background/images" / f"{name}.jpg").write_bytes(b"")
    labels = tree / "helmet_wearing/labels"
    (labels / "S2-N1M00001.json").write_text('{"annotations": [{"class": "07"}]}')
    (labels / "S2-N1M00002.json").write_text('{"annotations": []}')
    source = RawSource(
        "bg", "helmet_21k/background", "background", labels_elsewhere=("helmet_21k", "not_there")
    )
    read = open_source(source, tmp_path).read()
    kept = ["bg/images/S2-N1M00002.jpg", "bg/images/S2-N1M00003.jpg"]
    assert read.samples.images.image_id.tolist() == kept
    decision = read.samples.decisions.iloc[0]
    assert decision.rule == "background_has_label"
    assert decision.file == "helmet_21k/helmet_wearing/labels/S2-N1M00001.json"


@pytest.mark.parametrize("mask", ["masks/a.png", "SegmentationClass/a.png", "gt/a_mask.png"])
def test_a_picture_with_a_mask_is_no_background_and_neither_is_the_mask(tmp_path, mask):
    for path in ("images/a.jpg", "images/b.jpg", mask):
        image(tmp_path / "bg" / path)
    result = read(BACKGROUND, tmp_path)
    assert result.samples.images.image_id.tolist() == ["empty/images/b.jpg"]
    assert rules(result) == [("background_has_label", "drop")]
    assert counts_of(open_source(BACKGROUND, tmp_path).unread) == {"images": 1}
    assert detect(tmp_path / "bg").format is None


def test_a_folder_called_masks_alone_holds_pictures(tmp_path):
    image(tmp_path / "bg" / "masks" / "a.jpg")
    assert len(read(BACKGROUND, tmp_path).samples.images) == 1
    assert detect(tmp_path / "bg").format == "background"


@pytest.mark.parametrize("name", ["gt.mat", "annotations.pkl", "train.tfrecord", "boxes.npz"])
def test_files_of_other_programs_make_no_background(tmp_path, name):
    image(tmp_path / "bg" / "a.jpg")
    text(tmp_path / "bg" / name, "what is in it is not known")
    found = detect(tmp_path / "bg")
    assert found.format is None and name in str(found.facts["first"])
    assert counts_of(open_source(BACKGROUND, tmp_path).unread) == {"labels": 1}
