"""Imported by no_network/sitecustomize.py: the GPU runs out of memory in a step of training.

$HOBAN_TEST_OOM: at which backward pass, and in which rank ('' in a training of one process).
"""

import importlib.abc
import importlib.util
import os
import sys

STEP, _, RANK = os.environ.get("HOBAN_TEST_OOM", "0").partition(" in ")


def patch_after_import(name, patch):
    """Call patch(module) as soon as the module `name` has been imported."""

    class Finder(importlib.abc.MetaPathFinder):
        def find_spec(self, wanted, path, target=None):
            if wanted != name:
                return None
            sys.meta_path.remove(self)
            spec = importlib.util.find_spec(name)
            run = spec.loader.exec_module

            def run_and_patch(module):
                run(module)
                patch(module)

            spec.loader.exec_module = run_and_patch
            return spec

    sys.meta_path.insert(0, Finder())


def no_memory_at_step(trainer):
    import torch

    real, done = torch.Tensor.backward, []

    def backward(self, *args, **kwargs):
        done.append(1)
        if len(done) >= int(STEP) > 0 and os.environ.get("RANK", "") == RANK:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return real(self, *args, **kwargs)

    torch.Tensor.backward = backward


patch_after_import("ultralytics.engine.trainer", no_memory_at_step)
