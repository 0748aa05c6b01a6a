"""Reading metrics.jsonl, whole or torn, to tables."""

import json

import pytest

from hoban_assets.errors import HobanError
from hoban_assets.training.metrics import COLUMNS, class_table, read_metrics, value_of


def line(class_name, metric, value, epoch=1, split="val_labelled", source="all"):
    values = (epoch, split, source, class_name, metric, value)
    return json.dumps(dict(zip(COLUMNS, values, strict=True))) + "\n"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text(
        line("all", "mAP50", 0.4)
        + line("person", "mAP50", 0.4)
        + line("person", "labels", 1200)
        + line("person", "mAP50", 0.9, source="coco")
        + line("person", "mAP50", 0.1, epoch=2)
    )
    return path


def test_a_torn_last_line_is_left_out(file):
    whole = read_metrics(file)
    with file.open("a") as handle:
        handle.write('{"epoch": 3, "spl')
    assert read_metrics(file).equals(whole)


def test_of_two_rows_with_one_key_the_last_counts(file):
    with file.open("a") as handle:
        handle.write(line("all", "mAP50", 0.7))
    assert value_of(read_metrics(file), "mAP50", 1) == 0.7
    assert len(read_metrics(file)) == 5


@pytest.mark.parametrize("content", [None, "", '{"epoch": 1'])
def test_no_whole_line_is_an_empty_table(tmp_path, content):
    path = tmp_path / "metrics.jsonl"
    if content is not None:
        path.write_text(content)
    assert list(read_metrics(path).columns) == COLUMNS
    assert read_metrics(path).empty


def test_damage_in_the_middle_is_an_error_that_names_the_file(file):
    file.write_text("garbage\n" + file.read_text())
    with pytest.raises(HobanError, match=r"metrics\.jsonl is damaged"):
        read_metrics(file)


def test_the_table_has_a_row_a_class_of_one_epoch_over_all_sources(file):
    table = class_table(read_metrics(file), 1)
    assert list(table.index) == ["all", "person"]
    assert table.mAP50.tolist() == [0.4, 0.4]
    assert table.labels["person"] == 1200


def test_a_value_that_was_not_measured_is_none(file):
    assert value_of(read_metrics(file), "recall", 1) is None
