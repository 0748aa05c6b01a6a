"""Two drawn folders of one pool: copies within and over them, equal files with other labels."""

from __future__ import annotations

import cv2
import numpy as np

from hoban_assets.formats.source import RawSource
from hoban_assets.pipeline.stage import Stage
from hoban_assets.settings import Settings

PLACES = ("hall", "stairs")
CLASSES = {"down": "fallen"}


class Scenes:
    """An engine that finds images of one scene similar: 'scene_copy' is the name of a file."""

    engine = "scenes"

    def __call__(self, samples):
        scene = samples.images.file.str.extract(r"(\d+)_\d+\.")[0].astype(int)
        features = np.zeros((len(scene), 400), np.float32)
        features[np.arange(len(scene)), scene] = 1
        return features


def pool(classes=CLASSES, **more) -> Stage:
    sources = tuple(RawSource(name, name, "yolo", classes) for name in PLACES)
    return Stage("pool", "", sources, sub_target=30, **more)


def drawn_pool(root, seed=0) -> Settings:
    """Draw them below ``raw``, broken rows among them."""
    draw = np.random.default_rng(seed)
    written = {}
    for number in range(150):
        folder = root / "raw" / PLACES[int(draw.integers(2))] / "train"
        for part in ("images", "labels"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        scene = int(draw.integers(80))
        data = cv2.imencode(".png", draw.integers(0, 255, (24, 32, 3), dtype=np.uint8))[1].tobytes()
        if scene in written and draw.random() < 0.3:
            data = written[scene]  # the very same bytes: one of the two may say otherwise
        written[scene] = data
        (folder / "images" / f"{scene}_{number}.png").write_bytes(data)
        rows = [f"0 0.5 0.5 0.{draw.integers(2, 5)} 0.3"] * int(draw.integers(1, 3))
        broken = ["0 0.5 0.5 nan 0.2"] if draw.random() < 0.2 else []
        other = ["1 0.2 0.2 0.1 0.1"] if draw.random() < 0.2 else []
        text = "\n".join([*rows, *broken, *other])
        (folder / "labels" / f"{scene}_{number}.txt").write_text(text)
    for name in PLACES:
        (root / "raw" / name / "data.yaml").write_text("names: [down, up]\n")
    env = {"HOBAN_RAW_ROOT": str(root / "raw"), "HOBAN_DATA_ROOT": str(root / "data")}
    return Settings.from_env({**env, "HOBAN_FEATURE_ENGINE": "thumbnail", "HOBAN_WORKERS": "1"})
