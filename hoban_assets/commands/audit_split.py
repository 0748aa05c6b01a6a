"""`hoban audit-split`: how much of a val is also in its train, by content."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hoban_assets.commands.app import LOOK, app, here, nearest
from hoban_assets.commands.comparing import copies_among, features_here
from hoban_assets.commands.inspect import gathered_from
from hoban_assets.commands.options import AsJson, Partition
from hoban_assets.commands.printing import print_json, show_blocks, tell_page
from hoban_assets.settings import SIMILAR, Settings

if TYPE_CHECKING:
    import numpy as np

    from hoban_assets.curation.similarity import SimilarityGraph
    from hoban_assets.samples import Samples

ENGINES = ("thumbnail", "copies")
ONE_GROUP = (
    "No picture can be val: all are near-copies or frames of one another. Take val from "
    "another place."
)
_DATASET = re.compile(r"dataset_v\d+\w*")


@app.command("audit-split", rich_help_panel=LOOK)
def audit_split(
    folder: Annotated[
        str,
        typer.Argument(
            metavar="FOLDER_OR_DATASET",
            help="A folder with a split of its own (train, val ...), or a dataset: dataset_v9.",
        ),
    ],
    similarity: Annotated[
        float, typer.Option(min=0.5, max=1.0, help="From which two images are near-copies.")
    ] = SIMILAR,
    partition: Partition = "sub",
    engine: Annotated[
        str | None,
        typer.Option(
            help="What compares the pictures: thumbnail or copies. HOBAN_FEATURE_ENGINE by "
            "default, and thumbnail where that is fastdup."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find near-copies over the split of a folder or dataset, and what a clean split would be.

    Writes a page with the worst pairs, and clean_split.csv: where each image is and should be.
    Nothing in the folder is changed.

    Example: hoban audit-split "data/raw/fall.v2i.yolo26"
    """
    from hoban_assets.curation.engines import blindness
    from hoban_assets.reporting.split_audit.audit import audit, write_listing
    from hoban_assets.reporting.split_audit.page import with_shares, write_page

    settings, say = here()
    used = settings.feature_engine if engine is None else nearest(engine, ENGINES, "engine")
    used = used if used in ENGINES else ENGINES[0]
    if _DATASET.fullmatch(folder) and not Path(folder).exists():
        name, place, raw_root = folder, f"{folder}-{partition}", settings.raw_root
        samples, part = _dataset(folder, partition, settings)
    else:
        name, raw_root, samples, part = _folder(folder, settings)
        place = _place(name, raw_root, settings)
    paths = [raw_root / file for file in samples.images.file]
    similar = _compared(paths, similarity, used, settings)
    made = audit(name, samples, part, similar, similarity, used)
    home = settings.reports / "audit-split" / place
    listing = write_listing(made, home)
    page = write_page(made, raw_root, home, settings.language)
    blind = blindness(used)
    if as_json:
        print_json({"page": str(page), "list_file": str(listing), "blind": blind, **made.as_json()})
        return
    show_blocks([with_shares(made.parts, say)])
    for leak in made.worst[:5]:
        typer.echo(f"  {leak.similarity:.3f}  {leak.file}  =  {leak.train_file}")
    typer.echo(f"\n{say(blind)}")
    typer.echo("\n" + say("The clean split that would come out") + "\n")
    show_blocks([with_shares(made.clean, say)])
    if not made.images["val"]:
        typer.echo("\n" + say(ONE_GROUP))
    typer.echo(f"\n{listing}")
    tell_page(page)


def _folder(text: str, settings: Settings) -> tuple[str, Path, Samples, np.ndarray]:
    """Name, raw root, rows and parts of a folder."""
    from hoban_assets.reporting.split_audit.audit import parts_of, usable

    target, gathered = gathered_from(text, settings)
    found = usable(gathered)
    return target.source.folder, target.raw_root, found.samples, parts_of(found)


def _dataset(name: str, partition: str, settings: Settings) -> tuple[Samples, np.ndarray]:
    """Rows and parts of the current build of a dataset."""
    from hoban_assets.catalog.store import Catalog

    catalog = Catalog(settings.catalog_path, deadline=settings.catalog_wait)
    samples = catalog.load(name, partition).without_decisions()
    return samples, samples.images.split.to_numpy(str)


def _compared(
    paths: list[Path], similarity: float, engine: str, settings: Settings
) -> SimilarityGraph:
    from hoban_assets.curation.engines import refuse_below
    from hoban_assets.curation.similarity import similarity_graph

    refuse_below(engine, similarity)
    if engine == "thumbnail":
        return similarity_graph(features_here(paths, engine, settings), similarity)
    return copies_among(paths, settings)


def _place(folder: str, root: Path, settings: Settings) -> str:
    """Name of a report's folder: two folders of one name do not overwrite each other's."""
    if root == settings.raw_root:
        return folder.replace("/", "__")
    mark = hashlib.sha256(str((root / folder).resolve()).encode()).hexdigest()[:8]
    return f"{Path(folder).name}-{mark}"
