"""fastdup brings an old Pillow with known faults in PSD files: it never gets to see one."""

import io
import struct
from pathlib import Path

import pytest
from PIL import Image

from hoban_assets.formats.image_probe import probe_file


def psd() -> bytes:
    """A picture of 32 x 32 as Photoshop writes it, without layers."""
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 32, 32, 8, 3)
    return head + struct.pack(">III", 0, 0, 0) + struct.pack(">H", 0) + bytes(3 * 32 * 32)


@pytest.mark.parametrize("name", ["a.psd", "a.jpg", "a.png"])
def test_a_photoshop_file_of_any_name_is_not_usable(tmp_path: Path, name):
    data = psd()
    assert Image.open(io.BytesIO(data)).format == "PSD"  # so it is one
    (tmp_path / name).write_bytes(data)
    fact = probe_file(tmp_path / name)
    assert not fact.ok
    assert "PSD" in fact.error
