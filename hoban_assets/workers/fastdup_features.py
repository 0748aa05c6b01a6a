"""Image features by fastdup, in fastdup's own environment. Started through Dagster Pipes.

Only the features are taken (``run_mode=1``); which images are duplicates is decided elsewhere,
exactly. Extras:

``input``     JSON file: content hash -> absolute path of an image with that content
``work_dir``  folder for this run only; fastdup writes there
``out``       .npy to write: float32 [n, 576], rows of length 1
``threads``   threads for fastdup

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
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import _watchdog  # type: ignore[import-not-found]
import numpy as np
from dagster_pipes import PipesContext, open_dagster_pipes

os.environ["SENTRY_OPT_OUT"] = "1"  # before fastdup is imported: afterwards it has sent its hello

DIMENSIONS = 576
FEATURES = "atrain_features.dat"
BAD_FILES = "atrain_features.bad.csv"
PARAMETERS = "run_stats=0,run_cc=0,run_pagerank=0"
PROGRESS_SECONDS = 10.0


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
        hashes, matrix, bad = extract(pipes, fastdup, links, work_dir / "first", threads)
        if bad:  # fastdup's decoder knows less than ours: once more, as plain pictures
            again = make_plain({h: links[h] for h in bad}, work_dir / "plain")
            more, rows, still_bad = extract(pipes, fastdup, again, work_dir / "second", threads)
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


def extract(
    pipes: PipesContext, fastdup: Any, images: Mapping[str, Path], work_dir: Path, threads: int
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
    with progress(pipes, work_dir / FEATURES, len(images)):
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


@contextlib.contextmanager
def progress(pipes: PipesContext, features: Path, total: int) -> Iterator[None]:
    """Log from time to time how many rows fastdup has written."""
    done = threading.Event()
    start = time.monotonic()

    def report() -> None:
        while not done.wait(PROGRESS_SECONDS):
            rows = (features.stat().st_size if features.exists() else 0) // (4 * DIMENSIONS)
            rate = rows / (time.monotonic() - start)
            left = f", {rate:,.0f}/s, {(total - rows) / rate:,.0f} s left" if rows else ""
            pipes.log.info(f"features: {rows:,} of {total:,} images{left}")

    thread = threading.Thread(target=report, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


if __name__ == "__main__":
    main()
