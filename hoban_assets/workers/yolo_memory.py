"""Out of memory, in one message: where it ran out, with which settings, and what to change.

Which change helps, and what it costs, depends on where the memory ran out: another batch is
another training, which begins at epoch 1, while fewer loading processes, or no other program on
the GPU, let the same one go on.
"""

from __future__ import annotations

from typing import Any

from yolo_support import Failure, RunFolder  # type: ignore[import-not-found]

ON_GPU = (
    "CUDA out of memory",
    "CUDA error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR",  # these two Ultralytics takes for a lack of memory, too
    "unable to find an engine",
)
ON_HOST = ("DefaultCPUAllocator", "not enough memory", "Cannot allocate memory", "out of memory")
LOADER_ENDS = ("Killed", "Bus error", "exited unexpectedly", "out of shared memory")
"""How PyTorch describes a loading process that the kernel ended."""
SHOWN = 200  # characters of the error itself


def out_of_memory(error: Exception, run: RunFolder, arguments: dict[str, Any]) -> Failure | None:
    """Return the message where `error` says that memory ran out; None for all other errors."""
    text = str(error)
    if "DataLoader worker" in text:
        is_ended = any(words in text for words in LOADER_ENDS)
        return _loader(text, run, arguments) if is_ended else None
    if type(error).__name__ == "OutOfMemoryError" or any(words in text for words in ON_GPU):
        return _on_gpu(text, run, arguments)
    if isinstance(error, MemoryError) or any(words in text for words in ON_HOST):
        return _on_host(text or "MemoryError", run, arguments)
    return None


def _on_gpu(text: str, run: RunFolder, arguments: dict[str, Any]) -> Failure:
    if _is_trained(run, arguments):
        return Failure(
            f"the GPU ran out of memory in the evaluation, {_with(arguments)} ({_first(text)})",
            "end what else uses the GPU (nvidia-smi lists it), or set HOBAN_DEVICE=cpu, and "
            "materialise this model again: all epochs are trained, only the evaluation is "
            "repeated. Another HOBAN_BATCH would train from the first epoch on",
        )
    return Failure(
        f"the GPU ran out of memory {_with(arguments)} ({_first(text)})",
        f"{_smaller(arguments)}: that is a new training, from the first epoch on. If another "
        "program took the memory (nvidia-smi lists it), end it and materialise this model again "
        f"as it is: {_goes_on(run)}. Ultralytics' own halving of the batch is off, as it changes "
        "the result",
    )


def _on_host(text: str, run: RunFolder, arguments: dict[str, Any]) -> Failure:
    return Failure(
        f"this machine ran out of memory {_with(arguments)} and {arguments['workers']} loading "
        f"processes ({_first(text)})",
        f"lower HOBAN_WORKERS and materialise this model again: {_goes_on(run)}. If that does not "
        f"help, {_smaller(arguments)}: that is a new training",
    )


def _loader(text: str, run: RunFolder, arguments: dict[str, Any]) -> Failure:
    is_shared = "Bus error" in text or "shared memory" in text
    what = "of shared memory (/dev/shm)" if is_shared else "of memory"
    larger = "give the container more (--shm-size) or " if is_shared else ""
    return Failure(
        f"a process that loads images was ended by the system, which usually runs out {what} "
        f"then, {_with(arguments)} and {arguments['workers']} of them ({_first(text)})",
        f"{larger}lower HOBAN_WORKERS and materialise this model again: {_goes_on(run)}",
    )


def _is_trained(run: RunFolder, arguments: dict[str, Any]) -> bool:
    state = run.state()
    done = state.get("stop") or state.get("epoch", 0) >= arguments.get("epochs", float("inf"))
    return run.is_finished() or bool(done)


def _goes_on(run: RunFolder) -> str:
    epoch = run.state().get("epoch", 0)
    return f"it goes on after epoch {epoch}" if epoch else "no epoch was finished yet"


def _with(arguments: dict[str, Any]) -> str:
    return f"with batch {arguments['batch']} at image size {arguments['imgsz']}"


def _smaller(arguments: dict[str, Any]) -> str:
    batch, size = int(arguments["batch"]), int(arguments["imgsz"])
    lower = f"lower HOBAN_BATCH to {batch // 2}, then" if batch > 1 else "lower"
    return (
        f"{lower} HOBAN_IMAGE_SIZE (now {size}), or take a smaller model (HOBAN_WEIGHTS, for "
        "instance yolo26s.pt)"
    )


def _first(text: str) -> str:
    return text.splitlines()[0][:SHOWN]
