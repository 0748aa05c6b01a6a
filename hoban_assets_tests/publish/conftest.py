from pathlib import Path

import cv2
import pytest
from scaled_photographs import draw

from hoban_assets.publish import prescaled


@pytest.fixture
def own_raw(tmp_path) -> Path:
    """Raw photographs that a test may change."""
    for name in ("s/photo.jpg", "s/grey.jpg", "s/small.jpg", "t/clear.png"):
        draw(tmp_path / "raw" / name, name)
    return tmp_path / "raw"


@pytest.fixture
def made(monkeypatch) -> list[int]:
    """Grows by one with every photograph that is encoded."""
    counted, encode = list[int](), cv2.imencode

    def counting(*given):
        counted.append(1)
        return encode(*given)

    monkeypatch.setattr(prescaled.cv2, "imencode", counting)
    return counted
