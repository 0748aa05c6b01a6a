"""What facts of image files do to rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xxhash
from encoded_pictures import JPEG, encoded, picture, with_orientation
from PIL import Image, ImageOps

from hoban_assets.formats.image_facts import apply_facts, read_facts
from hoban_assets.samples import Samples


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
