"""Ground under `yolo_train`: the run folder and what survives a kill, quiet surroundings, errors.

Only the standard library, and nothing of Ultralytics: `quiet` has to run before its import.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

EVALUATION = 4
"""What an evaluation records. Raise it with that: finished runs are then evaluated again.

2: confusions, false positives on empty images, curves.json, worst_images.json.
3: label-aware figures match, ignore and take AP as COCO does; before, detections that were right at
IoU 0.5 were mistakes above it although a region covered them (up to 0.03 of AP50-95).
4: what a label rules out counts as wrong on photographs whose source does not label it, too.
"""
LAUNCHER = re.compile(
    "(LOCAL_|GROUP_|ROLE_)?RANK|(LOCAL_|ROLE_|GROUP_)?WORLD_SIZE|ROLE_NAME|NODE_RANK|"
    "MASTER_(ADDR|PORT)|TORCHELASTIC_.*"
)
"""Variables of an outer torchrun: with them a training would wait for its peers."""
INTEGRATIONS = ("clearml", "comet", "dvc", "mlflow", "raytune", "tensorboard", "wandb", "sync")
"""Settings of Ultralytics that report elsewhere; most are on by default."""
SILENT = {"YOLO_OFFLINE": "1", "YOLO_AUTOINSTALL": "False", "YOLO_VERBOSE": "False"}
HARMLESS = {"ULTRALYTICS_SAFE_LOAD": "1"}
"""Weights are pickles, which may run any program. With this Ultralytics reads them by PyTorch's
``weights_only`` and an allow-list of the classes that its models are made of."""

_sink: list[Callable[[str], object]] = []


class Failure(Exception):
    """Ends the worker with one message: what is wrong, and the way out."""

    def __init__(self, problem: str, way_out: str) -> None:
        """Keep both parts; the parent shows them as its own error."""
        self.problem = problem
        self.way_out = way_out
        super().__init__(f"{problem} -> {way_out}")


class Stopped(BaseException):
    """SIGTERM or Ctrl-C. No Exception, so that no library takes it for an error of its own."""


def log_to(sink: Callable[[str], object]) -> None:
    """Send `say` to `sink` (Dagster's log) in this process; ranks of DDP keep printing."""
    _sink[:] = [sink]


def say(line: str) -> None:
    """One line of progress."""
    if _sink:
        _sink[0](line)
    else:
        print(line, flush=True)


def quiet(run_dir: Path) -> None:
    """Cut Ultralytics off from network, terminal and outer launchers. Call before its import.

    It loads no weights that hold anything but a model, either (`HARMLESS`).

    Its settings and fonts come from a folder of this run: a missing font would be looked up on
    the network at every start (Arial.ttf, and Arial.Unicode.ttf for names that are not ASCII).
    """
    for name in list(os.environ):
        if LAUNCHER.fullmatch(name) or name == "ULTRALYTICS_API_KEY":
            del os.environ[name]
    folder = run_dir / "config" / "Ultralytics"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.update(SILENT | HARMLESS, YOLO_CONFIG_DIR=str(folder.parent), MPLBACKEND="Agg")
    spec = importlib.util.find_spec("matplotlib")  # finds, does not import
    if spec is not None and spec.origin is not None:
        font = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
        for name in ("Arial.ttf", "Arial.Unicode.ttf"):
            shutil.copyfile(font, folder / name)
    # Read while ultralytics is imported, which adds the other settings and keeps these.
    settings = folder / "settings.json"
    write_whole(settings, json.dumps(dict.fromkeys(INTEGRATIONS, False)))
    os.chdir(run_dir)  # Ultralytics looks for files by name in the working directory first


class RunFolder:
    """Paths of one training run, and what of it survives a kill at any moment.

    ``last.pt`` of Ultralytics is overwritten in place, so a kill can leave half of it. A run is
    therefore resumed only from ``kept/``: ``last-3.pt`` is a synced copy of the third epoch,
    ``moment-3.pt`` what it lacks (`yolo_moment`). ``progress.json`` comes after them and after the
    epoch's metrics, and says which files are of one epoch.
    """

    def __init__(self, root: Path) -> None:
        """Take `root` = models/<asset>/<partition>/<run key>."""
        self.root = root
        self.train = root / "train"
        self.weights = self.train / "weights"
        self.kept = root / "kept"
        self.metrics = root / "metrics.jsonl"
        self.finished = root / "finished.json"
        self.progress = root / "progress.json"
        self.data_yaml = root / "data.yaml"
        self.failed = root / "failed.json"

    def state(self) -> dict[str, Any]:
        """Progress of the last epoch that is safe, as `keep` wrote it; empty without one."""
        if not self.progress.is_file():
            return {}
        state: dict[str, Any] = json.loads(self.progress.read_text(encoding="utf-8"))
        files = self._checkpoints(state).values()
        return state if all(file.is_file() for file in files) else {}

    def _checkpoints(self, state: dict[str, Any]) -> dict[str, Path]:
        """Name for Ultralytics -> whole copy; those of a run begun by older code have no number."""
        if "resumed" not in state:
            return {name: self.kept / name for name in ("last.pt", "best.pt")}
        return {
            "last.pt": self.kept / f"last-{state['epoch']}.pt",
            "best.pt": self.kept / f"best-{state['best_epoch']}.pt",
        }

    def moment(self, epoch: int) -> Path:
        """File with what the checkpoint of an epoch lacks."""
        return self.kept / f"moment-{epoch}.pt"

    def is_finished(self) -> bool:
        """Whether a training ended here, with its evaluation, and its best.pt is what it was."""
        return self.finished.is_file() and damaged(self.root, ("best.pt",)) is None

    def report(self, failure: Failure) -> None:
        """Leave the reason of a failure where the parent finds it (also from a rank of DDP)."""
        reason = {"problem": failure.problem, "way_out": failure.way_out}
        write_whole(self.failed, json.dumps(reason, ensure_ascii=False))

    def start_over(self) -> None:
        """Remove what an interrupted run left that cannot be resumed."""
        for folder in (self.train, self.kept):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (self.metrics, self.finished, self.progress):
            file.unlink(missing_ok=True)

    def keep(self, state: dict[str, Any]) -> None:
        """Keep whole copies of last.pt and, where this epoch is the best so far, of best.pt.

        `state`: epoch (from 1), best_epoch, stop, resumed (epochs after which the run went on and
        became another one than it would have been without). It is safe once this returns.
        """
        epoch, best = state["epoch"], state["best_epoch"]
        last = self.kept / f"last-{epoch}.pt"
        last.unlink(missing_ok=True)  # a hard link of it may be the best of another epoch
        shutil.copyfile(self.weights / "last.pt", last)
        sync(last)
        if best == epoch:
            (self.kept / f"best-{epoch}.pt").unlink(missing_ok=True)
            link(last, self.kept / f"best-{epoch}.pt")
        write_whole(self.progress, json.dumps(state))
        needed = {last.name, f"best-{best}.pt", self.moment(epoch).name}
        for file in self.kept.iterdir():
            if file.name not in needed:
                file.unlink()

    def restore_checkpoints(self) -> None:
        """Put the whole copies back where Ultralytics looks for them."""
        self.weights.mkdir(parents=True, exist_ok=True)
        state = self.state()
        for name, copy in self._checkpoints(state).items():
            shutil.copyfile(copy, self.weights / name)
        best = self.kept / f"best-{state['best_epoch']}.pt"
        if not best.is_file():
            link(self.kept / "best.pt", best)

    def rewind(self, epoch: int) -> None:
        """Forget what was written for epochs after `epoch`: they will be trained again."""

        def is_kept(line: str) -> bool:
            return line.endswith("}") and json.loads(line)["epoch"] <= epoch

        write_whole(
            self.metrics, _lines(filter(is_kept, self.metrics.read_text("utf-8").splitlines()))
        )
        results = self.train / "results.csv"
        if results.is_file():
            head, *rows = results.read_text("utf-8").splitlines()
            kept = [row for row in rows if row.partition(",")[0].strip().isdigit()]
            kept = [row for row in kept if int(row.partition(",")[0]) <= epoch]
            write_whole(results, _lines([head, *kept]))

    def append(self, rows: Iterable[dict[str, Any]]) -> None:
        """Append rows to metrics.jsonl, on disk before this returns; cuts off a torn last line."""
        text = _lines(json.dumps(row, default=float) for row in rows)
        self.metrics.touch()
        with self.metrics.open("rb+") as file:
            file.truncate(file.read().rfind(b"\n") + 1)
            file.seek(0, os.SEEK_END)
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())


def damaged(run: Path, only: Iterable[str] = ()) -> str | None:
    """What of a finished run is not as it was when it ended; None: nothing.

    `only` looks at these files. Runs that ended before hashes were kept are whole where best.pt is
    there.
    """
    if (run / "finished.json").exists() and not (run / "finished.json").is_file():
        return "finished.json is no regular file"
    try:
        kept = json.loads((run / "finished.json").read_text(encoding="utf-8")).get("files", {})
        kept = {name: kept[name] for name in only or kept if name in kept}
        for name in ("best.pt", *kept):
            if not (run / name).is_file():
                return f"{name} is gone"
        for name, known in kept.items():
            if sha256_of(run / name) != known:
                return f"{name} has other content than when the training ended"
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        return "finished.json cannot be read"
    return None


def sha256_of(file: Path) -> str:
    """Hex digest of a file's content."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def write_whole(path: Path, text: str) -> None:
    """Write a file that is either the old one or the whole new one, also after a power cut."""
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8")
    sync(new)
    new.replace(path)


def link(source: Path, target: Path) -> None:
    """Hard-link `target` to `source`, or copy where the file system has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def sync(path: Path) -> None:
    """Flush a file's content to the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
