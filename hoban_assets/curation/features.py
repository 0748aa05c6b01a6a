"""Image features by content: a store that computes nothing twice, and an engine without fastdup.

A feature belongs to the bytes of a file, not to its name: copies of a photograph share one.
Features of different engines, versions or models never mix, as each has a folder of its own.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import xxhash
from filelock import FileLock

from hoban_assets.files import written

THUMBNAIL_SIDE = 24
THUMBNAIL_INFO: Mapping[str, Any] = {
    "engine": "thumbnail",
    "version": "1",
    "model_hash": f"grey-{THUMBNAIL_SIDE}x{THUMBNAIL_SIDE}-area-zncc",
}
COPIES_INFO: Mapping[str, Any] = {
    "engine": "copies",
    "version": "1",
    "model_hash": "grey-64-corners-4x32",
}
FLAT_DEVIATION = 1.0
"""Grey levels (standard deviation) up to which a thumbnail shows nothing but coding noise."""

_log = logging.getLogger(__name__)


class MissingFeaturesError(KeyError):
    """Features were asked for that the store does not hold."""

    def __init__(self, hashes: Sequence[str], wanted: int) -> None:
        """Say how many are missing and name one."""
        self.hashes = list(hashes)
        super().__init__(f"{len(hashes)} of {wanted} images have no features, e.g. {hashes[0]}")


@dataclass(frozen=True)
class FeatureStore:
    """Features of one model, keyed by content hash; append-only shards in `folder`.

    A shard is one .npz file (hashes, matrix, info, checksum) that is written under another name
    and renamed, so a reader or a killed writer never leaves half of one. A damaged shard is
    logged and left out: its images count as missing and are computed again.

    `engine` names engine, version and model, e.g. from `engine_key`; it becomes a folder name.
    """

    folder: Path
    engine: str
    _read: dict[tuple[str, int, int], tuple[list[str], int]] = field(
        default_factory=dict, compare=False, repr=False
    )
    """Hashes and width of shards that were read, by name, time and size: none is ever changed."""

    @cached_property
    def _home(self) -> Path:
        safe = "".join(c if c.isalnum() or c in "._-" else "_" for c in self.engine)
        return self.folder / f"{safe}-{xxhash.xxh3_64_hexdigest(self.engine.encode())[:8]}"

    def missing(self, hashes: Collection[str]) -> list[str]:
        """Return those of `hashes` that have no features yet, each once, in their order."""
        known = self._index()
        return [h for h in dict.fromkeys(hashes) if h not in known]

    def add(self, hashes: Sequence[str], matrix: np.ndarray, info: Mapping[str, Any]) -> None:
        """Remember `matrix` (float32 or uint8 [n, d]) for `hashes` (n, distinct).

        Hashes that are there already keep what they have. `info` is stored beside (JSON).

        Raises:
            ValueError: shapes do not fit each other or the store, or a value is not finite.
        """
        kept_as = np.uint8 if np.asarray(matrix).dtype == np.uint8 else np.float32
        matrix = np.ascontiguousarray(matrix, kept_as)
        if matrix.ndim != 2 or len(matrix) != len(hashes) or len(set(hashes)) != len(hashes):
            raise ValueError(f"{len(hashes)} hashes for features of shape {matrix.shape}")
        if not np.isfinite(matrix).all():
            raise ValueError("features must be finite")
        self._home.mkdir(parents=True, exist_ok=True)
        with FileLock(self._home / "lock"):
            known = self._index()
            new = np.array([h not in known for h in hashes], dtype=bool)
            if not new.any():
                return
            width = next((shard.width for shard, _ in known.values()), matrix.shape[1])
            if width != matrix.shape[1]:
                raise ValueError(f"features have {matrix.shape[1]} numbers, the store has {width}")
            self._write(np.array(hashes, dtype=np.str_)[new], matrix[new], info)

    def load(self, hashes: Sequence[str]) -> np.ndarray:
        """Return the features of `hashes` (repeats allowed) as they were added: [n, d], in order.

        Beside the result one shard at a time is in memory.

        Raises:
            MissingFeaturesError: (a KeyError) some are not there; says how many.
        """
        known = self._index()
        lacking = [h for h in dict.fromkeys(hashes) if h not in known]
        if lacking:
            raise MissingFeaturesError(lacking, len(hashes))
        if not len(hashes):
            return np.empty((0, 0), np.float32)
        wanted: dict[_Shard, list[tuple[int, int]]] = {}
        for place, content_hash in enumerate(hashes):
            shard, row = known[content_hash]
            wanted.setdefault(shard, []).append((place, row))
        result = np.empty((0, 0), np.float32)
        for shard, places in wanted.items():
            to, of = np.array(places).T
            matrix = _content(shard.path)[1]
            if not len(result):
                result = np.empty((len(hashes), shard.width), matrix.dtype)
            result[to] = matrix[of]
        return result

    def _write(self, hashes: np.ndarray, matrix: np.ndarray, info: Mapping[str, Any]) -> None:
        target = self._home / f"{uuid.uuid4().hex}.npz"
        with written(target) as new, new.open("wb") as stream:
            np.savez(
                stream,
                hashes=hashes,
                matrix=matrix,
                info=np.array(json.dumps({**info, "store": self.engine})),
                checksum=np.array(_checksum(hashes, matrix)),
            )

    def _index(self) -> dict[str, tuple[_Shard, int]]:
        """Every hash of the store: its shard and its row there."""
        index: dict[str, tuple[_Shard, int]] = {}
        for path in sorted(self._home.glob("*.npz")):
            hashes, width = self._hashes(path)
            shard = _Shard(path, width)
            for row, content_hash in enumerate(hashes):
                index.setdefault(content_hash, (shard, row))
        return index

    def _hashes(self, path: Path) -> tuple[list[str], int]:
        """Hashes of one shard and its width; none where it is damaged."""
        look = path.stat()
        key = (path.name, look.st_mtime_ns, look.st_size)
        if key not in self._read:
            try:
                hashes, matrix = _content(path)
                self._read[key] = hashes.tolist(), matrix.shape[1]
            except Exception as error:  # zip and npy readers raise whatever broken bytes lead to
                _log.warning("features in %s are damaged and are left out: %s", path, error)
                self._read[key] = [], 0
        return self._read[key]


class _Shard(NamedTuple):
    path: Path
    width: int


def _content(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Hashes and features of a shard.

    Raises:
        ValueError: its checksum differs; other errors where its bytes are broken.
    """
    with np.load(path, allow_pickle=False) as shard:
        hashes, matrix = shard["hashes"], shard["matrix"]
        if str(shard["checksum"]) != _checksum(hashes, matrix):
            raise ValueError("checksum differs")
        return hashes, matrix


