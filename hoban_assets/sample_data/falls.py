"""The eight fall folders: YOLO rows, one class list each, the same photographs in several."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from hoban_assets.sample_data import scenes
from hoban_assets.sample_data.figures import Box
from hoban_assets.sample_data.output import Output, jpeg
from hoban_assets.sample_data.scenes import Drawn, Scene, Shot, clip
from hoban_assets.sample_data.textures import Size

KINDS = 4


def augmented(shot: Shot, kind: int) -> Shot:
    """Return a copy: 0 mirrored, 1 brighter, 2 turned by 4 degrees, 3 darker and mirrored."""
    height, width = shot.picture.shape[:2]
    if kind == 1:
        return Shot(cv2.convertScaleAbs(shot.picture, alpha=1.0, beta=22), shot.objects)
    if kind == 2:
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 4, 1)
    else:
        matrix = np.array([[-1.0, 0, width - 1], [0, 1, 0]])
    picture = cv2.warpAffine(shot.picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    if kind == 3:
        picture = cv2.convertScaleAbs(picture, alpha=0.85, beta=0)
    moved = (Drawn(o.kind, clip(_mapped(o.box, matrix), (width, height))) for o in shot.objects)
    return Shot(picture, tuple(moved))


def _mapped(box: Box, matrix: np.ndarray) -> Box:
    """Box around the moved corners of `box`."""
    x1, y1, x2, y2 = box
    corners = np.array([(x1, y1, 1), (x2, y1, 1), (x2, y2, 1), (x1, y2, 1)]) @ matrix.T
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


SIZES: tuple[Size, ...] = ((320, 240), (320, 320), (400, 300))
CLIP_FRAMES = 6


@dataclass(frozen=True)
class FallFolder:
    """One export. `classes` as data.yaml lists them; `kinds` what we draw to its class."""

    name: str
    classes: tuple[str, ...]
    kinds: dict[str, str]
    share: int
    """Scenes, in relation to the other folders."""

    @property
    def path(self) -> str:
        """Folder below the root."""
        return f"{self.name}.yolo26"

    def rows(self, shot: Shot) -> list[str]:
        """YOLO rows ``class x_center y_center width height`` of what this folder labels."""
        height, width = shot.picture.shape[:2]
        rows = []
        for kind, (x1, y1, x2, y2) in shot.boxes(*self.kinds):
            index = self.classes.index(self.kinds[kind])
            middle = f"{(x1 + x2) / 2 / width:.6f} {(y1 + y2) / 2 / height:.6f}"
            rows.append(f"{index} {middle} {(x2 - x1) / width:.6f} {(y2 - y1) / height:.6f}")
        return rows

    def yaml(self) -> str:
        """Content of data.yaml as Roboflow writes it."""
        parts = "train: ../train/images\nval: ../valid/images\ntest: ../test/images\n"
        return f"{parts}\nnc: {len(self.classes)}\nnames: {list(self.classes)}\n"


IP_CAMERA = FallFolder("fall detection ip camera.v3i", ("fall",), {"fallen": "fall"}, 5)
TRIPLED = FallFolder(
    "Fall Detection.v4-resized640_aug3x-accurate",
    ("Fall-Detected",),
    {"fallen": "Fall-Detected"},
    4,
)
V1 = FallFolder("Fall.v1i", ("10-", "down"), {"fallen": "down"}, 5)
V1_2 = FallFolder("fall.v1i (2)", ("fall",), {"fallen": "fall"}, 5)
V2 = FallFolder("fall.v2i", ("fall", "nofall"), {"fallen": "fall", "standing": "nofall"}, 3)
V3 = FallFolder("Fall.v3i", ("Fall-person", "fall"), {"fallen": "fall"}, 5)
V4 = FallFolder(
    "fall.v4i",
    ("falling", "standing", "sitting"),
    {"fallen": "falling", "standing": "standing", "sitting": "sitting"},
    5,
)
FALLEN = FallFolder(
    "fallen.v2i", ("1_standing", "2_fallen"), {"fallen": "2_fallen", "standing": "1_standing"}, 6
)
FOLDERS = (IP_CAMERA, TRIPLED, V1, V1_2, V2, V3, V4, FALLEN)


def digest(*parts: str) -> str:
    """32 hex digits, as Roboflow appends them after ``.rf.``."""
    text = "/".join(parts).encode()
    return "".join(f"{zlib.crc32(text, salt):08x}" for salt in range(4))


def part_of(name: str) -> str:
    """Choose train (7 of 10), valid or test by name."""
    return "train" if (at := zlib.crc32(name.encode()) % 10) < 7 else "valid" if at < 9 else "test"


def write_pair(
    out: Output, folder: FallFolder, part: str, name: str, data: bytes, rows: list[str],
    suffix: str = "jpg", shot: Shot | None = None,
) -> str:  # fmt: skip
    """Write image and label, and return the path of the label."""
    label = f"{folder.path}/{part}/labels/{name}.txt"
    out.image(f"{folder.path}/{part}/images/{name}.{suffix}", data, shot)
    out.write(label, "".join(f"{row}\n" for row in rows))
    return label


def fall_scene(name: str, seed: int, number: int, folder: FallFolder) -> Scene:
    """Plan scene `number`: one person lies; some too small, some above 70 % of the picture.

    In folders that have a class for it, three of four scenes show nobody who has fallen: of 917
    photographs of eight real folders 31 % show none, all of them in such folders.
    """
    rng = scenes.rng_of(seed, name, "fall")
    size = SIZES[rng.integers(len(SIZES))]
    long = (0.5, 0.9)
    others = [kind for kind in folder.kinds if kind != "fallen"]
    if others and number % 4:
        return scenes.no_fall(name, seed, size, (others[rng.integers(len(others))],))
    if number % 23 == 6:  # below 0.5 %
        long = (0.05, 0.07)
    elif number % 31 == 9:  # near or above 70 %
        return scenes.fall(name, seed, (320, 200), (1.5, 1.7))
    chosen = (others[rng.integers(len(others))],) if others and rng.random() < 0.3 else ()
    return scenes.fall(name, seed, size, long, chosen)


def photo_name(number: int, kind: int) -> str:
    """Name of a photograph before Roboflow's ``.rf.``."""
    patterns = ("fall{:03d}_jpg", "frame_{:d}_jpg", "rgb_{:04d}_png", "not-fallen{:03d}_jpg")
    return patterns[kind % 3].format(100 + number)


