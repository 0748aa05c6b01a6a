"""What a materialisation is made of: tables and a picture for the UI and for documents."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from hoban_assets.classes import BACKGROUND, CLASS_NAMES, COLOURS
from hoban_assets.language import Say, plain
from hoban_assets.samples import Samples


def composition(samples: Samples, say: Say = plain) -> pd.DataFrame:
    """Boxes of each class, and below it of each of its sources, the largest first.

    Columns: 'class, source', then 'train' and 'val', or before the split 'boxes'. 'background'
    counts images without labels. Few and short columns, as the UI cuts wider tables off.
    """
    images = samples.images[["image_id", "source", "split"]].fillna({"split": "boxes"})
    rows = images.merge(samples.labels[["image_id", "class_name"]], on="image_id", how="left")
    rows = rows.fillna({"class_name": BACKGROUND})
    sides = [side for side in ("train", "val", "boxes") if side in set(rows.split)]
    told = []
    for name in (*CLASS_NAMES, BACKGROUND):
        mine = rows[rows.class_name == name]
        counts = mine.groupby(["source", "split"]).size().unstack(fill_value=0)
        counts = counts.reindex(columns=sides, fill_value=0)
        counts = counts.loc[counts.sum(axis=1).sort_values(ascending=False, kind="stable").index]
        if len(counts):
            told.append({"class, source": say(name), **counts.sum().to_dict()})
        told += [{"class, source": f"· {s}", **c} for s, c in counts.to_dict("index").items()]
    return pd.DataFrame(told, columns=["class, source", *sides])


def stage_flow(stages: pd.DataFrame) -> pd.DataFrame:
    """`Ledger.table()` for the eye: stage, images and boxes before and after, seconds."""

    def flow(what: str) -> list[str]:
        before, after = stages[f"{what}_in"], stages[f"{what}_kept"]
        return [
            f"{b:,} → {a:,}" if a != b else f"{b:,}" for b, a in zip(before, after, strict=True)
        ]

    seconds = stages.seconds.round(2)
    columns = {"images": flow("images"), "boxes": flow("boxes"), "seconds": seconds}
    return pd.DataFrame({"stage": stages["stage"], **columns})


def decision_counts(samples: Samples) -> pd.DataFrame:
    """Number of decisions of each stage, rule and action, and what they took away."""
    if samples.decisions.empty:
        return pd.DataFrame(columns=["stage", "rule", "action", "count", "images", "boxes"])
    counts = samples.decisions.groupby(["stage", "rule", "action"], sort=False).agg(
        count=("image_id", "size"), images=("images_removed", "sum"), boxes=("boxes_removed", "sum")
    )
    return counts.reset_index()


def area_histogram(samples: Samples) -> str:
    """Markdown image: how large the labels of each class are, share of the image, log scale."""
    from matplotlib.figure import Figure

    labels = samples.labels
    figure = Figure(figsize=(6.4, 3.0), dpi=90)
    # Fixed margins: to measure every text for them takes as long as to draw the picture twice more.
    axes = figure.subplots(gridspec_kw={"left": 0.12, "right": 0.98, "bottom": 0.18, "top": 0.96})
    bins = np.logspace(-4, 0, 41).tolist()
    for index, name in enumerate(CLASS_NAMES):
        area = labels.area[labels.class_id == index]
        if len(area):
            label = f"{name} ({len(area):,})"
            axes.hist(area, bins=bins, histtype="step", lw=1.6, color=COLOURS[name], label=label)
    axes.set(xscale="log", xlabel="area of the box, share of the image", ylabel="boxes")
    if len(labels):
        axes.legend(fontsize=7, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return markdown_picture(buffer.getvalue(), "box areas")


def markdown_picture(picture: bytes, title: str, mime: str = "image/png") -> str:
    """Markdown image that needs no file beside it."""
    return f"![{title}](data:{mime};base64,{base64.b64encode(picture).decode()})"


def markdown_preview(file: Path, longest: int = 900) -> str:
    """Markdown image of a picture file, scaled down: metadata lies in Dagster's event log."""
    with Image.open(file) as picture:
        small = picture.convert("RGB")
        small.thumbnail((longest, longest))
        buffer = io.BytesIO()
        small.save(buffer, format="JPEG", quality=80)
    return markdown_picture(buffer.getvalue(), file.stem, "image/jpeg")
