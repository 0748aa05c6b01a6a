"""`hoban calibrate`: what a feature engine finds among the user's own photographs."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hoban_assets.commands.app import LOOK, app, here, nearest
from hoban_assets.commands.comparing import copies_among, features_here
from hoban_assets.commands.options import AsJson
from hoban_assets.commands.printing import print_json, progress_bar, show_blocks
from hoban_assets.errors import HobanError
from hoban_assets.settings import FEATURE_ENGINES, SIMILAR, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from hoban_assets.curation.calibration import AtThreshold
    from hoban_assets.language import Say
    from hoban_assets.reporting.blocks import Block

LEAST = 10
"""Photographs below which shares say nothing."""


@app.command(rich_help_panel=LOOK)
def calibrate(
    engine: Annotated[str, typer.Argument(help=f"One of {', '.join(FEATURE_ENGINES)}.")],
    folder: Annotated[
        str | None, typer.Argument(metavar="FOLDER", help="Photographs; else HOBAN_RAW_ROOT.")
    ] = None,
    count: Annotated[
        int, typer.Option(min=LEAST, help="Photographs to choose; seven copies are made of each.")
    ] = 100,
    as_json: AsJson = False,
) -> None:
    """Make copies of your photographs, look for them, and say what each threshold means.

    Copies are mirrored, turned, cropped to 80 %, recompressed, brighter, darker, smaller. Nothing
    is written beside your photographs.

    Example: hoban calibrate copies data/raw/coco
    """
    from hoban_assets.curation.calibration import CHANGES, judged, same_moment
    from hoban_assets.curation.features import thumbnail_features
    from hoban_assets.pipeline.engines import engine_of

    settings, say = here()
    nearest(engine, FEATURE_ENGINES, "engine")
    settings = replace(settings, feature_engine=engine)
    full_name = engine_of(settings)  # a missing fastdup is said before anything is read
    root = _folder(folder, settings)
    with tempfile.TemporaryDirectory(prefix="hoban-calibrate-") as name:
        files = _with_copies(root, Path(name), count, list(CHANGES))
        n = len(files) // (1 + len(CHANGES))
        similarity = _similarity(files, n, settings, Path(name))
        thumbnails = thumbnail_features(files[:n], settings.workers)
    near = same_moment(thumbnails)
    rows = judged(similarity, list(CHANGES), near)
    near_pairs = (int(near.sum()) - n) // 2
    if as_json:
        data = {"engine": full_name, "photographs": n, "near_pairs": near_pairs}
        print_json({**data, "thresholds": [asdict(row) for row in rows]})
        return
    show_blocks(_document(rows, full_name, n, near_pairs, say))


def _folder(text: str | None, settings: Settings) -> Path:
    from hoban_assets.commands.targets import folder_of

    if text is not None:
        return folder_of(text, settings)
    if not settings.raw_root.is_dir():
        raise HobanError(
            f"the raw root {settings.raw_root} does not exist",
            "give a folder of photographs: hoban calibrate copies FOLDER",
        )
    return settings.raw_root


def _with_copies(root: Path, work: Path, count: int, changes: list[str]) -> list[Path]:
    """Photographs as chosen, then a block of copies a change, in the same order: all files.

    Raises:
        HobanError: fewer than `LEAST` files are readable photographs.
    """
    import cv2
    import numpy as np

    from hoban_assets.curation.calibration import changed
    from hoban_assets.samples import stable_shares
    from hoban_assets.suffixes import is_image

    files = (p for p in root.rglob("*") if is_image(p.name))
    found = sorted(p for p in files if p.is_file() and p.stat().st_size)
    order = np.argsort(stable_shares([str(p.relative_to(root)) for p in found]), kind="stable")
    originals: list[Path] = []
    copies: list[list[Path]] = [[] for _ in changes]
    seen: set[bytes] = set()
    with progress_bar("making copies") as progress:
        for place in order.tolist():
            data = found[place].read_bytes()
            picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            if picture is None or min(picture.shape[:2]) < 32 or data in seen:
                continue
            seen.add(data)
            originals.append(found[place])
            for block, change in zip(copies, changes, strict=True):
                file = work / f"{len(originals):05d}-{change}.jpg"
                file.write_bytes(changed(picture, change, seed=len(originals)))
                block.append(file)
            progress(len(originals), min(count, len(found)))
            if len(originals) == count:
                break
    if len(originals) < LEAST:
        raise HobanError(
            f"{root} holds {len(originals)} readable photographs, {LEAST} are needed",
            "give a folder with more photographs: hoban calibrate ENGINE FOLDER",
        )
    return [*originals, *(file for block in copies for file in block)]


def _similarity(files: list[Path], n: int, settings: Settings, work: Path) -> np.ndarray:
    """Similarity of the first `n` files to all: float32 [n, files]."""
    import numpy as np

    if settings.feature_engine == "fastdup":
        return _of_rows(_fastdup(files, settings, work), n)
    if settings.feature_engine == "thumbnail":
        return _of_rows(features_here(files, "thumbnail", settings), n)
    from hoban_assets.curation.copies.proving import FLOOR

    graph = copies_among(files, settings)
    result = np.zeros((n, len(files)), np.float32)
    for block in graph.between(np.arange(n), np.arange(len(files)), FLOOR):
        result[block.i, block.j] = block.similarity
    return result


def _of_rows(rows: np.ndarray, n: int) -> np.ndarray:
    return rows[:n] @ rows.T


def _fastdup(files: list[Path], settings: Settings, work: Path) -> np.ndarray:
    """Features by fastdup's worker, as a stage gets them; the cache is a folder of this run."""
    import dagster as dg
    import numpy as np
    import xxhash

    from hoban_assets.components.extractor import Extractor
    from hoban_assets.samples import Samples

    ids = [str(place) for place in range(len(files))]
    pool = Samples.of(
        images={
            "image_id": ids,
            "source": ["calibrate"] * len(files),
            "file": [str(file) for file in files],
            "width": [1] * len(files),
            "height": [1] * len(files),
            "content_hash": [xxhash.xxh3_128_hexdigest(file.read_bytes()) for file in files],
        }
    )
    own = replace(settings, data_root=work / "data")
    got: list[np.ndarray] = []

    @dg.asset
    def features(context):  # type: ignore[no-untyped-def] # dg is not known at module level
        got.append(np.asarray(Extractor(own, context)(pool)))
        return dg.MaterializeResult()

    features_only = dg.define_asset_job("features_only", selection=[features])
    with dg.DagsterInstance.ephemeral() as instance:
        dg.Definitions(assets=[features], jobs=[features_only]).resolve_job_def(
            "features_only"
        ).execute_in_process(instance=instance)
    return got[0]


