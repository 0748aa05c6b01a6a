"""Another program reads what `hoban export` writes: Datumaro, in its own environment.

``make test-datumaro`` makes it (as ``make bench`` does); Label Studio's files are read by itself.
"""

import json
import subprocess
from pathlib import Path

import pytest
import xxhash
from PIL import Image
from road import REPOSITORY

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.corrections.rows import Box
from hoban_assets.exchange.exporting import export
from hoban_assets.exchange.pictures import MANIFEST, Picture

PYTHON = REPOSITORY / ".venv-bench" / "bin" / "python"
SCRIPT = Path(__file__).with_name("datumaro_reads.py")
SIZES = ((64, 48), (33, 97), (640, 480))

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="Datumaro's environment is not there: make test-datumaro"
)


def shown(raw: Path) -> list[Picture]:
    """Pictures of odd sizes with boxes at edges, tiny and whole; one without any."""
    raw.mkdir()
    boxes = [
        Box(name, x, y, w, h)
        for name, (x, y, w, h) in zip(
            CLASS_NAMES,
            (
                (0.5, 0.5, 1.0, 1.0),
                (0.05, 0.05, 0.1, 0.1),
                (0.9, 0.9, 0.2, 0.2),
                (1 / 3, 0.3, 0.01, 0.02),
            ),
            strict=True,
        )
    ]
    pictures = []
    for number, (width, height) in enumerate(SIZES):
        file = raw / f"작업 {number}.jpg"
        Image.effect_noise((width, height), 60).convert("RGB").save(file)
        content_hash = xxhash.xxh3_128_hexdigest(file.read_bytes())
        mine = tuple(boxes[: number * 2]) if number < 2 else tuple(boxes)
        pictures.append(
            Picture(f"s/{number}.jpg", file.name, content_hash, width, height, mine, CLASS_NAMES)
        )
    return pictures


@pytest.mark.parametrize("form", ["coco", "yolo", "cvat"])
def test_datumaro_finds_every_box_where_it_was(form, tmp_path):
    pictures = shown(tmp_path / "raw")
    export(pictures, form, tmp_path / "out", tmp_path / "raw", tmp_path / "shown", {})
    done = subprocess.run(
        [PYTHON, SCRIPT, form, tmp_path / "out"], capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    names = {
        line["image_id"]: Path(line["name"]).stem
        for line in json.loads((tmp_path / "out" / MANIFEST).read_text())["pictures"]
    }
    assert set(found) == {names[p.image_id] for p in pictures}
    for picture in pictures:
        expected = sorted(
            [box.class_name, *(value * side for value, side in zip(
                (box.x - box.w / 2, box.y - box.h / 2, box.w, box.h),
                (picture.width, picture.height) * 2, strict=True))]
            for box in picture.boxes
        )  # fmt: skip
        seen = found[names[picture.image_id]]
        assert [row[0] for row in seen] == [row[0] for row in expected]
        for one, other in zip(seen, expected, strict=True):
            assert one[1:] == pytest.approx(other[1:], abs=0.02)
