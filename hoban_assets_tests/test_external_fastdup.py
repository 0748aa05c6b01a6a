"""fastdup's worker in fastdup's own environment."""

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from external_runs import WORKERS, Ran
from PIL import Image
from strace import called_by, needs_strace, watched

from hoban_assets.settings import Settings

NAMES: dict[str, Callable[[Image.Image, Path], None]] = {
    "a b, [c].jpg": lambda picture, path: picture.save(path),
    '한글 "x".JPG': lambda picture, path: picture.save(path, "JPEG"),
    "line\nend.png": lambda picture, path: picture.save(path),
    "png named.jpg": lambda picture, path: picture.save(path, "PNG"),
    "deep.png": lambda _, path: Image.fromarray(np.full((64, 64), 40000, np.uint16)).save(path),
    "cmyk.jpg": lambda picture, path: picture.convert("CMYK").save(path),
    "rgba.png": lambda picture, path: picture.convert("RGBA").save(path),
    "empty.jpg": lambda _, path: path.touch(),
}


@dataclass(frozen=True)
class Extracted:
    """What the worker left: features, what it said, and whom it called."""

    images: dict[str, str]
    out: Path
    messages: list[dict]
    calls: Path


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Extracted:
    python = Settings.from_env().fastdup_python
    if not python.exists():
        pytest.skip(f"fastdup's environment is not made: no {python}")
    place = tmp_path_factory.mktemp("fastdup")
    folder = place / "폴더 [1], x"
    folder.mkdir()
    coarse = np.random.default_rng(0).integers(0, 255, (6, 8, 3), np.uint8)
    picture = Image.fromarray(coarse).resize((320, 240), Image.Resampling.BICUBIC)
    for name, write in NAMES.items():
        write(picture, folder / name)
    images = {f"{i:032x}": str(folder / name) for i, name in enumerate(NAMES)}
    listing, out = place / "images.json", place / "features.npy"
    listing.write_text(json.dumps(images), encoding="utf-8")
    extras = {"input": str(listing), "work_dir": str(folder / "w"), "out": str(out), "threads": 1}
    extras |= {"done": 0, "total": len(images)}
    watching = place / "python"
    watching.write_text(
        f'#!/bin/sh\nexec {shlex.join(watched([str(python)], place / "calls"))} "$@"\n'
    )
    watching.chmod(0o755)
    ran = Ran(WORKERS / "fastdup_features.py", python=watching, extras=extras, env={})
    return Extracted(images, out, ran.messages, place / "calls")


def test_fastdup_gives_features_of_files_with_any_name(extracted: Extracted) -> None:
    images, out = extracted.images, extracted.out
    features = np.load(out)
    hashes = out.with_name("features.npy.txt").read_text().split()
    info = json.loads(out.with_name("features.npy.json").read_text())
    [empty] = [h for h, path in images.items() if path.endswith("empty.jpg")]
    assert sorted(hashes) == sorted(set(images) - {empty})
    assert list(info["bad"]) == [empty]
    assert (features.shape, features.dtype) == ((len(hashes), 576), np.float32)
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1, rtol=1e-5)
    order = [hashes.index(f"{i:032x}") for i in range(3)]
    assert (features[order] @ features[order].T).min() > 0.9  # the same picture three times
    assert len(info["model_hash"]) == 64
    [message] = extracted.messages
    assert message == {**info, "bad": 1}


@needs_strace
def test_fastdup_and_what_it_starts_call_nobody(extracted: Extracted) -> None:
    assert called_by(extracted.calls) == []
