"""`hoban calibrate`: what an engine finds among given photographs."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from cli_runs import run_hoban

from hoban_assets.curation import calibration
from hoban_assets.curation.calibration import CHANGES, changed, judged, same_moment
from hoban_assets.curation.copies.turns import TURNS, turned
from hoban_assets.errors import HobanError


@pytest.fixture
def album(tmp_path, monkeypatch):
    monkeypatch.setenv("HOBAN_DATA_ROOT", str(tmp_path / "data"))
    monkeypatch.setenv("HOBAN_RAW_ROOT", str(tmp_path / "nothing"))
    monkeypatch.setenv("HOBAN_LANG", "en")
    folder = tmp_path / "앨범 [1]"
    folder.mkdir()
    for seed in range(10):
        write(folder / f"{seed}.png", photograph(seed))
    return folder


def photograph(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    picture = cv2.resize(rng.integers(60, 170, (4, 5, 3), np.uint8), (320, 240))
    for x, y in rng.integers(0, 300, (90, 2)).tolist():
        colour = [int(c) for c in rng.integers(20, 200, 3)]
        cv2.rectangle(picture, (x, y), (x + 24, y + 18), colour, -1)
    return cv2.GaussianBlur(picture, (3, 3), 0)  # as a lens does: no edge is one pixel wide


def write(file: Path, picture: np.ndarray) -> None:
    file.write_bytes(cv2.imencode(file.suffix, picture)[1].tobytes())


def at(told: dict, threshold: float) -> dict:
    return next(row for row in told["thresholds"] if row["threshold"] == threshold)


def test_copies_finds_what_thumbnail_cannot_see(album, monkeypatch):
    few = {name: CHANGES[name] for name in ("turned", "cropped", "recompressed")}
    monkeypatch.setattr(calibration, "CHANGES", few)
    copies = json.loads(run_hoban("calibrate", "copies", album, "--count", 10, "--json"))
    thumbnail = json.loads(run_hoban("calibrate", "thumbnail", album, "--count", 10, "--json"))
    assert copies["photographs"] == thumbnail["photographs"] == 10
    assert at(copies, 0.9)["precision"] == 1
    assert at(copies, 0.9)["recall"] > 0.95
    assert at(thumbnail, 0.9)["by_change"]["turned"] == 0
    assert at(thumbnail, 0.9)["by_change"]["recompressed"] == 1


def test_the_table_ends_in_a_sentence_and_what_cannot_be_seen(album, monkeypatch):
    text = run_hoban("calibrate", "thumbnail", album)
    assert "At 0.9, " in text and "% of the copies are found" in text
    assert text.rstrip().endswith(
        "thumbnail cannot see copies that are turned, mirrored or cropped"
    )
    monkeypatch.setenv("HOBAN_LANG", "ko")
    assert "0.9에서는 복사본의" in run_hoban("calibrate", "thumbnail", album)


@pytest.mark.parametrize(
    ("arguments", "problem", "way_out"),
    [
        (["copy", "."], "no engine 'copy'", "did you mean copies"),
        (["copies"], "nothing does not exist", "give a folder"),
        (["copies", "nowhere-at-all"], "no folder", ""),
    ],
)
def test_bad_input_is_one_message_with_the_way_out(album, arguments, problem, way_out):
    with pytest.raises(HobanError) as caught:
        run_hoban("calibrate", *arguments)
    assert problem in caught.value.problem
    assert way_out in caught.value.way_out


def test_too_few_photographs_are_counted_without_broken_and_equal_ones(album):
    (album / "0.png").write_bytes(b"broken")
    (album / "1.png").write_bytes((album / "2.png").read_bytes())
    with pytest.raises(HobanError, match="holds 8 readable photographs, 10 are needed"):
        run_hoban("calibrate", "copies", album)


def test_a_missing_fastdup_is_said_before_anything_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("HOBAN_FASTDUP_PYTHON", str(tmp_path / "no-venv"))
    with pytest.raises(HobanError, match="no-venv does not exist") as caught:
        run_hoban("calibrate", "fastdup", tmp_path / "no folder")
    assert "HOBAN_FEATURE_ENGINE=copies" in caught.value.way_out


@pytest.mark.parametrize("turn", TURNS)
def test_a_turned_frame_of_the_same_moment_is_no_mistake_but_another_picture_is(turn):
    thumbnails = np.random.default_rng(0).standard_normal((2, 5, 5)).astype(np.float32)
    three = np.stack([thumbnails[0], turned(thumbnails[0], turn), thumbnails[1]]).reshape(3, -1)
    three -= three.mean(axis=1, keepdims=True)
    three /= np.linalg.norm(three, axis=1, keepdims=True)
    three = np.pad(three, ((0, 0), (0, 1)))
    assert same_moment(three).tolist() == [[True, True, False]] * 2 + [[False, False, True]]


def test_precision_and_recall_are_counted_without_near_frames():
    # two photographs, one change; the copy of the second is missed, and they look alike
    similarity = np.array([[1, 0.95, 0.97, 0.2], [0.95, 1, 0.2, 0.5]])
    alone = np.eye(2, dtype=bool)
    [row] = judged(similarity, ["mirrored"], alone, grid=[0.9])
    assert (row.precision, row.recall, row.wrong) == (0.5, 0.5, 1)
    [row] = judged(similarity, ["mirrored"], np.ones((2, 2), bool), grid=[0.9])
    assert (row.precision, row.wrong, dict(row.by_change)) == (1, 0, {"mirrored": 0.5})


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_the_same_each_time_and_changes_the_file(change):
    picture = photograph(0)
    assert changed(picture, change, 3) == changed(picture, change, 3) != picture.tobytes()


def test_frames_of_one_moment_are_told_and_bound_the_precision_from_below():
    # Photographs 0 and 1 show one moment; their copies (the second block) are found crosswise.
    similarity = np.array([[1, 0.95, 0.99, 0.93], [0.95, 1, 0.92, 0.98]])
    (row,) = judged(similarity, ["mirrored"], np.ones((2, 2), bool), [0.9])
    assert (row.precision, row.recall, row.wrong) == (1, 1, 0)
    assert row.same_moment == 3
    assert row.least_precision == 2 / 5
