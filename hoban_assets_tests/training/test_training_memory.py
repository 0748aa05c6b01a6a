"""Out of memory ends in one message with the batch, the image size, and what to change."""

import json
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import dagster as dg
import pytest
from road import failure_of
from training_tools import SITE, WORKERS, plan_for

from hoban_assets.components.common import step
from hoban_assets.settings import Settings
from hoban_assets.training import trainer

PATCHES = SITE.parent / "patches"

ARGUMENTS = {"batch": 16, "imgsz": 640, "workers": 8, "epochs": 30, "device": ""}


@pytest.fixture
def worker(monkeypatch):
    monkeypatch.syspath_prepend(str(WORKERS))
    import yolo_setup
    import yolo_support

    return SimpleNamespace(explained=yolo_setup.explained, support=yolo_support)


@pytest.fixture
def run(worker, tmp_path):
    folder = worker.support.RunFolder(tmp_path / "run")
    folder.kept.mkdir(parents=True)
    return folder


def trained(run, epoch, *, stop=False):
    for name in (f"last-{epoch}.pt", "best-1.pt"):
        (run.kept / name).touch()
    state = {"epoch": epoch, "best_epoch": 1, "stop": stop, "resumed": []}
    run.progress.write_text(json.dumps(state))


def on_gpu():
    import torch

    return torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB\nGPU 0 has ...")


SHORT_OF_MEMORY = """
import os, sys
sys.path[:0] = [{workers!r}, {patches!r}]
os.environ["HOBAN_TEST_OOM"] = "1"
import out_of_memory, yolo_train
sys.exit(yolo_train.main())
"""


def test_a_step_ends_in_one_message_and_with_the_batch_that_was_asked_for(
    tmp_path, squares, monkeypatch
):
    """Ultralytics would halve the batch in the first epoch, up to three times, and train on."""
    script = tmp_path / "yolo_train.py"
    script.write_text(SHORT_OF_MEMORY.format(workers=str(WORKERS), patches=str(PATCHES)))
    monkeypatch.setattr(trainer, "WORKER", script)
    plan = plan_for(tmp_path, squares)

    @dg.asset
    def model(context: dg.AssetExecutionContext) -> None:
        with step():
            trainer.LocalTrainer(Settings.from_env()).train(context, plan)

    with dg.DagsterInstance.ephemeral() as instance:
        ended = dg.materialize([model], instance=instance, raise_on_error=False)
        logged = [record.user_message for record in instance.all_logs(ended.run_id)]
    message = failure_of(ended)
    assert message.startswith(
        "the GPU ran out of memory with batch 4 at image size 64 "
        "(CUDA out of memory. Tried to allocate 2.00 GiB)"
    )
    assert "lower HOBAN_BATCH to 2" in message
    assert "no epoch was finished yet" in message
    assert "Traceback" not in message
    assert not [line for line in logged if "Reducing to batch" in line or line.startswith("epoch")]


def test_in_training_the_way_out_names_the_next_batch_and_what_goes_on_without_a_change(
    worker, run
):
    trained(run, 12)
    failure = worker.explained(on_gpu(), run, ARGUMENTS)
    assert failure.problem == (
        "the GPU ran out of memory with batch 16 at image size 640 "
        "(CUDA out of memory. Tried to allocate 2.00 GiB)"
    )
    assert "lower HOBAN_BATCH to 8, then HOBAN_IMAGE_SIZE (now 640)" in failure.way_out
    assert "it goes on after epoch 12" in failure.way_out


def test_a_batch_of_one_is_not_lowered(worker, run):
    failure = worker.explained(on_gpu(), run, {**ARGUMENTS, "batch": 1})
    assert failure.way_out.startswith("lower HOBAN_IMAGE_SIZE (now 640)")


@pytest.mark.parametrize("epoch_and_stop", [(30, False), (17, True)])
def test_in_the_evaluation_nothing_has_to_be_trained_again(worker, run, epoch_and_stop):
    epoch, stop = epoch_and_stop
    trained(run, epoch, stop=stop)
    failure = worker.explained(on_gpu(), run, ARGUMENTS)
    assert "in the evaluation, with batch 16 at image size 640" in failure.problem
    assert "only the evaluation is repeated" in failure.way_out
    assert "HOBAN_DEVICE=cpu" in failure.way_out


