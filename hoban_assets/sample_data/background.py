"""background/images: places without people, some as clips, and two that are no background."""

from __future__ import annotations

from hoban_assets.sample_data import aihub, scenes
from hoban_assets.sample_data.falls import digest
from hoban_assets.sample_data.output import Output, jpeg

SIZES = ((400, 300), (480, 270), (320, 240))
ROOT = "background"


def write(out: Output, seed: int, images: int) -> None:
    """Write `images` empty scenes, every eighth as a clip of four frames, and the trap."""
    for number in range(images):
        scene = scenes.empty(f"{ROOT}/{number}", seed, SIZES[number % len(SIZES)])
        for frame in range(4 if number % 8 == 5 else 1):
            base = f"adl-{number:02d}-cam{number % 2}-rgb-{frame + 4:03d}_png"
            name = f"{base}.rf.{digest(ROOT, base)}"
            shot = scene.frame(frame * 3)
            out.image(f"{ROOT}/images/{name}.jpg", jpeg(shot.picture), shot)
    for number in range(2):
        stem = aihub.stem_of(7001 + number)
        shot = scenes.heads(f"{ROOT}/trap/{number}", seed, aihub.SIZE, [True, False], 0.005).frame()
        path = f"{ROOT}/images/{stem}.jpg"
        out.image(path, jpeg(shot.picture), shot)
        out.json(f"{ROOT}/labels/{stem}.json", aihub.label(stem, shot))
        note = f"heads below the area limit are to be seen; the label is labels/{stem}.json"
        out.defect(path, "background_labelled", "background_has_label", "drop", "image", note)
    out.say(f"{ROOT}: {images} scenes")
