"""fastdup's worker in fastdup's own environment."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from external_runs import WORKERS, Ran
from PIL import Image

from hoban_assets.settings import Settings


@pytest.fixture
def fastdup_python() -> Path:
    python = Settings.from_env().fastdup_python
    if not python.exists():
        pytest.skip(f"fastdup's environment is not made: no {python}")
    return python


def test_fastdup_gives_features_of_files_with_any_name(
    tmp_path: Path, fastdup_python: Path
) -> None:
    folder = tmp_path / "폴더 [1], x"
    folder.mkdir()
    coarse = np.random.default_rng(0).integers(0, 255, (6, 8, 3), np.uint8)
    picture = Image.fromarray(coarse).resize((320, 240), Image.Resampling.BICUBIC)
    save: dict[str, Callable[[Path], None]] = {
        "a b, [c].jpg": picture.save,
        '한글 "x".JPG': lambda path: picture.save(path, "JPEG"),
        "line\nend.png": picture.save,
        "png named.jpg": lambda path: picture.save(path, "PNG"),
        "deep.png": Image.fromarray(np.full((64, 64), 40000, np.uint16)).save,
        "cmyk.jpg": picture.convert("CMYK").save,
        "rgba.png": picture.convert("RGBA").save,
        "empty.jpg": lambda path: path.write_bytes(b"") and None,
    }
    for name, write in save.items():
        write(folder / name)
    images = {f"{i:032x}": str(folder / name) for i, name in enumerate(save)}
    listing, out = tmp_path / "images.json", tmp_path / "features.npy"
    listing.write_text(json.dumps(images), encoding="utf-8")
    extras = {"input": str(listing), "work_dir": str(folder / "w"), "out": str(out), "threads": 1}
    extras |= {"done": 0, "total": len(images)}
    ran = Ran(WORKERS / "fastdup_features.py", python=fastdup_python, extras=extras, env={})

    features = np.load(out)
    hashes = (tmp_path / "features.npy.txt").read_text().split()
    info = json.loads((tmp_path / "features.npy.json").read_text())
    [empty] = [h for h, path in images.items() if path.endswith("empty.jpg")]
    assert sorted(hashes) == sorted(set(images) - {empty})
    assert list(info["bad"]) == [empty]
    assert (features.shape, features.dtype) == ((len(hashes), 576), np.float32)
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1, rtol=1e-5)
    order = [hashes.index(f"{i:032x}") for i in range(3)]
    assert (features[order] @ features[order].T).min() > 0.9  # the same picture three times
    assert len(info["model_hash"]) == 64
    [message] = ran.messages
    assert message == {**info, "bad": 1}
