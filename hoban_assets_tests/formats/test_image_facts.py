"""Facts of image files: every kind of file, the cache, and what facts do to rows."""

from __future__ import annotations

import io
import os
import zlib
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import xxhash
from PIL import Image, ImageOps

from hoban_assets.errors import HobanError
from hoban_assets.formats import image_facts
from hoban_assets.formats.image_facts import apply_facts, read_facts
from hoban_assets.formats.image_probe import ImageFact, probe_bytes, probe_file
from hoban_assets.samples import Samples


def picture(width: int = 64, height: int = 48) -> Image.Image:
    """Noise over a ramp: every coded block of it counts."""
    rng = np.random.default_rng(width * height)
    ramp = np.linspace(0, 200, width)[None, :, None]
    noise = rng.integers(0, 56, (height, width, 3))
    return Image.fromarray((ramp + noise).astype(np.uint8))


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def with_orientation(orientation: int, kind: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif[274] = orientation
    return encoded(picture(), kind, exif=exif)


JPEG = encoded(picture(200, 150))
PROGRESSIVE = encoded(picture(200, 150), progressive=True)


class TestEveryKindOfFile:
    @pytest.mark.parametrize(
        ("kind", "data", "mode"),
        [
            ("colour", encoded(picture()), "RGB"),
            ("progressive", encoded(picture(), progressive=True), "RGB"),
            ("grey", encoded(picture().convert("L")), "L"),
            ("CMYK", encoded(picture().convert("CMYK")), "CMYK"),
            ("PNG", encoded(picture(), "PNG"), "RGB"),
            ("RGBA", encoded(picture().convert("RGBA"), "PNG"), "RGBA"),
            ("palette", encoded(picture().convert("P"), "PNG"), "P"),
            ("one bit", encoded(picture().convert("1"), "PNG"), "1"),
            (
                "16 bit",
                encoded(Image.fromarray(np.full((48, 64), 40000, np.uint16)), "PNG"),
                "I;16",
            ),
            ("BMP", encoded(picture(), "BMP"), "RGB"),
            ("TIFF", encoded(picture(), "TIFF"), "RGB"),
            ("WebP", encoded(picture(), "WEBP"), "RGB"),
        ],
    )
    def test_is_ok(self, kind: str, data: bytes, mode: str) -> None:
        fact = probe_bytes(data)
        assert (fact.ok, fact.error, fact.complete) == (True, None, True), kind
        assert (fact.width, fact.height, fact.mode) == (64, 48, mode)
        assert fact.content_hash == xxhash.xxh3_128_hexdigest(data)
        assert 0 < fact.brightness < 255

    def test_png_named_jpg_is_ok(self, tmp_path: Path) -> None:
        (tmp_path / "a.jpg").write_bytes(encoded(picture(), "PNG"))
        assert probe_file(tmp_path / "a.jpg").format == "PNG"

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_has_the_size_that_training_will_see(self, kind: str, orientation: int) -> None:
        data = with_orientation(orientation, kind)
        fact = probe_bytes(data)
        seen = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert (fact.height, fact.width) == seen.shape[:2]
        assert (fact.stored_width, fact.stored_height) == (64, 48)
        assert fact.orientation == orientation

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", "zero bytes"),
            (b"hello", "not an image"),
            (encoded(picture(8, 200)), "8x200 pixels, at least 10 a side are needed"),
            (encoded(picture(), "GIF"), "format GIF is not used"),
            (encoded(picture(), "PNG")[:-2000], "damaged"),
            (encoded(picture(), "BMP")[:-2000], "damaged"),
            (encoded(picture(), "WEBP")[:-200], "could not create decoder"),
            (JPEG[:100], "header"),
        ],
    )
    def test_that_is_bad_has_a_reason(self, data: bytes, reason: str) -> None:
        fact = probe_bytes(data)
        assert not fact.ok
        assert reason in str(fact.error)

    def test_bomb_is_refused(self) -> None:
        header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (60000).to_bytes(4) * 2 + b"\x08\0\0\0\0"
        bomb = header + zlib.crc32(header[12:]).to_bytes(4) + b"\0\0\0\0IEND\xaeB`\x82"
        assert "exceeds limit" in str(probe_bytes(bomb).error)

    def test_sharpness_sees_blur_and_not_resolution(self) -> None:
        large = picture(640, 480).resize((1280, 960), Image.Resampling.BICUBIC)
        blurred = cv2.GaussianBlur(np.asarray(picture(640, 480)), (0, 0), 3)
        sharp, same, soft = (
            probe_bytes(encoded(image, quality=95)).sharpness
            for image in (picture(640, 480), large, Image.fromarray(blurred))
        )
        assert soft < sharp / 4
        assert same == pytest.approx(sharp, rel=0.4)


