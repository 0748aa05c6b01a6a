"""What goes wrong while photographs are scaled ends in one message, and harms nothing older."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scaled_photographs import read, tree_of

from hoban_assets.errors import HobanError
from hoban_assets.publish import prescaled
from hoban_assets.samples import Samples


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "photo.jpg has 0 bytes, but had"),
        (None, r"photo.jpg is gone"),
        ("swapped", "photo.jpg has other content than when it was read"),
    ],
)
def test_a_raw_file_that_is_not_what_was_read_ends_in_one_message(own_raw, tmp_path, content, told):
    samples, file = read(own_raw), own_raw / "s/photo.jpg"
    if content is None:
        file.unlink()
    else:
        file.write_bytes(bytes(file.stat().st_size) if content == "swapped" else content)
    with pytest.raises(HobanError, match=told) as error:
        tree_of(samples, own_raw, tmp_path / "out" / "v")
    assert "materialise the stages of this dataset again" in error.value.way_out
    assert list((tmp_path / "out").iterdir()) == []


def test_a_photograph_that_does_not_decode_ends_in_one_message(own_raw, tmp_path):
    found = read(own_raw)
    (own_raw / "s/photo.jpg").write_bytes(b"no photograph")
    unread = found.images.assign(bytes=0, content_hash=np.nan)  # nothing to hold it against
    samples = Samples(unread, found.boxes, found.decisions)
    with pytest.raises(HobanError, match=r"photo\.jpg cannot be decoded"):
        tree_of(samples, own_raw, tmp_path / "out" / "v")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_full_disk_ends_in_one_message(own_raw, tmp_path, monkeypatch):
    def full(*given, **more):
        raise OSError(28, "No space left on device", str(tmp_path))

    monkeypatch.setattr(prescaled.os, "utime", full)
    with pytest.raises(HobanError, match="no space left while publishing"):
        tree_of(read(own_raw), own_raw, tmp_path / "out" / "v")
    assert list((tmp_path / "out").iterdir()) == []


def test_after_kill_9_amid_the_scaling_the_old_tree_stands_and_the_next_run_clears_up(
    own_raw, tmp_path
):
    earlier = tree_of(read(own_raw), own_raw, tmp_path / "out" / "v1").path
    child = f"""
import os, signal, sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from scaled_photographs import read, tree_of
from hoban_assets.publish import prescaled
prescaled.os.utime = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)
raw = Path({str(own_raw)!r})
tree_of(read(raw), raw, raw.parent / "out" / "v2")
"""
    killed = subprocess.run([sys.executable, "-c", child], cwd=Path(__file__).parent, check=False)
    assert killed.returncode == -signal.SIGKILL
    left = [f for f in (tmp_path / "out").iterdir() if f != earlier]
    assert [f.name.split("-")[0] for f in left] == [".building"]
    assert any(left[0].rglob("*.jpg")), "it was killed before it wrote anything"
    assert tree_of(read(own_raw), own_raw, tmp_path / "out" / "v2").images == 4
    assert sorted(f.name for f in (tmp_path / "out").iterdir()) == ["v1", "v2"]


def test_images_of_unknown_size_are_refused(own_raw, tmp_path):
    found = read(own_raw)
    unknown = Samples(found.images.assign(width=0), found.boxes, found.decisions)
    with pytest.raises(ValueError, match="unknown size"):
        tree_of(unknown, own_raw, tmp_path / "out" / "v")
