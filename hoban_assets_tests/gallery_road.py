"""A small raw tree with pictures and a catalog over it, whose answers are known by hand."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from hoban_assets.catalog.store import Build, Catalog, Run
from hoban_assets.classes import CLASS_IDS
from hoban_assets.samples import Samples
from hoban_assets.settings import Settings

HELMET, BARE, PERSON, FALLEN = CLASS_IDS
GREY = (128, 128, 128)


def settings_of(root: Path, language: str = "en") -> Settings:
    return Settings.from_env(
        {
            "HOBAN_RAW_ROOT": str(root / "raw"),
            "HOBAN_DATA_ROOT": str(root / "data"),
            "HOBAN_LANG": language,
        }
    )


def photograph(file: Path, size: tuple[int, int] = (640, 480), orientation: int = 1) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif[274] = orientation
    Image.new("RGB", size, GREY).save(file, exif=exif, quality=95)


def box(image_id: str, name: str, area: float, row: int = 0, ignore: bool = False) -> dict:
    side = area**0.5
    return {
        "image_id": image_id,
        "class_id": CLASS_IDS[name],
        "class_name": name,
        "x_center": 0.5,
        "y_center": 0.5,
        "width": side,
        "height": side,
        "area": area,
        "origin": "human",
        "ignore": ignore,
        "row": row,
    }


def samples(
    image_ids: list[str],
    boxes: list[dict],
    decisions: list[dict] | None = None,
    size: tuple[int, int] = (640, 480),
) -> Samples:
    def columns(rows: list[dict]) -> dict[str, list]:
        return {key: [row.get(key) for row in rows] for key in (rows[0] if rows else {})}

    return Samples.of(
        {
            "image_id": image_ids,
            "source": [i.split("/")[0] for i in image_ids],
            "file": image_ids,
            "width": [size[0]] * len(image_ids),
            "height": [size[1]] * len(image_ids),
        },
        columns(boxes),
        columns(decisions or []),
    )


def recorded(root: Path, made: Samples, asset: str = "helmet_60k", **more: object) -> Catalog:
    catalog = Catalog(root / "data" / "catalog.duckdb", deadline=5)
    catalog.record(asset, "sub", Build(asset, samples=made, **more), Run("run", "code"))  # type: ignore[arg-type]
    return catalog
