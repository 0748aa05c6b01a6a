"""All that a training is at the end of an epoch, so that a resumed one goes on as if never stopped.

A checkpoint of Ultralytics is made to be served: its weights are the average (EMA) in half
precision, and the weights that are trained, gradients that wait for an optimizer step, and what
the random generators have drawn so far are not in it. Resumed from it alone, another training
results. Here they are kept beside it. (Scaler, early stopping and the count of averages are in it.)

Two things cannot be kept: what loading processes have drawn (a GPU has them, a CPU does not), and
kernels of a GPU that add up in another order each time. Such a run says that it was resumed.
"""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ultralytics.utils.torch_utils import unwrap_model
from yolo_support import sync  # type: ignore[import-not-found]


class Moment:
    """Callbacks that keep a training at the end of an epoch (`save`), and go on from there.

    Plain state before a training starts, as callbacks are pickled for the ranks of several GPUs.
    """

    def __init__(self, kept: Path | None) -> None:
        """Go on from the file `kept`; None: begin."""
        self.kept = kept
        self.batch = self.stepped = -1
        """Number of the batch, over all epochs, that is trained, and of the last optimizer step."""
        self.loading: dict[str, Any] = {}
        """Where the loader's iterator began: `drawn` by its generator, `after` which batch."""

    def callbacks(self) -> dict[str, Callable[[Any], None]]:
        """Event of Ultralytics -> what to do."""
        return {
            "on_train_start": self._follow,
            "on_train_epoch_start": self._begin_epoch,
            "on_train_batch_start": self._begin_batch,
        }

    def save(self, trainer: Any, file: Path) -> None:
        """Write all that `file` needs to hold, on disk before this returns."""
        model, loader = unwrap_model(trainer.model), trainer.train_loader
        waits = self.stepped != self.batch
        grads = {n: p.grad for n, p in model.named_parameters() if waits and p.grad is not None}
        drawn: Any = np.random.get_state()
        state = {
            "surroundings": _surroundings(trainer),
            "model": model.state_dict(),
            "ema": trainer.ema.ema.state_dict(),
            "optimizer": trainer.optimizer.state_dict(),
            "grads": grads,
            "stepped": self.stepped,
            "loading": {**self.loading, "now": loader.generator.get_state()},
            "mosaic": list(loader.dataset.buffer),
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            "numpy": [drawn[0], drawn[1].tolist(), *drawn[2:]],
            "python": random.getstate(),
        }
        file.parent.mkdir(exist_ok=True)
        torch.save(state, file)
        sync(file)

    def _follow(self, trainer: Any) -> None:
        step, loader = trainer.optimizer_step, trainer.train_loader
        make = loader._get_iterator  # noqa: SLF001

        def optimizer_step() -> None:
            step()
            self.stepped = self.batch

        def get_iterator() -> Any:
            self.loading = {"drawn": loader.generator.get_state(), "after": self.batch}
            return make()

        trainer.optimizer_step, loader._get_iterator = optimizer_step, get_iterator  # noqa: SLF001

    def _begin_epoch(self, trainer: Any) -> None:
        self.batch = trainer.epoch * len(trainer.train_loader) - 1
        if self.kept is not None and trainer.epoch == trainer.start_epoch:
            restore(trainer, torch.load(self.kept, weights_only=True, map_location="cpu"), self)

    def _begin_batch(self, trainer: Any) -> None:
        self.batch += 1


def where_kept(file: Path) -> dict[str, Any] | None:
    """On what the training ran whose `Moment` is in `file`; None where it is absent or damaged."""
    try:
        found: dict[str, Any] = torch.load(file, weights_only=True, mmap=True)["surroundings"]
    except (OSError, RuntimeError, LookupError, TypeError, EOFError, pickle.UnpicklingError):
        return None
    return found


def is_exact(there: dict[str, Any] | None, device: str) -> bool:
    """Whether a run resumed on `device` ends with the weights of one that was never stopped."""
    here = {**_machine(), "device": "cpu", "loaders": 0}
    return there == here and (device == "cpu" or not (device or torch.cuda.is_available()))


def restore(trainer: Any, state: dict[str, Any], moment: Moment) -> None:
    """Put a trainer that was resumed by Ultralytics where it was when `state` was saved."""
    model = unwrap_model(trainer.model)
    model.load_state_dict(state["model"])
    trainer.ema.ema.load_state_dict(state["ema"])
    for saved, group in zip(
        state["optimizer"]["param_groups"], trainer.optimizer.param_groups, strict=True
    ):
        saved["fused"] = group.get("fused")  # as Ultralytics: the device of now picks the kernel
    trainer.optimizer.load_state_dict(state["optimizer"])
    for name, parameter in model.named_parameters():
        grad = state["grads"].get(name)
        parameter.grad = None if grad is None else grad.to(parameter.device)
    moment.stepped = state["stepped"]
    _keep_step(trainer, state["stepped"])
    if trainer.world_size > 1:
        return  # what the other ranks had drawn is not known
    for index in state["mosaic"]:
        trainer.train_loader.dataset.load_image(index)
    _go_on_loading(trainer, state["loading"], moment)
    torch.set_rng_state(state["torch"])
    if len(drawn := state.get("cuda", [])) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(drawn)
    np.random.set_state(tuple(state["numpy"]))
    random.setstate(state["python"])


def _keep_step(trainer: Any, stepped: int) -> None:
    """Let the first optimizer step come as many batches after the last one as ever.

    Ultralytics takes the last one for batch -1, so its first batch would make a step. It compares
    with `accumulate`, which it may set anew in each batch (warm-up) before it prepares the images.
    """
    prepare, step, shift = trainer.preprocess_batch, trainer.optimizer_step, stepped + 1

    def preprocess_batch(batch: Any) -> Any:
        trainer.accumulate += shift
        return prepare(batch)

    def optimizer_step() -> None:
        trainer.preprocess_batch, trainer.optimizer_step = prepare, step
        end_batch(trainer)
        step()

    def end_batch(trainer: Any) -> None:
        nonlocal shift
        trainer.accumulate -= shift
        if trainer.optimizer_step is step:
            shift = 0

    trainer.preprocess_batch, trainer.optimizer_step = preprocess_batch, optimizer_step
    trainer.add_callback("on_train_batch_end", end_batch)


def _go_on_loading(trainer: Any, loading: dict[str, Any], moment: Moment) -> None:
    """Let the loader's first iterator be the one that there was, as far as it had come.

    In the epoch in which mosaic ends there would have been a new one.
    """
    loader, make, now = trainer.train_loader, trainer.train_loader._get_iterator, moment.batch  # noqa: SLF001
    ends = trainer.args.close_mosaic and trainer.epoch == trainer.epochs - trainer.args.close_mosaic

    def first_iterator() -> Any:
        loader._get_iterator = make  # noqa: SLF001
        if loader.num_workers:  # they are ahead, nobody knows how far
            loader.generator.set_state(loading["now"])
            return make()
        loader.generator.set_state(loading["drawn"])
        iterator = make()
        for _ in range(now - loading["after"]):
            iterator._next_index()  # noqa: SLF001
        if ends:
            return make()
        moment.loading = {name: loading[name] for name in ("drawn", "after")}
        return iterator

    loader._get_iterator = first_iterator  # noqa: SLF001


def _surroundings(trainer: Any) -> dict[str, Any]:
    loaders = trainer.train_loader.num_workers
    return {**_machine(), "device": trainer.device.type, "loaders": loaders}


def _machine() -> dict[str, Any]:
    """What decides the last bits of a sum on a CPU."""
    return {"torch": str(torch.__version__), "threads": torch.get_num_threads()}
