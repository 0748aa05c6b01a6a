"""YAML of the package is read once and kept beside it, and never told after it has changed."""

import os

import pytest

from hoban_assets.package_yaml import content_of


@pytest.fixture
def words(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.dont_write_bytecode", False)  # whatever these tests run with
    file = tmp_path / "words.yaml"
    file.write_text("size: 크기\n", encoding="utf-8")
    return file


def test_what_was_read_is_kept_and_told_until_the_file_changes(words):
    assert content_of(words) == {"size": "크기"}
    (kept,) = (words.parent / "__pycache__").iterdir()
    before = kept.read_bytes()
    assert content_of(words) == {"size": "크기"}
    assert kept.read_bytes() == before
    words.write_text("size: 용량\npart: 구성\n", encoding="utf-8")
    assert content_of(words) == {"size": "용량", "part": "구성"}
    assert kept.read_bytes() != before


def test_a_file_of_the_same_size_and_time_is_read_again(words):
    content_of(words)
    look = words.stat()
    words.write_text("size: 넓이\n", encoding="utf-8")
    os.utime(words, ns=(look.st_atime_ns, look.st_mtime_ns))
    assert content_of(words) == {"size": "넓이"}


@pytest.mark.parametrize("damage", [b"", b"x", b"\xff" * 90])
def test_what_is_kept_and_damaged_is_made_again(words, damage):
    content_of(words)
    (kept,) = (words.parent / "__pycache__").iterdir()
    kept.write_bytes(damage)
    assert content_of(words) == {"size": "크기"}


def test_where_nothing_can_be_kept_the_file_is_read(words, monkeypatch):
    (words.parent / "__pycache__").write_text("no folder")
    assert content_of(words) == {"size": "크기"}
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    (words.parent / "__pycache__").unlink()
    assert content_of(words) == {"size": "크기"}
    assert [file.name for file in words.parent.iterdir()] == ["words.yaml"]
