"""What `yolo_train` needs around a training: the dataset, the model, and errors in plain words."""

from __future__ import annotations

import atexit
import errno
import gc
import io
import itertools
import json
import logging
import pickle
import re
import subprocess
from pathlib import Path
from typing import Any

from published_files import COLUMNS, altered  # type: ignore[import-not-found]
from yolo_memory import out_of_memory  # type: ignore[import-not-found]
from yolo_support import Failure, RunFolder, say, write_whole  # type: ignore[import-not-found]

MANIFEST = ["name", "split", "source", "labelled_classes", "boxes", "ignore_regions"]


def import_ultralytics() -> Any:
    """Import Ultralytics (after `quiet`); its warnings become lines of our log.

    Raises:
        Failure: this release would run what a checkpoint says.
    """
    gc.disable()  # it would walk through all that is imported, for a fifth of the time of that
    import ultralytics
    from ultralytics.nn import tasks
    from ultralytics.utils import LOGGER, downloads

    gc.freeze()  # nor does it at each epoch, after which Ultralytics starts it
    gc.enable()
    atexit.register(gc.unfreeze)  # native packages take what is still there at the end for leaks
    restricted = getattr(tasks, "_SafeLoad", None)
    if not (hasattr(tasks, "SAFE_LOAD") and getattr(restricted, "SUPPORTED", False)):
        raise Failure(
            f"Ultralytics {ultralytics.__version__} cannot load weights without running what they "
            "say",
            "install the release that constraints/ names, with PyTorch 2.6 or later",
        )

    never_download(downloads)
    tasks.SAFE_LOAD = True  # also where somebody imported it before `quiet`

    class Forward(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            say(f"Ultralytics: {record.getMessage()}")

    LOGGER.handlers[:] = [Forward()]
    LOGGER.setLevel(logging.WARNING)
    return ultralytics


def never_download(downloads: Any) -> None:
    """Take the functions out of Ultralytics by which a path becomes a host that is asked.

    Stock, a path with an apostrophe is looked up without it, is not there, and best.pt of a
    training that has just ended is asked of api.github.com.

    Args:
        downloads: the module ``ultralytics.utils.downloads``.
    """

    def as_it_stands(file: str | Path, *_: Any, **__: Any) -> str:
        if not Path(file).is_file():
            raise FileNotFoundError(errno.ENOENT, "not there, and nothing is downloaded", str(file))
        return str(file)

    def refuse(url: str | Path, *_: Any, **__: Any) -> str:
        raise FileNotFoundError(errno.ENOENT, "nothing is downloaded", str(url))

    downloads.attempt_download_asset = as_it_stands
    downloads.safe_download = refuse


def refuse_surprises(arguments: dict[str, Any]) -> None:
    """Check that nothing is left to Ultralytics that it would choose by the size of the run.

    Raises:
        Failure: the optimizer is 'auto', which ignores lr0 and takes another one for small runs
            than for big ones; or the batch is none (AutoBatch measures the GPU).
    """
    if str(arguments["optimizer"]).lower() == "auto":
        raise Failure(
            "optimizer 'auto' ignores lr0, and takes another optimizer below 10,000 steps than "
            "above: a small run says nothing about a big one then",
            "name one, for instance SGD",
        )
    if not (isinstance(arguments["batch"], int) and arguments["batch"] >= 1):
        raise Failure(
            f"batch {arguments['batch']} would be chosen anew on every machine (AutoBatch)",
            "set HOBAN_BATCH to a whole number",
        )


def refuse_path(*folders: Path) -> None:
    """Refuse, before the first epoch, a path that Ultralytics takes for an address.

    Raises:
        Failure: a '?' is in it: what follows is taken for a query, and best.pt has no suffix then.
    """
    for folder in folders:
        if "?" in str(folder):
            raise Failure(
                f"there is a '?' in {folder}: Ultralytics takes it for the address of a host",
                "set HOBAN_DATA_ROOT to a folder without it in its path",
            )


def load(ultralytics: Any, weights: str) -> Any:
    """Load a checkpoint, or build a model from a .yaml.

    Raises:
        Failure: it is none, holds anything but a model, or is not for detection. A missing file is
            never looked up elsewhere: Ultralytics would download one of the same name.
    """
    if weights.endswith(".pt") and not Path(weights).is_file():
        raise Failure(
            f"weights {weights} are not there", "put the file there (nothing is downloaded)"
        )
    try:
        model = ultralytics.YOLO(weights)
    except Exception as error:
        if isinstance(error.__cause__, pickle.UnpicklingError):
            raise Failure(
                f"weights {weights} hold more than a model of Ultralytics, or are damaged; they "
                f"were not loaded ({_what_it_holds(error.__cause__)})",
                "weights are programs: take them only from where you trust, or train them again",
            ) from error
        raise Failure(
            f"weights {weights} cannot be loaded: {error}",
            "put a detection checkpoint of Ultralytics there, or set HOBAN_WEIGHTS to another",
        ) from error
    if model.task != "detect":
        raise Failure(
            f"weights {weights} are for the task {model.task!r}",
            "set HOBAN_WEIGHTS to a detection model",
        )
    return model


def _what_it_holds(error: BaseException) -> str:
    """What PyTorch refused, without its advice to load the file all the same."""
    found = re.search(r"GLOBAL [\w.]+", str(error))
    return found[0] if found else type(error).__name__


def precision(device: str) -> str | bool:
    """bf16 on a GPU (True would download a model to check itself), full precision on a CPU."""
    import torch

    if device == "cpu" or not torch.cuda.is_available():
        return False
    if torch.cuda.is_bf16_supported(including_emulation=False):
        return "bf16"
    say("this GPU has no bf16: training in full precision")
    return False


def read_manifest(dataset: Path) -> list[dict[str, Any]]:
    """Rows of manifest.parquet.

    Raises:
        Failure: it is missing or damaged.
    """
    import polars as pl  # comes with Ultralytics, also on a server that has nothing else

    file = dataset / "manifest.parquet"
    try:
        # Its content, as a path would be a pattern: brackets are usual in names of folders here.
        content = io.BytesIO(file.read_bytes())
        known = [name for name in COLUMNS if name in pl.read_parquet_schema(content)]
        content.seek(0)
        columns = list(dict.fromkeys((*MANIFEST, *known)))
        return pl.read_parquet(content, columns=columns).to_dicts()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise Failure(
            f"{dataset / 'manifest.parquet'} cannot be read: {error}",
            "materialise the dataset again",
        ) from error


def refuse_altered(dataset: Path, manifest: list[dict[str, Any]], plan: dict[str, Any]) -> None:
    """Check that the files of the tree are those of its manifest, before the first epoch.

    Raises:
        Failure: naming the first that is not, and what builds the tree anew.
    """
    found = list(itertools.islice(altered(dataset, manifest, content=True), 1000))
    if not found:
        return
    name = plan["asset"].replace("model_", "dataset_", 1)
    rest = f" (and {len(found) - 1} more)" if found[1:] else ""
    raise Failure(
        f"{found[0]}{rest}: somebody wrote to it, or to the raw file that it is a hard link of, "
        "and its labels stayed as they were",
        f"build {name} again with its stages (dagster asset materialize --select '*{name}' "
        f"--partition {plan['partition']}), then the model; on a server unpack the bundle again",
    )


def boxes_of(manifest: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Split -> image name -> number of boxes."""
    boxes: dict[str, dict[str, int]] = {"train": {}, "val": {}}
    for row in manifest:
        boxes[row["split"]][row["name"]] = row["boxes"]
    return boxes


def write_data_yaml(run: RunFolder, dataset: Path) -> None:
    """Write a data.yaml with absolute paths: Ultralytics takes 'path: .' as the working folder."""
    import yaml

    content = yaml.safe_load((dataset / "data.yaml").read_text(encoding="utf-8"))
    content |= {"path": str(dataset), "train": "images/train", "val": "images/val"}
    write_whole(run.data_yaml, yaml.safe_dump(content, sort_keys=False, allow_unicode=True))


def class_names(run: RunFolder) -> dict[int, str]:
    """Class id -> name, as `write_data_yaml` wrote them."""
    import yaml

    names = yaml.safe_load(run.data_yaml.read_text(encoding="utf-8"))["names"]
    return {int(number): name for number, name in names.items()}  # JSON has them as text


def remove_caches(dataset: Path) -> None:
    """Remove what Ultralytics would believe instead of the files.

    Its label cache is keyed by size and mtime, so an edit that keeps both is served stale; an
    image cache (x.npy beside x.jpg) wins over the image.
    """
    for cache in (*dataset.glob("labels/*.cache"), *dataset.glob("images/*/*.npy")):
        cache.unlink(missing_ok=True)


def explained(error: Exception, run: RunFolder, arguments: dict[str, Any]) -> Failure | None:
    """Return the one message for errors that a user can fix; None for all others."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, subprocess.CalledProcessError) and run.failed.is_file():
        return Failure(**json.loads(run.failed.read_text(encoding="utf-8")))
    if "Invalid CUDA 'device=" in str(error):
        return Failure(
            f"there is no GPU {arguments['device']!r} on this machine",
            "set HOBAN_DEVICE to 'cpu', or leave it empty to take what is there",
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Failure(
            f"no space left while training in {run.root}",
            "free space under HOBAN_DATA_ROOT; the next start resumes",
        )
    return out_of_memory(error, run, arguments)