@pytest.mark.parametrize(
    "text",
    ["CUBLAS_STATUS_ALLOC_FAILED when calling", "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR"],
)
def test_other_words_for_it_are_understood(worker, run, text):
    assert (
        "the GPU ran out of memory" in worker.explained(RuntimeError(text), run, ARGUMENTS).problem
    )


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: ...")]
)
def test_of_the_machine_it_says_to_load_with_fewer_processes(worker, run, error):
    trained(run, 3)
    failure = worker.explained(error, run, ARGUMENTS)
    assert "this machine ran out of memory with batch 16 at image size 640" in failure.problem
    assert failure.way_out.startswith("lower HOBAN_WORKERS")
    assert "it goes on after epoch 3" in failure.way_out


KILLED_LOADER = """
import os, signal, torch
from torch.utils.data import DataLoader, Dataset
class Images(Dataset):
    def __len__(self): return 4
    def __getitem__(self, index): os.kill(os.getpid(), signal.{signal})
try:
    list(DataLoader(Images(), num_workers=1))
except RuntimeError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("name", "said"), [("SIGKILL", "runs out of memory then"), ("SIGBUS", "/dev/shm")]
)
def test_a_loading_process_that_the_system_killed_is_told_from_a_bug(worker, run, name, said):
    """With PyTorch's own words for it."""
    words = {"SIGKILL": "Killed", "SIGBUS": "Bus error"}[name]
    error = RuntimeError(f"DataLoader worker (pid 7) is killed by signal: {words}. ")
    failure = worker.explained(error, run, ARGUMENTS)
    assert said in failure.problem
    assert "with batch 16 at image size 640 and 8 of them" in failure.problem
    assert "lower HOBAN_WORKERS" in failure.way_out
    assert ("--shm-size" in failure.way_out) == (name == "SIGBUS")


def test_those_are_pytorch_s_words(worker, run):
    code = KILLED_LOADER.format(signal="SIGKILL")
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    failure = worker.explained(RuntimeError(ended.stdout), run, ARGUMENTS)
    assert "a process that loads images was ended by the system" in failure.problem


@pytest.mark.parametrize(
    "error",
    [
        ValueError("bug"),
        RuntimeError("Caught IndexError in DataLoader worker process 0.\nTraceback ..."),
        RuntimeError("DataLoader worker (pid 7) is killed by signal: Segmentation fault. "),
    ],
)
def test_other_errors_stay_what_they_are(worker, run, error):
    assert worker.explained(error, run, ARGUMENTS) is None


def test_a_worker_that_runs_out_in_its_evaluation_reports_it(trained_copy):
    """`evaluate` raises what PyTorch raises; all around it is the worker's own."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import yolo_train, torch\n"
        "def evaluate(*arguments): raise torch.OutOfMemoryError('CUDA out of memory.')\n"
        "yolo_train.evaluate = evaluate\n"
        "import json; sys.exit(yolo_train.run_and_report(json.load(open(sys.argv[2]))))"
    )
    plan = trained_copy / "plan.json"
    ended = subprocess.run(
        [sys.executable, "-c", code, str(WORKERS), str(plan)],
        capture_output=True,
        text=True,
        start_new_session=True,
        env={k: v for k, v in os.environ.items() if k != "HOBAN_WORKER_MARK"},
    )
    assert ended.returncode == 1, ended.stderr
    said = json.loads((trained_copy / "failed.json").read_text())
    assert "in the evaluation, with batch 4 at image size 64" in said["problem"]
    assert (trained_copy / "best.pt").is_file()


@pytest.fixture
def trained_copy(trained, tmp_path):
    """The run folder of a training whose evaluation records less than now."""
    folder = tmp_path / "copy"
    shutil.copytree(trained.plan.run_dir, folder)
    finished = json.loads((folder / "finished.json").read_text())
    (folder / "finished.json").write_text(json.dumps({**finished, "evaluation": 1}))
    plan = {**trained.plan.as_json(), "run_dir": str(folder)}
    (folder / "plan.json").write_text(json.dumps(plan))
    return folder
