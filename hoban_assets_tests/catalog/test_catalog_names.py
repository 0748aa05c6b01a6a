"""Which image a person means, however it is typed."""

import unicodedata

import pytest
from builders import samples_of

from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.names import images_meant, nearest_images, plain
from hoban_assets.catalog.store import Build, Catalog, Run
from hoban_assets.publish.yolo_tree import published_names

SITE = "site/현장/사진 01.jpg"
YARD = "yard/train/images/Cam-7_0012.JPG"
GONE = "yard/train/images/broken.jpg"
TWICE = ("yard/a/same.jpg", "yard/b/same.jpg")


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    path = tmp_path_factory.mktemp("names") / "catalog.duckdb"
    ids = [SITE, YARD, GONE, *TWICE]
    made = samples_of(
        {i: [("person", 0.1)] for i in ids},
        file=[f"raw {i}" for i in ids],
        label_file=[f"raw {i}".rpartition(".")[0] + ".txt" for i in ids],
    )
    made = made.drop_images(made.images.image_id == GONE, stage="read", rule="label_missing")
    Catalog(path, deadline=5).record("yard", "sub", Build("key", samples=made), Run("run", "code"))
    with asking(path) as ask:
        yield ask


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (YARD, YARD),
        (f"/mnt/d/datasets/raw {YARD}", YARD),
        (rf"D:\datasets\raw {YARD}".replace("/", "\\"), YARD),
        (r'"E:\old\yard\train\images\cam-7_0012.jpg"', YARD),
        ("Cam-7_0012.JPG", YARD),
        ("cam-7_0012", YARD),
        ("images/cam-7", YARD),
        ("Cam-7_0012.txt", YARD),
        (f"file:///data/raw {YARD}", YARD),
        (SITE, SITE),
        (unicodedata.normalize("NFD", SITE), SITE),
        (unicodedata.normalize("NFD", "사진 01"), SITE),
        (GONE, GONE),
        ("Broken.JPG", GONE),
        ("a/same.jpg", TWICE[0]),
    ],
)
def test_an_image_is_found_however_it_is_typed(ask, typed, meant):
    assert images_meant(ask, typed) == [meant]


def test_a_name_that_several_images_have_names_them_all(ask):
    assert images_meant(ask, "same.jpg") == list(TWICE)


def test_a_published_file_leads_to_its_image(ask):
    (name,) = published_names(samples_of({SITE: []}))
    assert images_meant(ask, f"/anywhere/images/val/{name}") == [SITE]
    assert images_meant(ask, name.rpartition(".")[0] + ".txt") == [SITE]
    assert images_meant(ask, name.replace(name[-7], "0" if name[-7] != "0" else "1")) == []


def test_the_folder_of_a_source_stands_for_its_name(ask):
    typed = r"C:\raw\Yard.v2\train\images\broken.jpg"
    assert images_meant(ask, typed) == []
    assert images_meant(ask, typed, {"yard.v2": "yard"}) == [GONE]


@pytest.mark.parametrize("typed", ["", "/", ".", "  ", "other.jpg", "%", "%jpg", "'; DROP"])
def test_what_names_no_image_finds_none(ask, typed):
    assert images_meant(ask, typed) == []


def test_the_nearest_name_is_proposed(ask):
    assert nearest_images(ask, "brokem.jpg") == [GONE]
    assert nearest_images(ask, "zzz") == []


def test_what_is_pasted_becomes_a_plain_path():
    assert plain(' "D:\\a\\\\b.jpg" ') == "/a/b.jpg"


def test_an_address_that_a_file_manager_copies_is_its_path():
    assert (
        plain("file:///raw/fall.v1i%20(2)/%EB%82%99%EC%83%81.jpg") == "/raw/fall.v1i (2)/낙상.jpg"
    )
    assert plain("/raw/100%20.jpg") == "/raw/100%20.jpg"
