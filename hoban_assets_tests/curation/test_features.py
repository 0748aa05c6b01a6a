"""The feature store and the engine that needs no model."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from hoban_assets.curation.features import (
    THUMBNAIL_INFO,
    FeatureStore,
    MissingFeaturesError,
    engine_key,
    thumbnail_features,
)

INFO = {"engine": "fastdup", "version": "2.54", "model_hash": "abc"}


def rows(n: int, seed: int = 0, d: int = 8) -> np.ndarray:
    matrix = np.random.default_rng(seed).standard_normal((n, d))
    return (matrix / np.linalg.norm(matrix, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path, engine_key(INFO))


def shards(store: FeatureStore) -> list[Path]:
    return sorted(store.folder.rglob("*.npz"))


class TestStore:
    def test_gives_back_what_was_put_in(self, store: FeatureStore) -> None:
        matrix = rows(4)
        store.add(["a", "b"], matrix[:2], INFO)
        store.add(["c", "d"], matrix[2:], INFO)
        again = FeatureStore(store.folder, store.engine)
        np.testing.assert_array_equal(again.load(["d", "a", "a"]), matrix[[3, 0, 0]])
        assert again.load(["a"]).dtype == np.float32

    def test_names_what_is_missing_once_and_in_order(self, store: FeatureStore) -> None:
        assert store.missing(["b", "a", "b"]) == ["b", "a"]
        store.add(["a"], rows(1), INFO)
        assert store.missing(["c", "b", "a", "b"]) == ["c", "b"]

    def test_refuses_to_load_what_is_missing(self, store: FeatureStore) -> None:
        store.add(["a"], rows(1), INFO)
        with pytest.raises(MissingFeaturesError, match="2 of 3 images have no features") as caught:
            store.load(["a", "b", "c"])
        assert isinstance(caught.value, KeyError)
        assert caught.value.hashes == ["b", "c"]

    def test_keeps_what_it_has(self, store: FeatureStore) -> None:
        first, second = rows(2), rows(2, seed=1)
        store.add(["a", "b"], first, INFO)
        store.add(["b", "c"], second, INFO)
        np.testing.assert_array_equal(store.load(["a", "b", "c"]), [*first, second[1]])
        store.add(["a"], second[:1], INFO)
        assert len(shards(store)) == 2

    @pytest.mark.parametrize("change", ["engine", "version", "model_hash"])
    def test_never_mixes_models(self, store: FeatureStore, change: str) -> None:
        store.add(["a"], rows(1), INFO)
        other = FeatureStore(store.folder, engine_key({**INFO, change: "other"}))
        assert other.missing(["a"]) == ["a"]

    def test_engines_that_look_alike_as_folders_stay_apart(self, tmp_path: Path) -> None:
        FeatureStore(tmp_path, "a/b").add(["x"], rows(1), INFO)
        assert FeatureStore(tmp_path, "a:b").missing(["x"]) == ["x"]
        assert FeatureStore(tmp_path, "../../b").missing(["x"]) == ["x"]

    @pytest.mark.parametrize("damage", ["cut", "empty", "no archive", "one bit"])
    def test_leaves_a_damaged_shard_out(
        self, store: FeatureStore, damage: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        store.add(["a"], rows(1), INFO)
        [bad] = shards(store)
        store.add(["b"], rows(1, 1), INFO)
        data = bytearray(bad.read_bytes())
        if damage == "one bit":
            data[data.index(rows(1).tobytes())] ^= 1
        cut = {"cut": len(data) // 2, "empty": 0}.get(damage, len(data))
        bad.write_bytes(b"no archive" if damage == "no archive" else bytes(data[:cut]))
        assert store.missing(["a", "b"]) == ["a"]
        assert "damaged" in caplog.text and bad.name in caplog.text
        store.add(["a"], rows(1), INFO)
        np.testing.assert_array_equal(store.load(["a", "b"]), [*rows(1), *rows(1, 1)])

    def test_ignores_what_a_killed_writer_left(self, store: FeatureStore) -> None:
        store.add(["a"], rows(1), INFO)
        (shards(store)[0].parent / "x.123.tmp").write_bytes(b"half")
        assert store.missing(["a"]) == []

    @pytest.mark.parametrize(
        ("hashes", "matrix"),
        [
            (["a"], rows(2)),
            (["a", "a"], rows(2)),
            (["a"], rows(1)[0]),
            (["a"], rows(1) * np.nan),
        ],
    )
    def test_refuses_what_does_not_fit(
        self, store: FeatureStore, hashes: list[str], matrix: np.ndarray
    ) -> None:
        with pytest.raises(ValueError):
            store.add(hashes, matrix, INFO)

    def test_refuses_another_width(self, store: FeatureStore) -> None:
        store.add(["a"], rows(1), INFO)
        with pytest.raises(ValueError, match="9 numbers, the store has 8"):
            store.add(["b"], rows(1, d=9), INFO)


class TestThumbnail:
    def similarity(self, tmp_path: Path, *pictures: np.ndarray) -> np.ndarray:
        paths = [tmp_path / f"{i} [그림], x.png" for i in range(len(pictures))]
        for path, image in zip(paths, pictures, strict=True):
            path.write_bytes(cv2.imencode(".png", image)[1].tobytes())
        features = thumbnail_features(paths, workers=2)
        np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1, rtol=1e-5)
        return features @ features.T

    def scene(self, seed: int) -> np.ndarray:
        coarse = np.random.default_rng(seed).integers(30, 180, (6, 8, 3), np.uint8)
        return cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_CUBIC)

    def test_finds_copies_scaled_and_brightened(self, tmp_path: Path) -> None:
        one = self.scene(0)
        found = self.similarity(tmp_path, one, cv2.resize(one, (160, 120)), one + 20)
        assert found.min() > 0.99

    def test_tells_scenes_apart(self, tmp_path: Path) -> None:
        found = self.similarity(tmp_path, *(self.scene(i) for i in range(4)))
        assert (found - np.eye(4)).max() < 0.5

    def test_flat_pictures_are_like_each_other_only(self, tmp_path: Path) -> None:
        black, grey = np.zeros((50, 50), np.uint8), np.full((80, 60), 128, np.uint8)
        found = self.similarity(tmp_path, black, grey, self.scene(0))
        np.testing.assert_allclose(found, [[1, 1, 0], [1, 1, 0], [0, 0, 1]], atol=1e-6)

    def test_takes_a_jpeg_without_end_marker(self, tmp_path: Path) -> None:
        data = cv2.imencode(".jpg", self.scene(0))[1].tobytes()
        (tmp_path / "whole.jpg").write_bytes(data)
        (tmp_path / "no end.jpg").write_bytes(data[:-2])
        one, other = thumbnail_features([tmp_path / "whole.jpg", tmp_path / "no end.jpg"], 1)
        assert one @ other == pytest.approx(1)

    def test_names_a_file_that_does_not_decode(self, tmp_path: Path) -> None:
        (tmp_path / "bad.jpg").write_text("no image")
        with pytest.raises(ValueError, match=r"bad\.jpg does not decode"):
            thumbnail_features([tmp_path / "bad.jpg"], 1)

    def test_of_nothing_is_nothing(self) -> None:
        assert thumbnail_features([], 1).shape == (0, 577)

    def test_has_a_name_of_its_own(self) -> None:
        assert engine_key(THUMBNAIL_INFO).startswith("thumbnail-")
