"""What is the same raw data, and what is not."""

import os
from pathlib import Path

import pytest

from hoban_assets.errors import HobanError
from hoban_assets.observing.fingerprint import fingerprint, fingerprints


def write(root: Path, **files: str) -> None:
    for name, content in files.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


@pytest.fixture
def source(tmp_path) -> Path:
    root = tmp_path / "source"
    for name in ("images/one.jpg", "images/two.jpg", "labels/one.json", "labels/two.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"content of {name}")
        os.utime(root / name, ns=(10**18, 10**18))
    (root / "data.yaml").write_text("names: [person]")
    return root


def version(root: Path) -> str:
    return fingerprint(root).version


def test_the_same_files_have_the_same_version_wherever_they_lie(source):
    found = fingerprint(source)
    assert (found.files, found.labels, found.opened) == (5, 3, 3)
    assert fingerprint(source.rename(source.parent / "moved")).version == found.version


@pytest.mark.parametrize(
    "label",
    [
        *("labels/one.json", "labels/two.txt", "data.yaml"),
        *("one.xml", "ONE.XML", "all.csv", "all.jsonl", "obj.names", "_darknet.labels"),
    ],
)
def test_a_label_counts_by_content(source, label):
    if not (source / label).exists():
        (source / label).write_text("names")
    before = version(source)
    os.utime(source / label)
    assert version(source) == before
    content = (source / label).read_text()
    (source / label).write_text(content.replace("n", "m", 1))
    assert version(source) != before
    (source / label).write_text(content)
    assert version(source) == before


@pytest.mark.parametrize("label", ["labels/ONE.JSON", "labels/one.Txt", "data.yml"])
def test_labels_are_told_by_how_they_end_in_upper_or_lower_case(source, label):
    (source / label).write_text("1")
    before = fingerprint(source)
    os.utime(source / label)
    assert before.labels == 4
    assert version(source) == before.version


def test_what_an_earlier_release_took_for_no_label_is_read_and_not_called_changed(
    source, tmp_path, monkeypatch
):
    (source / "one.xml").write_text("<annotation/>")
    with monkeypatch.context() as earlier:
        earlier.setattr("hoban_assets.observing.walk.OPENED", frozenset({"json", "txt"}))
        before = fingerprint(source, tmp_path / "looks")
    after = fingerprint(source, tmp_path / "looks")
    assert after.version != before.version
    assert after.version == version(source)
    assert after.changes is not None
    assert after.changes.changed == 0


def test_any_other_file_counts_by_name_size_and_time(source):
    image = source / "images/one.jpg"
    seen = {version(source)}
    os.utime(image, ns=(1, 1))
    seen.add(version(source))
    image.write_text("longer than it was")
    os.utime(image, ns=(1, 1))
    seen.add(version(source))
    image.rename(source / "images/three.jpg")
    seen.add(version(source))
    (source / "images/three.jpg").unlink()
    seen.add(version(source))
    assert len(seen) == 5


def test_a_folder_counts_even_where_it_is_empty(source):
    """AI Hub images are listed where a folder labels/ stands beside theirs."""
    seen = {version(source)}
    (source / "more").mkdir()
    seen.add(version(source))
    (source / "more/labels").mkdir()
    seen.add(version(source))
    assert len(seen) == 3


def test_an_empty_source_has_a_version_too(tmp_path):
    found = fingerprint(tmp_path)
    assert (found.files, found.bytes, found.newest, found.opened) == (0, 0, "", 0)
    assert len(found.version) == 32


def test_names_and_contents_cannot_be_taken_for_one_another(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    write(first, a__b_dot_txt="x", c_dot_txt="y")
    write(second, a__c_dot_txt="x", b_dot_txt="y")
    assert version(first) != version(second)
    swapped = tmp_path / "swapped"
    write(swapped, a__b_dot_txt="y", c_dot_txt="x")
    assert version(first) != version(swapped)


@pytest.mark.parametrize(
    "name", ["labels/train.cache", "Thumbs.db", "desktop.ini", ".DS_Store", "a.jpg:Zone.Identifier"]
)
def test_what_other_programs_leave_behind_changes_nothing(source, name):
    before = fingerprint(source)
    (source / name).touch()
    after = fingerprint(source)
    assert (after.version, after.files) == (before.version, before.files)


def test_links_are_not_opened_and_one_that_leads_upwards_ends(source, tmp_path):
    outside = tmp_path / "outside.json"
    outside.write_text("secret")
    (source / "images/up").symlink_to(source)
    (source / "images/gone.jpg").symlink_to(source / "nowhere.jpg")
    (source / "labels/ring.txt").symlink_to(source / "labels/ring.txt")
    (source / "labels/outside.json").symlink_to(outside)
    found = fingerprint(source)
    assert (found.files, found.labels) == (9, 3)
    outside.write_text("longer secret")
    assert version(source) != found.version


def test_a_pipe_that_ends_like_a_label_is_not_waited_for(source):
    os.mkfifo(source / "labels/pipe.txt")
    assert fingerprint(source).labels == 3


def test_file_names_that_are_no_utf_8_or_hold_a_line_end_are_names_too(source):
    seen = {version(source)}
    for name in (b"\xc7\xd1.txt", b"two\nlines.jpg", b"\xff.jpg"):
        Path(os.fsdecode(os.fsencode(source) + b"/labels/" + name)).touch()
        seen.add(version(source))
    assert len(seen) == 4


def test_a_time_before_1970_or_far_ahead_is_a_time(source):
    seen = set()
    for seconds in (-1000, 2**33):
        os.utime(source / "images/one.jpg", (seconds, seconds))
        seen.add(version(source))
    assert len(seen) == 2


def test_the_newest_file_is_named_with_its_time(source):
    os.utime(source / "labels/two.txt", (4e9, 4e9))
    found = fingerprint(source)
    assert (found.newest, found.newest_at) == ("labels/two.txt", 4e9)


def test_a_folder_that_cannot_be_listed_is_named(source, monkeypatch):
    real = os.scandir

    def refuse(path):
        if str(path).endswith("/labels"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)  # tests may run as root, whom chmod does not stop
    with pytest.raises(HobanError, match=r"source/labels: Permission denied"):
        fingerprint(source)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(HobanError, match="nowhere: No such file"):
        fingerprint(tmp_path / "nowhere")


@pytest.mark.parametrize("gone", ["images/one.jpg", "images"])
def test_what_vanishes_while_the_folder_is_listed_is_not_there(source, monkeypatch, gone):
    """Deleted between listing its folder and looking at it."""
    real = os.scandir

    def scandir(path):
        found = real(path)
        if str(path).endswith(str((source / gone).parent)):
            entries = list(found)
            remove(source / gone)
            return Listed(entries)
        return found

    monkeypatch.setattr(os, "scandir", scandir)
    during = version(source)
    assert not (source / gone).exists()
    assert during == version(source)


def test_a_label_that_vanishes_before_it_is_read_is_not_there(source, monkeypatch):
    real = os.open
    label = source / "labels/one.json"

    def vanishing(path, *rest, **more):
        if str(path) == str(label):
            label.unlink(missing_ok=True)
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", vanishing)
    found = fingerprint(source)
    assert (found.files, found.labels) == (4, 2)
    assert found.version == version(source)


def test_a_label_that_cannot_be_read_is_counted_and_stops_nothing(source, monkeypatch):
    """Its reader drops the image and records why."""
    before, real = version(source), os.open
    label = source / "labels/one.json"

    def refuse(path, *rest, **more):
        if str(path) == str(label):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        found = fingerprint(source)
    assert found.unreadable == 1
    assert found.version != before == version(source)


def test_a_part_of_a_look_is_as_a_look_at_that_part(source):
    (source / "labels/deep/er").mkdir(parents=True)
    (source / "labels/deep/er/three.txt").write_text("3")
    (source / "labels-not").mkdir()
    (source / "linked").symlink_to(source / "labels")
    parts = [".", "labels", "labels/deep", "images", "labels-not", "linked"]
    together = fingerprints({name: source / name for name in parts})
    assert list(together) == parts
    for name in parts:
        alone = fingerprint(source / name)
        assert (together[name].version, together[name].labels_version, together[name].files) == (
            alone.version,
            alone.labels_version,
            alone.files,
        )


def test_the_version_of_labels_alone_is_theirs_alone(source):
    before = fingerprint(source)
    (source / "images/three.jpg").touch()
    after = fingerprint(source)
    assert after.version != before.version
    assert after.labels_version == before.labels_version
    (source / "labels/two.txt").write_text("other")
    assert fingerprint(source).labels_version != before.labels_version


class Listed(list):
    """Entries as `os.scandir` gives them."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


def remove(path: Path) -> None:
    if path.is_dir():
        for inner in path.iterdir():
            remove(inner)
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
