"""AI Hub 163: one JSON an image, heads only, classes 07 (helmet) and 08 (no helmet)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from hoban_assets.sample_data import scenes
from hoban_assets.sample_data.output import Output, jpeg
from hoban_assets.sample_data.scenes import Scene, Shot

SIZE = (480, 270)
FOLDERS = {True: "helmet_wearing", False: "helmet_not_wearing"}
CODES = {"helmet": ("07", "착용"), "bare": ("08", "미착용")}
FRAMES = 4
"""Frames of a clip."""


def annotation(kind: str, box: tuple[float, float, float, float]) -> dict[str, object]:
    """Return one entry of ``annotations`` for a head."""
    code, category = CODES[kind]
    return {
        "data ID": "S2",
        "middle classification": "01",
        "flags": {},
        "class": code,
        "box": [round(v) for v in box],
        "category": category,
    }


def label(stem: str, shot: Shot) -> dict[str, object]:
    """Return the JSON of an image: every head that can be seen, and nothing else."""
    height, width = shot.picture.shape[:2]
    return {
        "image": {
            "date": "20200914",
            "path": f"{stem[:-5]}00001",
            "filename": f"{stem}.jpg",
            "copyrighter": "",
            "H_DPI": 96,
            "V_DPI": 96,
            "location": "05",
            "bit": "24",
            "resolution": [width, height],
        },
        "annotations": [annotation(kind, box) for kind, box in shot.boxes("helmet", "bare")],
    }


def stem_of(clip: int, frame: int = 0) -> str:
    """File stem of a frame of a clip."""
    return f"S2-N{clip}M{101 + frame:05d}"


def head_scene(name: str, seed: int, number: int, helmet: bool) -> Scene:
    """Plan scene `number`: most heads within version 9's limits, some too small, few too large."""
    rng = scenes.rng_of(seed, name, "heads")
    count = int(rng.integers(1, 4))
    share = float(np.exp(rng.uniform(*np.log((0.028, 0.12) if helmet else (0.016, 0.1)))))
    if number % 12 == 5:  # far away: below 2 % (07) and 1 % (08)
        share = float(rng.uniform(0.006, 0.012) if helmet else rng.uniform(0.003, 0.006))
    elif number % 25 == 7:  # above 20 %, whatever the figure
        share, count = 0.3, 1
    helmets = [helmet] * count
    if count > 1 and number % 10 == 3:  # both classes in one picture
        helmets[-1] = not helmet
    return scenes.heads(name, seed, SIZE, helmets, share)


def write_pair(out: Output, folder: str, stem: str, shot: Shot) -> None:
    """Write image and label."""
    out.image(f"{folder}/images/{stem}.jpg", jpeg(shot.picture), shot)
    out.json(f"{folder}/labels/{stem}.json", label(stem, shot))


def _shots(seed: int, base: str, clip: int, images: int) -> Iterator[tuple[bool, str, Shot]]:
    for number in range(images):
        helmet = number % 2 == 0
        scene = head_scene(f"{base}/{number}", seed, number // 2, helmet)
        frames = FRAMES if number % 9 == 4 else 1
        for frame in range(frames):
            yield helmet, stem_of(clip + number, frame), scene.frame(frame * 2)


def write_folder(out: Output, seed: int, folder: str, images: int, clip: int) -> dict[str, int]:
    """Write `images` scenes below `folder`, every ninth as a clip.

    Args:
        out: where to.
        seed: of the tree.
        folder: holds helmet_wearing and helmet_not_wearing afterwards.
        images: distinct scenes.
        clip: number of the first clip; each scene has its own.

    Returns:
        Images of each class folder.
    """
    counts: Counter[str] = Counter()
    for helmet, stem, shot in _shots(seed, folder, clip, images):
        write_pair(out, f"{folder}/{FOLDERS[helmet]}", stem, shot)
        counts[FOLDERS[helmet]] += 1
    out.say(f"{folder}: {sum(counts.values())} images")
    return dict(counts)


def write_sources(out: Output, seed: int, sixty: int, twenty_one: int, thirty: int) -> None:
    """Write helmet_60k, helmet_21k (with its backgrounds) and helmet_30k."""
    counts = write_folder(out, seed, "helmet_60k/helmet_60k", sixty, 4601)
    _summary(out, "helmet_60k/helmet_60k/summary.json", counts)
    write_folder(out, seed, "helmet_21k", twenty_one, 3001)
    _backgrounds(out, seed, max(3, twenty_one // 8))
    training = write_folder(out, seed, "helmet_30k/training", thirty * 3 // 4, 2001)
    validation = write_folder(out, seed, "helmet_30k/validation", thirty - thirty * 3 // 4, 2501)
    summary = {"training": training, "validation": validation}
    _summary(out, "helmet_30k/helmet_30k.json", summary)


def _summary(out: Output, path: str, content: object) -> None:
    out.json(path, content)
    out.defect(path, "summary_json", None, "keep", "file", "holds counts only, no label")


def _backgrounds(out: Output, seed: int, images: int) -> None:
    """Empty scenes, and three 'backgrounds' that hold helmets below the area limit."""
    for number in range(images):
        stem = stem_of(3901 + number)
        scene = scenes.empty(f"helmet_21k/background/{number}", seed, SIZE)
        shot = scene.frame()
        out.image(f"helmet_21k/background/images/{stem}.jpg", jpeg(shot.picture), shot)
    for number, helmet in enumerate((True, False, True)):
        stem = stem_of(3951 + number)
        scene = scenes.heads(f"helmet_21k/trap/{number}", seed, SIZE, [helmet] * 2, 0.006)
        shot = scene.frame()
        image = f"helmet_21k/background/images/{stem}.jpg"
        labels = f"helmet_21k/{FOLDERS[helmet]}/labels/{stem}.json"
        out.image(image, jpeg(shot.picture), shot)
        out.json(labels, label(stem, shot))
        note = f"heads below the area limit are to be seen; the label lies at {labels}"
        out.defect(image, "background_with_heads", "background_has_label", "drop", "image", note)
