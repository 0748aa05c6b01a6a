import os

import pytest
from PIL import Image
from reader_trees import BACKGROUND, aihub, aihub_item, image, read, rules

from hoban_assets.errors import HobanError
from hoban_assets.formats import RawSource, open_source, undeclared_folders
from hoban_assets.formats.folders import header_size, path_below, read_bytes, scan


def test_an_unreadable_folder_is_named(tmp_path, monkeypatch):
    aihub_item(tmp_path / "h" / "c", "a.jpg", [])
    listing = os.scandir

    def refuse(folder):
        if str(folder).endswith("labels"):
            raise PermissionError(13, "Permission denied", folder)
        return listing(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(
        HobanError, match=r"h/c/labels cannot be read \(Permission denied\) -> give"
    ):
        open_source(aihub(), tmp_path)


@pytest.mark.parametrize("name", ["aihub", "coco", "yolo", "voc", "widerperson", "background"])
def test_an_empty_source_is_refused(tmp_path, name):
    folder = tmp_path / "nothing"
    folder.mkdir()
    (folder / "train.txt").write_text("")
    with pytest.raises(HobanError, match=r"source s is empty: no image in .*nothing"):
        open_source(RawSource("s", "nothing", name), tmp_path)


def test_an_unknown_format_names_the_known_ones(tmp_path):
    with pytest.raises(HobanError, match="'kitti' is not known -> use one of aihub, coco, yolo"):
        open_source(RawSource("s", "x", "kitti"), tmp_path)


def test_missing_folders_are_named(tmp_path):
    with pytest.raises(HobanError, match=r"source empty: folder .*bg does not exist"):
        open_source(BACKGROUND, tmp_path)
    with pytest.raises(HobanError, match=r"raw root .* does not exist"):
        open_source(BACKGROUND, tmp_path / "nowhere")


def test_a_file_name_that_is_no_text_is_named(tmp_path):
    (tmp_path / "bg").mkdir()
    with open(os.fsencode(tmp_path / "bg") + b"/\xc7\xd1.jpg", "wb"):  # noqa: PTH123
        pass
    with pytest.raises(HobanError, match=r"no UTF-8: 한.jpg"):
        open_source(BACKGROUND, tmp_path)
    image(tmp_path / "bg" / "ok.jpg")
    result = read(BACKGROUND, tmp_path)
    assert result.samples.images.image_id.tolist() == ["empty/ok.jpg"]
    assert rules(result) == [("name_no_utf8", "drop")]


def test_links_within_the_source_are_listed_once_and_loops_end(tmp_path):
    image(tmp_path / "bg" / "a" / "x.jpg")
    (tmp_path / "bg" / "a" / "up").symlink_to(tmp_path / "bg")
    (tmp_path / "bg" / "b").symlink_to(tmp_path / "bg" / "a")
    tree = scan(tmp_path / "bg")
    assert list(tree.images()) == ["a/x.jpg"]
    assert tree.outside_folders == ()


def test_a_source_folder_may_be_a_link_itself(tmp_path):
    image(tmp_path / "disk" / "x.jpg")
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "bg").symlink_to(tmp_path / "disk")
    assert len(open_source(BACKGROUND, tmp_path / "raw").read().samples.images) == 1


@pytest.mark.parametrize(
    ("text", "below"),
    [
        ("a.jpg", "a.jpg"),
        ("./x//a.jpg", "x/a.jpg"),
        ("x\\a.jpg", "x/a.jpg"),
        ("a..b.jpg", "a..b.jpg"),
        ("../a.jpg", None),
        ("x/../../a.jpg", None),
        ("..\\a.jpg", None),
        ("/a.jpg", None),
        ("\\\\host\\a.jpg", None),
        ("C:\\a.jpg", None),
        ("C:a.jpg", None),
        ("a\0.jpg", None),
        (" ", None),
        (7, None),
    ],
)
def test_paths_of_label_files_stay_below(text, below):
    assert path_below(text) == below


def test_header_size_is_as_displayed_and_needs_no_pixels(tmp_path):
    for suffix in ("jpg", "png", "webp", "tif"):
        image(tmp_path / f"turned.{suffix}", (40, 20), orientation=8)
        assert header_size(str(tmp_path / f"turned.{suffix}")) == (20, 40), suffix
    whole = (tmp_path / "turned.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) - 8])
    assert header_size(str(tmp_path / "cut.jpg")) == (20, 40)
    Image.new("L", (3, 2)).save(tmp_path / "png.jpg", format="PNG")
    assert header_size(str(tmp_path / "png.jpg")) == (3, 2)
    assert header_size(str(tmp_path / "none.jpg")) is None


def test_long_files_are_read_whole(tmp_path):
    for length in (0, 1, 65535, 65536, 65537, 300_000):
        (tmp_path / "f").write_bytes(b"x" * length)
        assert len(read_bytes(str(tmp_path / "f"))) == length


def test_undeclared_folders_are_reported(tmp_path):
    for name in ("fall.v2i (2)", "Fall.v1i", "fall.v1i", "coco", "waterfall"):
        (tmp_path / name).mkdir()
    (tmp_path / "fall.txt").touch()
    sources = [RawSource("a", "fall.v1i", "yolo"), RawSource("b", "coco/x", "coco")]
    assert undeclared_folders(tmp_path, sources, "fall") == ["Fall.v1i", "fall.v2i (2)"]
