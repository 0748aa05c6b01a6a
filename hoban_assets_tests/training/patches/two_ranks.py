"""Imported by no_network/sitecustomize.py: a machine without a GPU trains as one with two.

Only what asks for CUDA is replaced (devices, NCCL). Everything else is Ultralytics' own way to
several GPUs: it removes save_dir, pickles trainer and callbacks, starts torch.distributed.run,
and each rank rebuilds the trainer. Each rank leaves its environment in $HOBAN_TEST_RANKS.
"""

import json
import os
from pathlib import Path

from out_of_memory import patch_after_import


def two_ranks(trainer):
    import torch
    from torch import distributed

    rank = int(os.environ.get("RANK", "-1"))
    base = trainer.BaseTrainer
    trainer.parse_device = lambda device: device
    trainer.select_device = lambda *args, **kwargs: torch.device("cpu")
    made, wrapped = base.__init__, torch.nn.parallel.DistributedDataParallel.__init__

    def make(self, *args, **kwargs):
        made(self, *args, **kwargs)
        self.world_size, self.ddp = 2, rank == -1

    def wrap(self, module, device_ids=None, **kwargs):
        wrapped(self, module, **kwargs)

    def join(self):
        note = Path(os.environ["HOBAN_TEST_RANKS"]) / f"{rank}.json"
        note.write_text(json.dumps({"session": os.getsid(0), "env": dict(os.environ)}))
        distributed.init_process_group("gloo", rank=rank, world_size=2)

    base.__init__, base._setup_ddp = make, join
    torch.nn.parallel.DistributedDataParallel.__init__ = wrap


def on_cpu(validator):
    """The last evaluation asks a rank's GPU, whatever the trainer runs on."""
    import torch
    from torch import cpu

    validator.get_torch_device_backend = lambda kind: cpu
    validator.torch = OnCpu(torch)


class OnCpu:
    """torch, in which a device of that name is this one."""

    def __init__(self, torch):
        self._torch = torch

    def __getattr__(self, name):
        return getattr(self._torch, name)

    def device(self, *_):
        return self._torch.device("cpu")


patch_after_import("ultralytics.engine.trainer", two_ranks)
patch_after_import("ultralytics.engine.validator", on_cpu)
