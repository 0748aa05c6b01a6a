"""A network that looks at photographs goes on where it was stopped; its worker says no early."""

import importlib
import json
import sys
from pathlib import Path

import pytest

import hoban_assets

WORKERS = Path(hoban_assets.__file__).parent / "workers"


@pytest.fixture
def worker(monkeypatch):
    monkeypatch.syspath_prepend(str(WORKERS))
    return importlib.import_module("yolo_teach")


@pytest.fixture(autouse=True)
def no_module_stays():
    yield
    for name in ("yolo_teach", "yolo_support", "_watchdog"):
        sys.modules.pop(name, None)


def found(file: str) -> str:
    return json.dumps({"file": file, "class_name": "a", "score": 0.5, "box": [0, 0, 1, 1]}) + "\n"


def mark(*files: str) -> str:
    return json.dumps({"looked_at": files}) + "\n"


def test_what_was_looked_at_is_kept_and_what_a_kill_cut_off_is_not(worker, tmp_path):
    part = tmp_path / "640.jsonl.part"
    part.write_text(found("a.jpg") + mark("a.jpg", "b.jpg") + found("c.jpg") + '{"looked_at": ["c.')
    assert worker._kept(part) == {"a.jpg", "b.jpg"}
    assert part.read_text() == found("a.jpg") + mark("a.jpg", "b.jpg")


def test_a_mark_that_was_not_written_to_its_end_does_not_count(worker, tmp_path):
    part = tmp_path / "640.jsonl.part"
    part.write_text(mark("a.jpg") + mark("b.jpg").rstrip("\n"))
    assert worker._kept(part) == {"a.jpg"}


def test_nothing_was_looked_at_yet(worker, tmp_path):
    assert worker._kept(tmp_path / "640.jsonl.part") == set()


@pytest.fixture(scope="module")
def one_size(tmp_path_factory):
    """A network for pictures of 160 x 160 pixels and no others."""
    from onnx import TensorProto, helper, save

    there, back = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 160, 160]) for name in "ab"
    )
    graph = helper.make_graph([helper.make_node("Relu", ["a"], ["b"])], "g", [there], [back])
    file = tmp_path_factory.mktemp("onnx") / "fixed.onnx"
    opsets = [helper.make_opsetid("", 17)]
    save(helper.make_model(graph, ir_version=8, opset_imports=opsets), str(file))
    return file


def test_an_onnx_of_one_size_is_no_second_opinion(worker, one_size):
    with pytest.raises(worker.Failure, match="looks at 160 pixels and at no other size"):
        worker._refuse_one_size(one_size, [160, 256])
    worker._refuse_one_size(one_size, [160])
    worker._refuse_one_size(one_size.with_suffix(".pt"), [160, 256])


def test_a_file_that_is_no_onnx_is_named(worker, tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"weights")
    with pytest.raises(worker.Failure, match="is no ONNX that can be run"):
        worker._refuse_one_size(tmp_path / "a.onnx", [160])


def test_an_onnx_without_its_runtime_is_refused_before_anything_is_imported(
    worker, tmp_path, monkeypatch
):
    monkeypatch.setattr(worker.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(worker.Failure, match="needs onnxruntime"):
        worker.teach({"weights": str(tmp_path / "a.onnx"), "run_dir": str(tmp_path)})