class TestTruncatedJpeg:
    @pytest.mark.parametrize("whole", [JPEG, PROGRESSIVE], ids=["baseline", "progressive"])
    @pytest.mark.parametrize("share", [0.3, 0.5, 0.75, 0.9, 0.95])
    def test_is_not_ok(self, whole: bytes, share: float) -> None:
        fact = probe_bytes(whole[: int(len(whole) * share)])
        assert (fact.ok, fact.error) == (False, "truncated")

    @pytest.mark.parametrize("zeros", [1, 5000])
    def test_filled_up_with_zeros_is_not_ok(self, zeros: int) -> None:
        assert probe_bytes(JPEG[: len(JPEG) // 2] + bytes(zeros)).error == "truncated"

    def test_after_its_thumbnail_is_not_ok(self) -> None:
        """The thumbnail in the EXIF block ends in FFD9, too."""
        thumbnail = encoded(picture(16, 16))
        segment = b"Exif\0\0" + thumbnail
        block = b"\xff\xe1" + (len(segment) + 2).to_bytes(2) + segment
        assert probe_bytes(JPEG[:2] + block + JPEG[2:]).ok
        assert not probe_bytes(JPEG[:2] + block).ok
        assert not probe_bytes((JPEG[:2] + block + JPEG[2:])[:-3000]).ok

    @pytest.mark.parametrize("whole", [JPEG, PROGRESSIVE], ids=["baseline", "progressive"])
    @pytest.mark.parametrize("change", ["no end", "half an end", "zeros after", "text after"])
    def test_that_lacks_no_data_is_ok_and_incomplete(self, whole: bytes, change: str) -> None:
        data = {
            "no end": whole[:-2],
            "half an end": whole[:-1],
            "zeros after": whole + bytes(100),
            "text after": whole + b"and more",
        }[change]
        fact = probe_bytes(data)
        assert (fact.ok, fact.complete) == (True, False)
        assert fact.sharpness == probe_bytes(whole).sharpness


class TestDamagedJpegThatEndsWell:
    """The end marker is there; what is missing or wrong lies before it."""

    @pytest.mark.parametrize("whole", [JPEG, PROGRESSIVE], ids=["baseline", "progressive"])
    @pytest.mark.parametrize("share", [0.4, 0.6, 0.9])
    def test_that_was_cut_is_not_ok(self, whole: bytes, share: float) -> None:
        fact = probe_bytes(whole[: int(len(whole) * share)] + b"\xff\xd9")
        assert (fact.ok, fact.error) == (False, "truncated")

    @pytest.mark.parametrize("mode", ["L", "CMYK"])
    def test_of_any_mode(self, mode: str) -> None:
        whole = encoded(picture(200, 150).convert(mode))
        assert probe_bytes(whole).ok
        assert not probe_bytes(whole[: len(whole) // 2] + b"\xff\xd9").ok

    def test_with_a_block_of_zeros_is_not_ok(self) -> None:
        half = len(JPEG) // 2
        assert not probe_bytes(JPEG[:half] + bytes(600) + JPEG[half + 600 :]).ok

    def test_with_data_left_over_is_not_ok(self) -> None:
        fact = probe_bytes(JPEG[:-2] + b"\x12\x34" * 200 + b"\xff\xd9")
        assert not fact.ok
        assert str(fact.error).startswith("damaged")

    def test_of_a_camera_that_fills_up_with_zeros_is_ok(self) -> None:
        assert probe_bytes(JPEG[:-2] + bytes(500) + b"\xff\xd9").ok

    def test_that_is_turned_has_the_measures_of_the_same_picture(self) -> None:
        plain, turned = (probe_bytes(with_orientation(o)) for o in (1, 6))
        assert turned.brightness == pytest.approx(plain.brightness)
        assert turned.sharpness == pytest.approx(plain.sharpness)


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


def sample(
    data: bytes | None, label_size: tuple[int, int], root: Path, boxes: int = 2
) -> tuple[Samples, pd.DataFrame]:
    """One image with `boxes` boxes, and its facts."""
    if data is not None:
        (root / "a.jpg").write_bytes(data)
    n = range(boxes)
    images = {
        "image_id": ["s/a.jpg"],
        "source": ["s"],
        "file": ["a.jpg"],
        "label_file": ["a.json"],
        "width": [label_size[0]],
        "height": [label_size[1]],
    }
    rows = {
        "image_id": ["s/a.jpg" for _ in n],
        "class_id": [2 for _ in n],
        "class_name": ["person" for _ in n],
        "x_center": [0.25 for _ in n],
        "y_center": [0.4 for _ in n],
        "width": [0.1 for _ in n],
        "height": [0.2 for _ in n],
        "area": [0.02 for _ in n],
        "origin": ["human" for _ in n],
        "row": list(n),
    }
    return Samples.of(images, rows), read_facts(["a.jpg"], root, root / "facts.parquet", 1)


class TestApplied:
    def test_fill_the_rows(self, tmp_path: Path) -> None:
        data = JPEG[:-2]
        after = apply_facts(*sample(data, (0, 0), tmp_path))
        [image] = after.images.itertuples()
        assert (image.width, image.height, image.bytes) == (200, 150, len(data))
        assert image.content_hash == xxhash.xxh3_128_hexdigest(data)
        assert image.needs_copy
        assert image.sharpness > 0 and image.brightness > 0
        assert after.decisions.empty and len(after.boxes) == 2

    @pytest.mark.parametrize(
        ("data", "rule", "reason"),
        [
            (None, "image_missing", "missing"),
            (JPEG[:3000], "undecodable", "truncated"),
            (b"", "undecodable", "zero bytes"),
        ],
    )
    def test_drop_what_does_not_decode(
        self, tmp_path: Path, data: bytes | None, rule: str, reason: str
    ) -> None:
        after = apply_facts(*sample(data, (200, 150), tmp_path))
        assert after.images.empty and after.boxes.empty
        [decision] = after.decisions.itertuples()
        assert (decision.stage, decision.rule, decision.value) == ("facts", rule, reason)
        assert (decision.images_removed, decision.boxes_removed) == (1, 2)

    @pytest.mark.parametrize("orientation", [5, 6, 7, 8])
    def test_turn_boxes_with_the_picture(self, tmp_path: Path, orientation: int) -> None:
        samples, facts = sample(with_orientation(orientation), (64, 48), tmp_path)
        after = apply_facts(samples, facts)
        # The truth: paint the box into the stored picture, and let Pillow turn it.
        painted = np.zeros((480, 640), np.uint8)
        painted[int(0.3 * 480) : int(0.5 * 480), int(0.2 * 640) : int(0.3 * 640)] = 255
        image = Image.fromarray(painted)
        image.getexif()[274] = orientation
        turned = np.asarray(ImageOps.exif_transpose(image))
        rows, columns = np.nonzero(turned)
        size = np.array(turned.shape)
        low = np.array([rows.min(), columns.min()]) / size
        high = (np.array([rows.max(), columns.max()]) + 1) / size
        box = after.boxes.iloc[0]
        np.testing.assert_allclose([box.y_center, box.x_center], (low + high) / 2)
        np.testing.assert_allclose([box.height, box.width], high - low)
        assert (after.images.width[0], after.images.height[0]) == (48, 64)
        assert after.boxes.origin.tolist() == ["repaired", "repaired"]
        assert after.decisions.rule.tolist() == ["exif_rotated"] * 2
        assert after.decisions.action.tolist() == ["repair"] * 2
        assert after.decisions.row.tolist() == [0, 1]
        assert after.decisions.file.tolist() == ["a.json"] * 2

    @pytest.mark.parametrize("orientation", [1, 6])
    def test_leave_boxes_of_a_label_that_fits(self, tmp_path: Path, orientation: int) -> None:
        size = (48, 64) if orientation >= 5 else (64, 48)
        samples, facts = sample(with_orientation(orientation), size, tmp_path)
        after = apply_facts(samples, facts)
        pd.testing.assert_frame_equal(after.boxes, samples.boxes)
        assert after.decisions.empty

    def test_keep_boxes_of_a_scaled_picture(self, tmp_path: Path) -> None:
        samples, facts = sample(encoded(picture(64, 36)), (1920, 1080), tmp_path)
        after = apply_facts(samples, facts)
        pd.testing.assert_frame_equal(after.boxes, samples.boxes)
        assert after.decisions.rule.tolist() == ["size_scaled"]
        assert after.decisions.value.tolist() == ["1920x1080 in label, 64x36 in file"]
        assert after.images.width[0] == 64

    def test_drop_boxes_whose_frame_is_unknown(self, tmp_path: Path) -> None:
        after = apply_facts(*sample(encoded(picture(64, 64)), (1920, 1080), tmp_path))
        assert len(after.images) == 1 and after.boxes.empty
        assert after.decisions.rule.tolist() == ["size_mismatch"] * 2
        assert after.decisions.value.tolist() == ["1920x1080 in label, 64x64 in file"] * 2
        assert after.decisions.boxes_removed.sum() == 2

    def test_must_be_there(self, tmp_path: Path) -> None:
        samples, facts = sample(JPEG, (0, 0), tmp_path)
        with pytest.raises(ValueError, match=r"no facts of a\.jpg"):
            apply_facts(samples, facts.iloc[:0])

    def test_of_nothing_are_nothing(self, tmp_path: Path) -> None:
        _, facts = sample(JPEG, (0, 0), tmp_path)
        assert apply_facts(Samples.empty(), facts).images.empty


def test_real_photographs_all_decode(real_raw: Path, tmp_path: Path) -> None:
    files = [p.relative_to(real_raw).as_posix() for p in sorted(real_raw.rglob("*.jpg"))][::20]
    assert read_facts(files, real_raw, tmp_path / "facts.parquet", 2).ok.all()
