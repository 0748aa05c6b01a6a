import os

import pytest

from hoban_assets.formats.fingerprint import fingerprint


@pytest.fixture
def source(tmp_path):
    for name in ("a/one.jpg", "a/two.jpg", "b/one.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def test_the_same_files_have_the_same_fingerprint(source):
    assert fingerprint(source) == fingerprint(source)
    assert fingerprint(source)[1] == 3


def test_a_changed_time_a_changed_size_a_new_and_a_removed_file_all_change_it(source):
    seen = {fingerprint(source)[0]}
    os.utime(source / "a/one.jpg", ns=(1, 1))
    seen.add(fingerprint(source)[0])
    (source / "a/two.jpg").write_text("longer than before")
    seen.add(fingerprint(source)[0])
    (source / "c.jpg").touch()
    seen.add(fingerprint(source)[0])
    (source / "b/one.txt").unlink()
    seen.add(fingerprint(source)[0])
    assert len(seen) == 5


def test_a_label_cache_that_ultralytics_left_changes_nothing(source):
    before = fingerprint(source)
    (source / "b/labels.cache").touch()
    assert fingerprint(source) == before


def test_a_link_that_leads_upwards_ends_and_a_dangling_one_stops_nothing(source):
    (source / "a/up").symlink_to(source)
    (source / "a/gone.jpg").symlink_to(source / "nowhere.jpg")
    assert fingerprint(source)[1] == 5