def _counts(images: int) -> Iterator[tuple[FallFolder, int]]:
    total = sum(folder.share for folder in FOLDERS)
    for folder in FOLDERS:
        yield folder, max(2, round(images * folder.share / total))


def write(out: Output, seed: int, images: int) -> None:
    """Write the eight folders: `images` scenes, and copies, clips and augmentations of them."""
    for at, (folder, count) in enumerate(_counts(images)):
        out.write(f"{folder.path}/data.yaml", yaml_of(folder))
        for number in range(count):
            key = f"falls/{folder.name}/{number}"
            scene = fall_scene(key, seed, number, folder)
            if folder in (IP_CAMERA, V3) and number % 6 == 1:
                _clip(out, folder, scene, number)
            else:
                base = photo_name(number + 100 * at, number)
                _photograph(out, folder, scene, base, number, FOLDERS[(at + 1) % len(FOLDERS)])
        out.say(f"{folder.path}: {count} scenes")


def yaml_of(folder: FallFolder) -> str:
    """data.yaml of a folder, in the odd forms that were seen."""
    if folder is V4:
        home = "D:\\datasets\\fall.v4i"
        parts = "".join(
            f"{key}: {home}\\{part}\\images\n"
            for key, part in (("train", "train"), ("val", "valid"), ("test", "test"))
        )
        return f"{parts}\nnc: {len(folder.classes)}\nnames: {list(folder.classes)}\n"
    if folder is V1_2:
        return folder.yaml().replace("../valid/images", "../train/images")
    if folder is V2:
        names = "".join(f"  {index}: {name}\n" for index, name in enumerate(folder.classes))
        return folder.yaml().partition("names:")[0] + f"names:\n{names}"
    return folder.yaml()


def _clip(out: Output, folder: FallFolder, scene: Scene, number: int) -> None:
    """Frames that follow each other, named as the UR Fall frames are, over all parts."""
    for frame in range(CLIP_FRAMES):
        shot = scene.frame(frame * 1.5)
        base = f"fall-{number:02d}-cam{number % 2}-rgb-{frame + 40:03d}_png"
        name = f"{base}.rf.{digest(folder.name, base)}"
        rows = folder.rows(shot)
        write_pair(out, folder, part_of(name), name, jpeg(shot.picture), rows, shot=shot)


def _photograph(
    out: Output, folder: FallFolder, scene: Scene, base: str, number: int, other: FallFolder
) -> None:
    """One photograph: alone, as a family of augmentations, or copied to the folder `other`."""
    shot = scene.frame()
    name = base.rpartition("_")[0] if number % 11 == 8 else f"{base}.rf.{digest(folder.name, base)}"
    data = jpeg(shot.picture)
    write_pair(out, folder, part_of(base), name, data, folder.rows(shot), shot=shot)
    if folder is TRIPLED or number % 7 == 3:
        for turn in range(2):
            copy = augmented(shot, turn + 2 * (number % 2))
            name = f"{base}.rf.{digest(folder.name, base, str(turn))}"
            rows, picture = folder.rows(copy), jpeg(copy.picture)
            write_pair(out, folder, part_of(name), name, picture, rows, shot=copy)
    same, encoded = number % 6 == 2, number % 6 == 5
    if same or encoded:  # byte by byte, or saved once more; often in another part
        name = f"{base}.rf.{digest(other.name, base)}"
        copy_data = data if same else jpeg(shot.picture, quality=78)
        write_pair(out, other, part_of(name), name, copy_data, other.rows(shot), shot=shot)
