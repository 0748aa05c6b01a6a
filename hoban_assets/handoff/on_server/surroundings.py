"""Whether this server can train: packages against the pins, the GPU, room on the disk.

Only the standard library, Python 3.9 or later; torch is looked at in a process of its own.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from bundle_files import Refused  # type: ignore[import-not-found]

REQUIREMENTS = "requirements.txt"
MODULES = {
    "ultralytics": "ultralytics",
    "torch": "torch",
    "torchvision": "torchvision",
    "polars": "polars",
    "numpy": "numpy",
    "yaml": "pyyaml",
    "cv2": "opencv-python",
    "matplotlib": "matplotlib",
    "PIL": "pillow",
}
"""What a training imports, and the package that it comes with. opencv-python-headless will do."""
EXACT = ("ultralytics",)
"""Packages whose version is part of the run key: another one trains something else."""
LEAST_FREE = 1 << 30
WEIGHTS_KEPT = 20
"""Checkpoints with optimizer are about 4 times the weights, and five of them lie there at once."""
_LOOK = """
import json, sys
found = {"errors": {}, "gpus": []}
for name in ("cv2", "torch"):
    try:
        __import__(name)
    except Exception as error:
        found["errors"][name] = str(error)
if "torch" not in found["errors"]:
    import torch
    found["torch"], found["cuda_build"] = torch.__version__, torch.version.cuda
    if torch.cuda.is_available():
        found["gpus"] = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
print(json.dumps(found))
"""


def pins(requirements: Path) -> dict[str, str]:
    """Package -> version, of the lines ``name==version``."""
    lines = requirements.read_text(encoding="utf-8").splitlines()
    pairs = [line.split("#")[0].strip().split("==") for line in lines if "==" in line]
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


def check_packages(folder: Path, accept: bool) -> list[str]:
    """Return what differs harmlessly from requirements.txt.

    Raises:
        Refused: a package is missing, or (unless `accept`) Ultralytics is another version.
    """
    wanted = pins(folder / REQUIREMENTS)
    missing = [p for module, p in MODULES.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise Refused(f"{sys.executable} has no {', '.join(missing)}", how_to_install(folder))
    others = {}
    for name, version in wanted.items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        if public(found) != public(version):
            others[name] = f"{name} {found} (packed with {version})"
    wrong = [others[name] for name in EXACT if name in others]
    if wrong and not accept:
        raise Refused(
            f"{sys.executable} has {', '.join(wrong)}: its defaults decide the result",
            f"{how_to_install(folder)}\n  or train all the same: ./train.sh --accept-versions",
        )
    return list(others.values())


def public(version: str) -> str:
    """The version without its build: 2.15.0+cu126 is 2.15.0."""
    return version.partition("+")[0]


def how_to_install(folder: Path) -> str:
    """Say how packages come to a server, with network or without."""
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return (
        f"make an environment from {folder / REQUIREMENTS}:\n"
        f"    {python} -m venv ~/hoban-env && ~/hoban-env/bin/pip install -r {REQUIREMENTS}\n"
        f"    PYTHON=~/hoban-env/bin/python ./train.sh\n"
        f"  without network: on another Linux (or WSL) with {python},\n"
        f"    pip download -r {REQUIREMENTS} -d wheels\n"
        "  carry the folder wheels here, and install with\n"
        f"    ~/hoban-env/bin/pip install --no-index --find-links wheels -r {REQUIREMENTS}"
    )


def start_looking() -> subprocess.Popen[str]:
    """Import torch and OpenCV in a process of its own, which takes seconds; see `seen`."""
    return subprocess.Popen(
        [sys.executable, "-c", _LOOK],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


def seen(looking: subprocess.Popen[str]) -> dict[str, Any]:
    """What `start_looking` found: torch, cuda_build, gpus.

    Raises:
        Refused: torch or OpenCV cannot be imported.
    """
    output, errors = looking.communicate()
    try:
        found: dict[str, Any] = json.loads(output.splitlines()[-1])
    except (IndexError, ValueError):
        found = {"errors": {"torch": (errors.splitlines() or ["it crashed"])[-1]}}
    for module, error in found["errors"].items():
        way_out = "install it again"
        if module == "cv2" and ".so" in error:
            way_out = (
                "this server lacks libraries of a desktop: 'pip uninstall opencv-python', then "
                "install opencv-python-headless of the same version"
            )
        raise Refused(f"{MODULES[module]} cannot be imported by {sys.executable}: {error}", way_out)
    return found


def check_gpu(found: dict[str, Any], device: str) -> str:
    """Say on what the training will run.

    Raises:
        Refused: there is a GPU and torch cannot use it (a training on the CPU takes weeks), or
            none although one was asked for.
    """
    if device == "cpu":
        return "on the CPU, as asked for"
    if found["gpus"]:
        return f"on {', '.join(found['gpus'])}" + (f" (device {device})" if device else "")
    cards = graphics_cards()
    if cards:
        raise Refused(
            f"torch {found['torch']} (CUDA {found['cuda_build'] or 'none: a build for CPUs'}) "
            f"cannot use {cards[0]}",
            "install the build of torch and torchvision for the CUDA version that 'nvidia-smi' "
            "shows at the top right, or a newer driver; on the CPU all the same: "
            "./train.sh --device cpu",
        )
    if device:
        raise Refused(f"this server shows no GPU, device {device!r} was asked for", "--device cpu")
    return "on the CPU: this server shows no GPU (nvidia-smi lists none)"


def graphics_cards() -> list[str]:
    """Names of the GPUs that the driver knows."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    asked = [program, "--query-gpu=name", "--format=csv,noheader"]
    answer = subprocess.run(
        asked, capture_output=True, text=True, encoding="utf-8", errors="replace", check=False
    )
    return answer.stdout.split("\n")[:-1] if answer.returncode == 0 else []


def check_room(runs: Path, weights: Path) -> None:
    """See to it that checkpoints and results will fit.

    Raises:
        Refused: they will not.
    """
    size = weights.stat().st_size if weights.is_file() else 0
    needed, free = LEAST_FREE + WEIGHTS_KEPT * size, shutil.disk_usage(runs).free
    if free < needed:
        raise Refused(
            f"{free / 1e9:.1f} GB are free at {runs}, a training needs {needed / 1e9:.1f} GB",
            "free space on that disk, or move the whole folder to a larger one (mv keeps it whole)",
        )


def made_with(found: dict[str, Any], device: str) -> dict[str, str]:
    """What a result was made with, for results.json."""
    names = ", ".join(found["gpus"]) if device != "cpu" and found["gpus"] else "cpu"
    return {
        "python": ".".join(map(str, sys.version_info[:3])),
        "torch": found["torch"],
        "ultralytics": importlib.metadata.version("ultralytics"),
        "device": names,
    }
