"""Weights from anywhere are loaded as weights, never as the programs that a pickle can be."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from training_tools import WORKERS

TRY = """
import json, sys
from pathlib import Path
workers, folder, *files = sys.argv[1:]
sys.path.insert(0, workers)
from yolo_support import Failure, quiet
quiet(Path(folder))
from yolo_setup import import_ultralytics, load
ultralytics = import_ultralytics()
said = {}
for file in files:
    try:
        said[Path(file).name] = load(ultralytics, file).task
    except Failure as error:
        said[Path(file).name] = str(error)
ultralytics.YOLO("yolo26n.yaml").save(folder + "/good.pt")
said["good.pt"] = load(ultralytics, folder + "/good.pt").task
print(json.dumps(said))
"""


class Call:
    """Pickled as a call of `function` with `arguments`."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.fixture(scope="module")
def tried(tmp_path_factory) -> tuple[dict[str, str], Path]:
    import torch
    from torch.hub import load_state_dict_from_url

    folder = tmp_path_factory.mktemp("weights")
    mark = folder / "executed"
    hostile = {
        "system.pt": Call(os.system, f"touch {mark}"),
        "eval.pt": Call(eval, f"open({str(mark)!r}, 'w')"),
        "download.pt": Call(load_state_dict_from_url, "http://127.0.0.1:9/x.pt"),
    }
    for name, content in hostile.items():
        torch.save({"model": content}, folder / name)
    torch.save(
        {"model": hostile["system.pt"]}, folder / "old.pt", _use_new_zipfile_serialization=False
    )
    layer = f"[-1, 1, \"__import__('os').system('touch {mark}')\", [8]]"
    (folder / "hostile.yaml").write_text(f"nc: 4\nbackbone:\n  - {layer}\nhead: []\n")
    files = [str(folder / name) for name in (*hostile, "old.pt", "hostile.yaml")]
    told = subprocess.run(
        [sys.executable, "-c", TRY, str(WORKERS), str(folder), *files],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(told.stdout.splitlines()[-1]), mark


@pytest.mark.parametrize("name", ["system.pt", "eval.pt", "download.pt", "old.pt"])
def test_a_checkpoint_that_calls_anything_is_refused_by_name(tried, name):
    said, _ = tried
    assert "hold more than a model of Ultralytics" in said[name]
    assert "weights are programs" in said[name]


def test_what_it_would_have_called_is_told(tried):
    assert "posix.system" in tried[0]["system.pt"]


def test_a_model_file_that_is_evaluated_is_refused(tried):
    assert "cannot be loaded" in tried[0]["hostile.yaml"]


def test_nothing_of_it_ran(tried):
    assert not tried[1].exists()


def test_a_model_that_was_trained_here_is_loaded(tried):
    assert tried[0]["good.pt"] == "detect"
