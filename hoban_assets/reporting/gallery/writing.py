"""Galleries: photographs with their boxes drawn, as JPEG files and one page, in one folder.

`reports/gallery/<asset>/<partition>/<class>-<order>/` holds ``01_<name>.jpg ...`` and
``index.html``. A folder is always replaced whole: no old picture stays among new ones.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hoban_assets.catalog.asked import Ask, Row
from hoban_assets.classes import BACKGROUND, COLOURS
from hoban_assets.errors import HobanError
from hoban_assets.language import speaker
from hoban_assets.reporting.gallery.choice import Shown, Wanted, choose, holding
from hoban_assets.reporting.gallery.drawing import Mark, Style, annotated, open_upright
from hoban_assets.reporting.gallery.pictures import UNREADABLE, Gallery, Picture, raw_file
from hoban_assets.reporting.gallery.rules import choose_by_rule
from hoban_assets.reporting.report import Report, save
from hoban_assets.saying import Say
from hoban_assets.settings import Settings
from hoban_assets.units import area_text
from hoban_assets.whole_folders import put_in_place

Progress = Callable[[int, int], None]


def chosen(ask: Ask, wanted: Wanted) -> list[Shown]:
    """Choose the photographs of a gallery; HobanError where there are none."""
    return choose(ask, wanted) if wanted.rule is None else choose_by_rule(ask, wanted)


def classes_with_images(ask: Ask, asset: str, partition: str) -> list[str]:
    """Return the classes that an asset can show, background last."""
    return list(holding(ask, asset, partition).images)


def draw_gallery(
    settings: Settings, wanted: Wanted, images: Sequence[Shown], progress: Progress | None = None
) -> Gallery:
    """Draw the photographs and replace the gallery's folder by them.

    An image whose raw file is gone or unreadable is left out. Where none can be drawn the old
    folder stays.

    Raises:
        HobanError: none could be drawn, or the reports would lie below the raw root.
    """
    from hoban_assets.reporting.gallery.page import gallery_page, overview_page

    folder = settings.reports / "gallery" / wanted.folder
    refuse_below_raw(folder, settings.raw_root)
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        pictures, left_out = _draw_all(settings, images, new, progress)
        if not pictures:
            raise HobanError(
                f"none of {len(images)} images could be drawn; {left_out[0]}",
                "does HOBAN_RAW_ROOT name the folder that the asset was built from? "
                "What became of an image says: hoban why IMAGE",
            )
        gallery = Gallery(wanted, folder, tuple(pictures), tuple(left_out))
        (new / "index.html").write_text(
            gallery_page(gallery, new, settings.language), encoding="utf-8"
        )
        new.chmod(0o755)  # mkdtemp makes it private
        put_in_place(new, folder)
        above = folder.parent
        save(
            above / "index.html",
            overview_page(above, wanted.asset, wanted.partition, settings.language),
        )
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return gallery


def write_gallery(
    settings: Settings,
    partition: str,
    log: Callable[[str], None],
    asset: str,
    count: int = 10,
) -> Report:
    """Draw a gallery of each class of an asset, for its report asset in the Dagster UI.

    Raises:
        HobanError: there is no catalog, or not one picture could be drawn.
    """
    from hoban_assets.catalog.answers import asking
    from hoban_assets.reporting.gallery.contact_sheets import sheets_of

    say = speaker(settings.language)
    with asking(settings.catalog_path, settings.catalog_wait) as ask:
        names = classes_with_images(ask, asset, partition)
        wanted = [Wanted(asset, partition, name, count=count) for name in names]
        choice = {w: chosen(ask, w) for w in wanted}
    drawn, failed = [], []
    for one, images in choice.items():
        try:
            drawn.append(made := draw_gallery(settings, one, images))
        except HobanError as error:
            failed.append(str(error))
            log(str(error))
            continue
        for line in made.left_out:
            log(line)
        log(f"{one.class_name}: {len(made.pictures)} -> {made.folder}")
    if not drawn:
        why = failed[0] if failed else say("it has no images")
        raise HobanError(f"no picture of {asset} [{partition}]: {why}", "build the asset first")
    above = drawn[0].folder.parent
    sheets = sheets_of(
        {g.wanted.class_name: [p.shown for p in g.pictures] for g in drawn}, settings
    )
    preview = "\n\n".join([f"`{above / 'index.html'}`", *sheets.values()])
    pictures = {f"pictures/{g.wanted.class_name}": len(g.pictures) for g in drawn}
    return Report((above / "index.html", *(g.page for g in drawn)), preview, pictures)


def file_name(number: int, image_id: str) -> str:
    """``01_<name>``: sorts as shown, and any system takes it; Korean stays."""
    stem = image_id.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    safe = re.sub(r"[^\w.-]+", "_", stem).strip("._")[:60] or "image"
    return f"{number:02d}_{safe}"


def _draw_all(
    settings: Settings, images: Sequence[Shown], folder: Path, progress: Progress | None
) -> tuple[list[Picture], list[str]]:
    say = speaker(settings.language)

    def one(number: int, shown: Shown) -> Picture | str:
        name = file_name(number, shown.image_id)
        try:
            file = _draw(settings, shown, folder / f"{name}.jpg")
        except UNREADABLE as error:
            return say("left out: {image}: {why}", image=shown.image_id, why=_why(error, say))
        kept = None
        if shown.witness is not None:
            try:
                kept = _draw(settings, shown.witness, folder / f"{name}.kept.jpg")
            except UNREADABLE:
                kept = None  # the removed image still tells something
        return Picture(shown, file, kept)

    pictures, left_out = [], []
    with ThreadPoolExecutor(max(1, min(8, settings.workers))) as pool:
        done = pool.map(one, range(1, len(images) + 1), images)
        for number, result in enumerate(done, 1):
            if isinstance(result, Picture):
                pictures.append(result)
            else:
                left_out.append(result)
            if progress is not None:
                progress(number, len(images))
    return pictures, left_out


def _draw(settings: Settings, shown: Shown, target: Path) -> Path:
    picture = open_upright(raw_file(settings.raw_root, shown.file or shown.image_id))
    drawn = annotated(picture, marks_of(shown, settings.language))
    drawn.save(target, quality=88)
    return target


def _why(error: Exception, say: Say) -> str:
    if isinstance(error, FileNotFoundError):
        return say("{file} is not there", file=error.filename)
    return str(error) or type(error).__name__


def refuse_below_raw(folder: Path, raw_root: Path) -> None:
    """HobanError where a folder that is to be written lies below the raw root."""
    if folder.resolve().is_relative_to(raw_root.resolve()):
        raise HobanError(
            f"{folder} lies below the raw root, where nothing is ever written",
            "set HOBAN_DATA_ROOT to a folder outside HOBAN_RAW_ROOT",
        )


CROWD = 8
"""Above so many boxes of one class their names are left out: the colour says it."""


def marks_of(shown: Shown, language: str) -> list[Mark]:
    """What is to be drawn on an image: the class in question strongly, the rest thin or dashed."""
    say = speaker(language)
    alone = len({b["class_name"] for b in shown.boxes if b["strong"]}) == 1
    many = alone and sum(b["strong"] for b in shown.boxes) > CROWD
    return [_mark(box, say(box["class_name"]), many) for box in shown.boxes]


def _mark(box: Row, name: str, many: bool) -> Mark:
    half_width, half_height = box["width"] / 2, box["height"] / 2
    style: Style = "strong" if box["strong"] else "dashed" if box["ignore"] else "thin"
    area = area_text(box["area"])
    texts = {"strong": area if many else f"{name} {area}", "thin": name, "dashed": ""}
    return Mark(
        left=box["x_center"] - half_width,
        top=box["y_center"] - half_height,
        right=box["x_center"] + half_width,
        bottom=box["y_center"] + half_height,
        colour=COLOURS.get(box["class_name"], COLOURS[BACKGROUND]),
        text=texts[style],
        short=area if style == "strong" else "",
        style=style,
    )
