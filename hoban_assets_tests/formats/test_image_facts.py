"""Facts of many image files, and the cache that keeps them."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest
from encoded_pictures import JPEG, encoded, picture

from hoban_assets.errors import HobanError
from hoban_assets.formats import image_facts
from hoban_assets.formats.image_facts import read_facts
from hoban_assets.formats.image_probe import ImageFact, probe_file


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    root = tmp_path / "raw"
    (root / "one").mkdir(parents=True)
    (root / "two [한글]").mkdir()
    (root / "one" / "a b, c.jpg").write_bytes(encoded(picture()))
    (root / "one" / "bad.jpg").write_bytes(JPEG[: len(JPEG) // 2])
    (root / "two [한글]" / "사진.JPG").write_bytes(encoded(picture(32, 32)))
    return root


FILES = ["two [한글]/사진.JPG", "one/a b, c.jpg", "one/bad.jpg"]


class Reading:
    """Counts the files that are opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, raw: Path, cache: Path) -> None:
        self.opened: list[str] = []
        self.raw, self.cache = raw, cache
        monkeypatch.setattr(image_facts, "probe_file", self.probe)

    def probe(self, path: Path) -> ImageFact:
        self.opened.append(path.relative_to(self.raw).as_posix())
        return probe_file(path)

    def __call__(self, files: list[str] = FILES) -> pd.DataFrame:
        self.opened.clear()
        return read_facts(files, self.raw, self.cache, workers=2)


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch, raw: Path, tmp_path: Path) -> Reading:
    return Reading(monkeypatch, raw, tmp_path / "cache" / "facts.parquet")


class TestCache:
    def test_reads_each_file_once_and_keeps_the_order(self, reading: Reading) -> None:
        first = reading()
        assert sorted(reading.opened) == sorted(FILES)
        assert first.file.tolist() == FILES
        assert first.ok.tolist() == [True, True, False]
        second = reading()
        assert reading.opened == []
        pd.testing.assert_frame_equal(first, second)

    def test_is_as_good_for_a_part_in_another_order(self, reading: Reading) -> None:
        whole = reading().set_index("file")
        part = reading(FILES[1::-1])
        assert reading.opened == []
        pd.testing.assert_frame_equal(part.set_index("file"), whole.loc[FILES[1::-1]])

    @pytest.mark.parametrize("keep_time", [True, False])
    def test_reads_a_changed_file_again(self, reading: Reading, keep_time: bool) -> None:
        reading()
        path = reading.raw / FILES[1]
        before = path.stat()
        data = encoded(picture(80, 60)) if keep_time else path.read_bytes()
        path.write_bytes(data)
        moved = 0 if keep_time else 1
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + moved))
        facts = reading()
        assert reading.opened == [FILES[1]]
        assert facts.width[1] == (80 if keep_time else 64)
        reading()
        assert reading.opened == []

    @pytest.mark.parametrize("damage", [b"", b"PAR1 no parquet PAR1", None])
    def test_that_is_damaged_is_made_anew(
        self, reading: Reading, damage: bytes | None, caplog: pytest.LogCaptureFixture
    ) -> None:
        facts = reading()
        reading.cache.write_bytes(reading.cache.read_bytes()[:-20] if damage is None else damage)
        pd.testing.assert_frame_equal(reading(), facts)
        assert len(reading.opened) == len(FILES)
        assert "damaged" in caplog.text
        reading()
        assert reading.opened == []

    def test_of_another_table_is_made_anew(self, reading: Reading) -> None:
        reading.cache.parent.mkdir()
        pd.DataFrame({"file": FILES, "ok": True}).to_parquet(reading.cache)
        assert reading().ok.tolist() == [True, True, False]

    def test_does_not_remember_what_is_missing(self, reading: Reading) -> None:
        gone = reading([*FILES, "one/gone.jpg", "nowhere/x.jpg"])
        assert gone.error.tolist()[3:] == ["missing", "missing"]
        (reading.raw / "one" / "gone.jpg").write_bytes(encoded(picture()))
        assert reading(["one/gone.jpg"]).ok.tolist() == [True]

    def test_does_not_open_what_is_no_file(self, reading: Reading) -> None:
        os.mkfifo(reading.raw / "one" / "pipe.jpg")
        assert reading(["one/pipe.jpg"]).error.tolist() == ["unreadable: no file"]

    def test_takes_a_ring_of_links_for_a_missing_file(self, reading: Reading) -> None:
        (reading.raw / "one" / "ring.jpg").symlink_to("ring.jpg")
        (reading.raw / "one" / "nothing.jpg").symlink_to("gone.jpg")
        found = reading([*FILES, "one/ring.jpg", "one/nothing.jpg"])
        assert found.error.tolist()[3:] == ["missing", "missing"]

    def test_keeps_what_others_wrote_meanwhile(self, reading: Reading) -> None:
        reading(FILES[:1])
        reading(FILES[1:])
        reading(FILES)
        assert reading.opened == []
        assert [p.name for p in reading.cache.parent.glob(f".{reading.cache.name}*")] == []

    def test_saves_as_it_goes(self, reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(image_facts, "_SAVE_EVERY", 1)
        probe = reading.probe

        def dies_at_the_third(path: Path) -> ImageFact:
            if path.name == "bad.jpg":
                raise KeyboardInterrupt
            return probe(path)

        monkeypatch.setattr(image_facts, "probe_file", dies_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            reading()
        monkeypatch.setattr(image_facts, "probe_file", probe)
        reading()
        assert reading.opened == ["one/bad.jpg"]

    def test_of_no_files_is_empty(self, reading: Reading) -> None:
        assert reading([]).empty

    def test_tells_its_progress(self, raw: Path, tmp_path: Path) -> None:
        seen: list[tuple[int, int]] = []
        read_facts(FILES, raw, tmp_path / "c.parquet", 1, lambda done, of: seen.append((done, of)))
        assert seen[-1] == (3, 3)

    def test_refuses_a_file_named_twice(self, reading: Reading) -> None:
        with pytest.raises(ValueError, match="named twice"):
            reading([FILES[0], FILES[0]])

    def test_names_a_folder_that_cannot_be_listed(
        self, reading: Reading, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(path: Path) -> object:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(os, "scandir", refuse)
        with pytest.raises(HobanError, match=r"one.* cannot be read: Permission denied"):
            reading(FILES[1:])


def test_real_photographs_all_decode(real_raw: Path, tmp_path: Path) -> None:
    files = [p.relative_to(real_raw).as_posix() for p in sorted(real_raw.rglob("*.jpg"))][::20]
    assert read_facts(files, real_raw, tmp_path / "facts.parquet", 2).ok.all()