def _document(
    rows: list[AtThreshold], engine: str, n: int, near_pairs: int, say: Say
) -> Iterator[Block]:
    from hoban_assets.curation.engines import blindness
    from hoban_assets.reporting.blocks import Heading, Paragraph, table

    copies = n * len(rows[0].by_change)
    text = "{engine}: {photographs} photographs, {copies} copies made of them"
    yield Heading(1, say(text, engine=engine, photographs=n, copies=copies))
    columns = {name: name for name in ("threshold", "precision", "recall")}
    columns |= {"wrong": "wrong pairs"} | {change: change for change in rows[0].by_change}
    yield table([{**asdict(row), **row.by_change} for row in rows], columns, say)
    common = next(row for row in rows if row.threshold == SIMILAR)
    yield Paragraph(
        say(
            "At {threshold}, {recall} % of the copies are found, and {precision} % of what is "
            "found are copies.",
            threshold=SIMILAR,
            recall=f"{100 * common.recall:.1f}",
            precision=f"{100 * common.precision:.1f}",
        )
    )
    yield Paragraph(
        say(
            "{pairs} pairs of photographs look like frames of one moment; they count as "
            "neither. At {threshold}, {hits} pairs of them or their copies are found: if each "
            "were a mistake, precision would be {least} %.",
            pairs=near_pairs,
            threshold=SIMILAR,
            hits=common.same_moment,
            least=f"{100 * common.least_precision:.1f}",
        )
    )
    yield Paragraph(say(blindness(engine)))
