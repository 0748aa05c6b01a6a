"""What bundle.json says is not believed: names stay in the folder, values are what is written."""

import json
import sys
from pathlib import Path

import pytest

SERVER = Path(__file__).parents[2] / "hoban_assets" / "handoff" / "on_server"
GOOD = {"bytes": 1, "sha256": "0" * 64, "mtime_ns": 10**18}


@pytest.fixture
def bundle_files(monkeypatch):
    monkeypatch.syspath_prepend(str(SERVER))
    import bundle_files

    yield bundle_files
    sys.modules.pop("bundle_files", None)


def bundle(**changed: object) -> dict[str, object]:
    files = {"plan.json": GOOD, "dataset/images/train/a.jpg": GOOD}
    whole = {"format": 1, "bundle": "b", "since": None, "run_key": "k", "files": files}
    return {**whole, **changed}


def read(bundle_files, folder: Path, text: str):
    (folder / "bundle.json").write_text(text, encoding="utf-8")
    return bundle_files.read_bundle(folder)


def test_a_bundle_of_ours_is_read(bundle_files, tmp_path):
    assert read(bundle_files, tmp_path, json.dumps(bundle())) == bundle()


@pytest.mark.parametrize(
    "name",
    [
        "../outside",
        "a/../../outside",
        "/etc/cron.d/x",
        "a//b",
        "",
        ".",
        "a\\..\\b",
        "a\x1b[2J",
        "\u202egpj",
    ],
)
def test_a_name_that_leads_out_or_is_no_plain_text_is_refused(bundle_files, tmp_path, name):
    with pytest.raises(bundle_files.Refused, match="not one that hoban wrote"):
        read(bundle_files, tmp_path, json.dumps(bundle(files={name: GOOD})))


@pytest.mark.parametrize(
    "changed",
    [
        {"bundle": "../../home"},
        {"bundle": 7},
        {"run_key": None},
        {"since": "a\nb"},
        {"files": {"a": None}},
        {"files": {"a": {**GOOD, "bytes": "1"}}},
        {"files": {"a": {**GOOD, "bytes": -1}}},
        {"files": {"a": {**GOOD, "sha256": "../../x"}}},
        {"files": {"a": {**GOOD, "mtime_ns": True}}},
    ],
)
def test_a_value_of_another_kind_is_refused(bundle_files, tmp_path, changed):
    with pytest.raises(bundle_files.Refused, match="not one that hoban wrote"):
        read(bundle_files, tmp_path, json.dumps(bundle(**changed)))


def test_what_is_nested_without_end_is_one_message(bundle_files, tmp_path):
    with pytest.raises(bundle_files.Refused, match="cannot be read"):
        read(bundle_files, tmp_path, "[" * 100_000 + "]" * 100_000)
