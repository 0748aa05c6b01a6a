"""Facts of one image file: every kind of file, whole or damaged."""

from __future__ import annotations

import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import xxhash
from encoded_pictures import JPEG, PROGRESSIVE, encoded, picture, with_orientation
from PIL import Image

from hoban_assets.formats.image_probe import probe_bytes, probe_file


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