def _checksum(hashes: np.ndarray, matrix: np.ndarray) -> str:
    digest = xxhash.xxh3_128(np.ascontiguousarray(matrix).tobytes())
    digest.update("\n".join(hashes.tolist()).encode())
    return f"{matrix.shape}-{digest.hexdigest()}"


def engine_key(info: Mapping[str, Any]) -> str:
    """Name of engine, version and model, from what a worker reported."""
    return f"{info['engine']}-{info['version']}-{info['model_hash']}"


def thumbnail_features(paths: Sequence[Path], workers: int) -> np.ndarray:
    """Features without a model: the picture as a small grey thumbnail, mean taken away.

    The dot product of two rows is then the zero-mean normalised cross-correlation of the
    thumbnails, blind to brightness and contrast. It finds copies, re-encodings and still frames;
    it knows no content, so fastdup's features find more.

    The last number is 0 but for flat pictures (all one grey within `FLAT_DEVIATION`), which have
    no correlation: they get that axis to themselves, are similar to each other and to nothing
    else.

    Returns:
        float32 [n, THUMBNAIL_SIDE**2 + 1], rows of length 1, in the order of `paths`.

    Raises:
        ValueError: a file does not decode; image facts sort such files out before.
    """
    with ThreadPoolExecutor(max(1, workers)) as pool:
        rows = list(pool.map(_thumbnail, paths))
    return np.stack(rows) if rows else np.empty((0, THUMBNAIL_SIDE**2 + 1), np.float32)


def _thumbnail(path: Path) -> np.ndarray:
    data = path.read_bytes()
    # A JPEG without its end marker counts as decodable (see formats/image_probe.py).
    grey = cv2.imdecode(np.frombuffer(data + b"\xff\xd9", np.uint8), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise ValueError(f"{path} does not decode")
    small = cv2.resize(
        grey.astype(np.float32), (THUMBNAIL_SIDE, THUMBNAIL_SIDE), interpolation=cv2.INTER_AREA
    ).ravel()
    vector = np.zeros(THUMBNAIL_SIDE**2 + 1, np.float32)
    if small.std() <= FLAT_DEVIATION:
        vector[-1] = 1.0
    else:
        centred = small - small.mean(dtype=np.float64)
        vector[:-1] = centred / np.linalg.norm(centred)
    return vector
