"""Image features by fastdup, in fastdup's own environment. Started through Dagster Pipes.

Only the features are taken (``run_mode=1``); which images are duplicates is decided elsewhere,
exactly. Extras:

``input``     JSON file: content hash -> absolute path of an image with that content
``work_dir``  folder for this run only; fastdup writes there
``out``       .npy to write: float32 [n, 576], rows of length 1
``threads``   threads for fastdup
``total``     images of the whole extraction, of which this run is one part; ``done`` of them before

fastdup says nothing while it works, so it is given pieces, the first one small: after a few
seconds the log says how many minutes the whole takes, and then after every piece.

Beside ``out`` come ``<out>.txt`` (the hash of each row, one a line) and ``<out>.json``: engine,
version, model_hash (SHA-256 of the model file), dimensions, images, seconds, and `bad`, the
images that have no features with fastdup's error code. What the JSON says, without the list of
`bad`, is reported as a custom message too.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import _watchdog  # type: ignore[import-not-found]
import numpy as np
from dagster_pipes import PipesContext, open_dagster_pipes

# Before fastdup is imported: afterwards it has sent its hello, and asked for a newer version.
os.environ["SENTRY_OPT_OUT"] = os.environ["FASTDUP_PRODUCTION"] = "1"

DIMENSIONS = 576
FEATURES = "atrain_features.dat"
BAD_FILES = "atrain_features.bad.csv"
PARAMETERS = "run_stats=0,run_cc=0,run_pagerank=0"
FIRST_PIECE = 64
PIECE = 500
"""Images that fastdup gets at a time, at first and then: some seconds of work."""


def main() -> None:
    """Read the extras, extract, write, report."""
    _watchdog.start()
    with open_dagster_pipes() as pipes:
        import fastdup

        start = time.monotonic()
        images = json.loads(Path(pipes.get_extra("input")).read_text(encoding="utf-8"))
        work_dir, out = Path(pipes.get_extra("work_dir")), Path(pipes.get_extra("out"))
        threads = int(pipes.get_extra("threads"))
        pipes.log.info(f"fastdup {fastdup.__version__}: features of {len(images):,} images")
        links = make_links(images, work_dir / "images")
        hashes, matrix, bad = in_pieces(pipes, fastdup, links, work_dir, threads)
        if bad:  # fastdup's decoder knows less than ours: once more, as plain pictures
            again = make_plain({h: links[h] for h in bad}, work_dir / "plain")
            more, rows, still_bad = extract(fastdup, again, work_dir / "again", threads)
            hashes, matrix = [*hashes, *more], np.concatenate([matrix, rows])
            bad = {h: still_bad.get(h, error) for h, error in bad.items() if h not in set(more)}
        info = {
            "engine": "fastdup",
            "version": fastdup.__version__,
            "model_hash": hashlib.sha256(Path(fastdup.model_path_full).read_bytes()).hexdigest(),
            "dimensions": DIMENSIONS,
            "images": len(hashes),
            "seconds": round(time.monotonic() - start, 2),
        }
        np.save(out, normalised(matrix))
        beside(out, ".txt").write_text("\n".join(hashes), encoding="utf-8")
        beside(out, ".json").write_text(json.dumps({**info, "bad": bad}), encoding="utf-8")
        pipes.log.info(f"features of {len(hashes):,} images in {info['seconds']} s, {len(bad)} bad")
        pipes.report_custom_message({**info, "bad": len(bad)})


def beside(out: Path, suffix: str) -> Path:
    """Return the path of a file that belongs to `out`."""
    return out.with_name(out.name + suffix)


def make_links(images: Mapping[str, str], folder: Path) -> dict[str, Path]:
    """Link each image under a name of plain characters, its content hash; raw stays untouched.

    fastdup passes names through lists and CSV files, where commas, quotes and line ends hurt.
    """
    folder.mkdir(parents=True)
    links = {}
    for content_hash, path in images.items():
        suffix = Path(path).suffix.lower()
        plain = suffix if re.fullmatch(r"\.[a-z0-9]{1,5}", suffix) else ".jpg"
        links[content_hash] = folder / f"{content_hash}{plain}"
        links[content_hash].symlink_to(path)
    return links


def make_plain(images: Mapping[str, Path], folder: Path) -> dict[str, Path]:
    """Write those of `images` that Pillow can decode as upright RGB PNG."""
    from PIL import Image, ImageOps

    folder.mkdir(parents=True)
    plain = {}
    for content_hash, path in images.items():
        # A file that cannot be decoded stays in the list of bad ones, with fastdup's error.
        with contextlib.suppress(Exception), Image.open(path) as image:
            target = folder / f"{content_hash}.png"
            ImageOps.exif_transpose(image).convert("RGB").save(target)
            plain[content_hash] = target
    return plain


def in_pieces(
    pipes: PipesContext, fastdup: Any, images: Mapping[str, Path], work_dir: Path, threads: int
) -> tuple[list[str], np.ndarray, dict[str, str]]:
    """Run `extract` on one piece after the other, and tell how it goes."""
    start = time.monotonic()
    before = int(pipes.get_extra("done"))
    total = max(int(pipes.get_extra("total")), len(images))
    hashes: list[str] = []
    rows = [np.empty((0, DIMENSIONS), np.float32)]
    bad: dict[str, str] = {}
    done = 0
    for number, piece in enumerate(pieces(list(images))):
        part = {h: images[h] for h in piece}
        more, matrix, worse = extract(fastdup, part, work_dir / f"piece-{number}", threads)
        hashes.extend(more)
        rows.append(matrix)
        bad |= worse
        done += len(piece)
        rate = done / max(time.monotonic() - start, 1e-6)
        pipes.log.info(progress_text(before + done, total, rate))
    return hashes, np.concatenate(rows), bad


def pieces(hashes: list[str]) -> Iterator[list[str]]:
    """Cut a list into a small first piece and larger further ones."""
    yield hashes[:FIRST_PIECE]
    for start in range(FIRST_PIECE, len(hashes), PIECE):
        yield hashes[start : start + PIECE]


def progress_text(done: int, total: int, rate: float) -> str:
    """Say how far it is and how long the rest takes; `rate` in images a second."""
    seconds = (total - done) / rate
    left = f"about {seconds / 60:,.0f} minutes" if seconds >= 90 else f"about {seconds:,.0f} s"
    return f"features: {done:,} of {total:,} images, {rate:,.0f}/s, {left} left"


def extract(
    fastdup: Any, images: Mapping[str, Path], work_dir: Path, threads: int
) -> tuple[list[str], np.ndarray, dict[str, str]]:
    """Run fastdup on `images` (hash -> plainly named file).

    Returns:
        Hashes of the images that have features, their features (float32 [n, 576], not
        normalised) in that order, and hash -> error code of the others.
    """
    if not images:
        return [], np.empty((0, DIMENSIONS), np.float32), {}
    work_dir.mkdir(parents=True)
    listing = work_dir.with_suffix(".txt")
    listing.write_text("".join(f"{path}\n" for path in images.values()), encoding="utf-8")
    status = fastdup.run(
        input_dir=str(listing),
        work_dir=str(work_dir),
        run_mode=1,
        num_threads=threads,
        turi_param=PARAMETERS,
    )
    errors = {
        Path(row["filename"]).stem: row["error_code"] for row in read_csv(work_dir / BAD_FILES)
    }
    if status != 0 and len(errors) < len(images):
        raise RuntimeError(f"fastdup returned {status}; its files are in {work_dir}")
    hashes = [Path(row["filename"]).stem for row in read_csv(work_dir / f"{FEATURES}.csv")]
    data = work_dir / FEATURES
    matrix = np.fromfile(data, "<f4") if hashes else np.empty(0, np.float32)
    if len(matrix) != len(hashes) * DIMENSIONS:
        raise RuntimeError(f"{data} holds {len(matrix)} numbers for {len(hashes)} images")
    bad = {h: errors.get(h, "NO_FEATURES") for h in images if h not in set(hashes)}
    return hashes, matrix.reshape(-1, DIMENSIONS), bad


def normalised(matrix: np.ndarray) -> np.ndarray:
    """Scale rows to length 1, so that a dot product is the cosine similarity."""
    lengths = np.linalg.norm(matrix.astype(np.float64), axis=1, keepdims=True)
    return (matrix / np.maximum(lengths, 1e-12)).astype(np.float32)


def read_csv(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file; none where fastdup did not write it."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


if __name__ == "__main__":
    main()
