"""requirements.txt of a bundle: the versions installed here of all that a training needs."""

from __future__ import annotations

import importlib.metadata
import platform

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOTS = ("ultralytics", "torch", "torchvision", "polars", "pyyaml", "numpy", "matplotlib")
"""What the scripts in ``workers/`` import; what these need is found by itself."""
WHERE_INSTALLED = ("cloudpickle",)
"""Ultralytics hands the trainer to the ranks of several GPUs with it, and does not ask for it."""
_THEIR_OWN = ("torch", "torchvision")
"""They name the CUDA libraries that they need themselves, another build others."""
_HEAD = """\
# Versions with which this bundle was made (Python {python}). Into an environment of its own:
#   python{short} -m venv ~/hoban-env
#   ~/hoban-env/bin/pip install -r requirements.txt
# Without network: on another Linux (or WSL) with Python {short} `pip download -r requirements.txt
# -d wheels`, carry the folder `wheels` over, then
#   ~/hoban-env/bin/pip install --no-index --find-links wheels -r requirements.txt
# Ultralytics must be this version: its defaults decide the result.
# torch {torch} here is {build}. Choose the build for the CUDA
# version that `nvidia-smi` shows; another version of torch does as well (train.sh says so).
# A server without a desktop may need opencv-python-headless in place of opencv-python.
"""


def requirements() -> str:
    """Text of requirements.txt, names sorted. No address of an index."""
    versions = pins()
    torch = importlib.metadata.version("torch")
    head = _HEAD.format(
        python=platform.python_version(),
        short=".".join(platform.python_version_tuple()[:2]),
        torch=public(torch),
        build=f"the build {torch.partition('+')[2]}" if "+" in torch else "the default build",
    )
    return head + "".join(f"{name}=={version}\n" for name, version in versions.items())


def pins() -> dict[str, str]:
    """Package -> version (without the build, +cu126), of the roots and all that they need."""
    found: dict[str, str] = {}
    waiting = [*ROOTS, *filter(_is_installed, WHERE_INSTALLED)]
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        found[name] = public(importlib.metadata.version(name))
        if name not in _THEIR_OWN:
            waiting += _needs(name)
    return dict(sorted(found.items()))


def public(version: str) -> str:
    """The version without its build."""
    return version.partition("+")[0]


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _needs(name: str) -> list[str]:
    needed = map(Requirement, importlib.metadata.requires(name) or ())
    return [r.name for r in needed if r.marker is None or r.marker.evaluate({"extra": ""})]
