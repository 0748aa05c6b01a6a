"""Every image and label below a source is read, or told with a count."""

import unicodedata

import pytest
from reader_trees import (
    BACKGROUND,
    aihub,
    aihub_item,
    coco_json,
    entry,
    image,
    not_read,
    read,
    rules,
    text,
    yolo,
    yolo_item,
)

from hoban_assets.errors import HobanError
from hoban_assets.formats import RawSource, open_source
from hoban_assets.formats.unread import ONE_BY_ONE, counts_of

ROW = "1 0.5 0.5 0.2 0.4\n"
NAMES = "names: [standing, fall]\n"


def nfd(name):
    return unicodedata.normalize("NFD", name)


@pytest.fixture
def folder(tmp_path):
    text(tmp_path / "fall set" / "data.yaml", NAMES)
    yolo_item(tmp_path / "fall set" / "train", "a", ROW)
    return tmp_path / "fall set"


@pytest.mark.parametrize(
    "part", ["training", "Dev", "val2017", "1.학습용 데이터", "검증", "batch_3", "2차"]
)
def test_parts_of_other_names_are_read(tmp_path, folder, part):
    yolo_item(folder / part, "b", ROW)
    assert len(read(yolo(), tmp_path).samples.images) == 2
    assert open_source(yolo(), tmp_path).unread == ()


@pytest.mark.parametrize("part", ["train_old", "rejected", "학습 - 복사본", "valid/backup"])
def test_what_was_put_aside_is_told_and_not_read(tmp_path, folder, part):
    yolo_item(folder / part, "b", ROW)
    result = read(yolo(), tmp_path)
    assert len(result.samples.images) == 1
    assert {f"fall set/{part}/images/b.jpg", f"fall set/{part}/labels/b.txt"} == not_read(result)


def test_many_files_of_a_folder_are_one_decision_with_their_number(tmp_path, folder):
    for number in range(ONE_BY_ONE + 1):
        text(folder / "train" / "labels_old" / f"{number}.txt", ROW)
    reader = open_source(yolo(), tmp_path)
    assert counts_of(reader.unread) == {"labels": ONE_BY_ONE + 1}
    assert not_read(reader.read()) == {"fall set/train/labels_old"}
    assert reader.read().samples.decisions.value.str.contains(f"{ONE_BY_ONE + 1} labels").any()


def test_a_second_label_of_an_image_is_told(tmp_path, folder):
    text(folder / "train" / "labels" / "a.TXT", ROW)
    text(folder / "train" / "Labels" / "a.txt", ROW)
    assert not_read(read(yolo(), tmp_path)) == {
        "fall set/train/labels/a.TXT",
        "fall set/train/Labels/a.txt",
    }


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("README.dataset.txt", "exported on Monday"),
        ("notes.txt", "look at the cranes again"),
        ("train/labels.cache", "x"),
        ("train/images/._a.jpg", "finder"),
    ],
)
def test_what_is_neither_image_nor_label_is_no_matter(tmp_path, folder, name, content):
    text(folder / name, content)
    assert open_source(yolo(), tmp_path).unread == ()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.txt", "0 0.5 0.5 0.1 0.1\n2 .4 .4 .1 .1\n"),
        ("all.json", coco_json([entry(1, "a.jpg")], [])),
        ("boxes.csv", "filename,class,xmin,ymin,xmax,ymax\na.jpg,x,1,1,2,2\n"),
        ("one.xml", "<annotation><object/></annotation>"),
        ("part1.zip", "PK"),
        ("TS_site.zip.part0", "PK"),
        ("phone.heic", "x"),
    ],
)
def test_what_looks_like_labels_or_images_is_told_wherever_it_lies(tmp_path, folder, name, content):
    text(folder / "more" / name, content)
    assert not_read(read(yolo(), tmp_path)) == {f"fall set/more/{name}"}


@pytest.mark.parametrize(
    "bin_name",
    [
        *(".Trash-0", "$RECYCLE.BIN", "@eaDir", "__MACOSX", "휴지통 (2)", nfd("휴지통")),
        *("Thumbnails", "_deleted", "Deleted 2", "삭제됨", "지운 사진", "삭제"),
    ],
)
def test_waste_bins_and_thumbnails_are_never_read_and_told(tmp_path, bin_name):
    image(tmp_path / "bg" / "ok.jpg")
    image(tmp_path / "bg" / bin_name / "deep" / "gone.jpg")
    reader = open_source(BACKGROUND, tmp_path)
    assert reader.image_ids() == ["empty/ok.jpg"]
    assert counts_of(reader.unread) == {"images": 1}


@pytest.mark.parametrize("suffix", ["jfif", "JPE", "Webp", "dib"])
def test_every_suffix_of_a_format_that_decodes_is_read(tmp_path, folder, suffix):
    image(folder / "train" / "images" / "b.jpg")
    (folder / "train/images/b.jpg").rename(folder / "train" / "images" / f"b.{suffix}")
    text(folder / "train" / "labels" / "b.txt", ROW)
    assert len(read(yolo(), tmp_path).samples.boxes) == 2


def test_a_folder_that_another_source_reads_is_no_matter(tmp_path):
    aihub_item(tmp_path / "h" / "worn", "a.jpg", [])
    image(tmp_path / "h" / "background" / "images" / "b.jpg")
    assert counts_of(open_source(aihub(), tmp_path).unread) == {"images": 1}
    assert open_source(aihub(nested=("background",)), tmp_path).unread == ()


def test_a_label_in_the_other_unicode_form_is_the_label(tmp_path, folder):
    image(folder / "train" / "images" / f"{nfd('낙상')}.jpg")
    text(folder / "train" / "labels" / "낙상.txt", ROW)
    result = read(yolo(), tmp_path)
    assert len(result.samples.boxes) == 2
    assert rules(result) == []


def test_two_images_that_look_alike_share_no_label(tmp_path, folder):
    for name in ("낙상", nfd("낙상")):
        image(folder / "train" / "images" / f"{name}.jpg")
    text(folder / "train" / "labels" / "낙상.txt", ROW)
    result = read(yolo(), tmp_path)
    assert len(result.samples.images) == 2
    assert rules(result) == [("label_missing", "drop"), ("names_alike", "review")]
    assert result.samples.decisions.value.str.contains("NFD.*NFC").any()


def test_a_class_name_in_the_other_unicode_form_is_the_class(tmp_path, folder):
    text(folder / "data.yaml", f"names: [서있음, {nfd('쓰러짐')}]\n")
    source = RawSource("falls", "fall set", "yolo", {"쓰러짐": "fallen"})
    assert len(read(source, tmp_path).samples.boxes) == 1


def test_an_error_shows_how_names_that_look_the_same_differ(tmp_path, folder):
    text(folder / "data.yaml", 'names: [standing, "fall\\u200b"]\n')
    with pytest.raises(HobanError, match=r"'fall' is not 'fall.*U.200B"):
        open_source(yolo(), tmp_path)
    text(folder / "data.yaml", f"names: [낙상, {nfd('낙상')}]\n")
    with pytest.raises(HobanError, match="look the same"):
        open_source(yolo(), tmp_path)
