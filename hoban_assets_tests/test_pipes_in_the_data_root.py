"""A pipe where a small file of the data root was: nothing waits for a writer that never comes."""

import os

import pytest

from hoban_assets.catalog.answers import asking
from hoban_assets.corrections.log import read_log
from hoban_assets.errors import HobanError
from hoban_assets.evaluation.confidences import STORED, stored
from hoban_assets.publish.reports import what_is_wrong
from hoban_assets.training.metrics import read_metrics
from hoban_assets.workers.yolo_support import damaged

pytestmark = pytest.mark.timeout(30)


def test_of_the_corrections(tmp_path):
    os.mkfifo(tmp_path / "log.jsonl")
    with pytest.raises(HobanError, match="no regular file"):
        read_log(tmp_path / "log.jsonl")


def test_of_the_catalog(tmp_path):
    os.mkfifo(tmp_path / "catalog.duckdb")
    with (
        pytest.raises(HobanError, match="no regular file"),
        asking(tmp_path / "catalog.duckdb", 2) as ask,
    ):
        ask("SELECT 1")


def test_of_a_run(tmp_path):
    for name in ("finished.json", STORED, "metrics.jsonl"):
        os.mkfifo(tmp_path / name)
    assert damaged(tmp_path) == "finished.json is no regular file"
    assert stored(tmp_path) is None
    assert read_metrics(tmp_path / "metrics.jsonl").empty


def test_of_a_published_tree(tmp_path):
    os.mkfifo(tmp_path / "manifest.parquet")
    assert what_is_wrong(tmp_path, content=True)


def test_deep_rows_and_odd_confidences_are_none(tmp_path):
    (tmp_path / "log.jsonl").write_text("[" * 100_000 + "\n")
    with pytest.raises(HobanError, match=r"line 1 of .* is no correction"):
        read_log(tmp_path / "log.jsonl")
    for text in ("[]", "null", "[" * 100_000, '{"values": 1, "chosen_on": 2, "usual": 3}'):
        (tmp_path / STORED).write_text(text)
        assert stored(tmp_path) is None
