"""Let a detector of Ultralytics look at photographs: a process of its own, started through Pipes.

Parameters (extras): ``weights`` (.pt or .onnx), ``classes`` (own names that are wanted), ``files``
(a JSON list, below ``raw_root``), ``views`` (image size -> file of JSON lines to write),
``confidence``, ``batch``, ``device`` and ``run_dir``. Also runs without Dagster:
``python yolo_teach.py parameters.json``.

Started again it goes on where it was: what a killed run has looked at is kept in ``<file>.part``.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any, TextIO

import _watchdog  # type: ignore[import-not-found]
from yolo_support import Failure, log_to, quiet, say  # type: ignore[import-not-found]

AT_ONCE = 256
"""Photographs after which what was seen is safe."""
MOST = 300
"""Detections of one photograph."""


def main() -> int:
    """Take the parameters from Dagster or from the file named."""
    _watchdog.start()
    if "DAGSTER_PIPES_CONTEXT" not in os.environ:
        return _run(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    from dagster_pipes import open_dagster_pipes

    with open_dagster_pipes() as pipes:
        log_to(pipes.log.info)
        return _run(dict(pipes.extras))


def _run(asked: dict[str, Any]) -> int:
    try:
        teach(asked)
    except Failure as failure:
        print(failure, file=sys.stderr, flush=True)
        return 1
    return 0


def teach(asked: dict[str, Any]) -> None:
    """Write the predictions of each view.

    Raises:
        Failure: none of the detector's classes is wanted, or an .onnx cannot be run here.
    """
    weights = Path(asked["weights"]).absolute()
    if weights.suffix == ".onnx" and importlib.util.find_spec("onnxruntime") is None:
        raise Failure(
            f"{weights} needs onnxruntime, which is not installed",
            "pip install onnxruntime, or give the .pt",
        )
    _refuse_one_size(weights, [int(size) for size in asked.get("views", ())])
    run_dir = Path(asked["run_dir"]).absolute()
    run_dir.mkdir(parents=True, exist_ok=True)
    quiet(run_dir)
    from ultralytics import YOLO

    model = YOLO(str(weights), task="detect")
    names = {int(index): str(name) for index, name in model.names.items()}
    wanted = [index for index, name in names.items() if name in asked["classes"]]
    if not wanted:
        raise Failure(
            f"none of the classes of {weights} ({', '.join(list(names.values())[:10])}) is mapped",
            f"`classes` of the teacher names {', '.join(asked['classes'])}: write its own names",
        )
    files = json.loads(Path(asked["files"]).read_text(encoding="utf-8"))
    for size, out in asked["views"].items():
        _look(model, names, wanted, files, int(size), Path(out), asked)


def _refuse_one_size(weights: Path, sizes: list[int]) -> None:
    """Refuse an .onnx that would look at another size than it is asked for.

    Ultralytics takes the size of the file then, whatever is asked: two scales would be one look,
    and agree on everything.

    Raises:
        Failure: it would, or it is no .onnx that can be run.
    """
    if weights.suffix != ".onnx":
        return
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(str(weights), providers=["CPUExecutionProvider"])
    except Exception as error:  # its own classes are made anew in each release
        raise Failure(
            f"{weights} is no ONNX that can be run: {error}", "export it again, from its .pt"
        ) from error
    own = [side for side in session.get_inputs()[0].shape[2:] if isinstance(side, int)]
    if own and set(sizes) != {max(own)}:
        asked = ", ".join(map(str, sizes))
        raise Failure(
            f"{weights} looks at {max(own)} pixels and at no other size, and {asked} are asked for",
            "export it with dynamic axes, as hoban export does; or give the teacher one number in "
            f"`scales`, so that HOBAN_IMAGE_SIZE times it is {max(own)}",
        )


def _look(
    model: Any,
    names: dict[int, str],
    wanted: list[int],
    files: list[str],
    size: int,
    out: Path,
    asked: dict[str, Any],
) -> None:
    if out.is_file():
        return
    part = out.with_name(f"{out.name}.part")
    seen = _kept(part)
    left = [file for file in files if file not in seen]
    with part.open("a", encoding="utf-8") as written:
        for start in range(0, len(left), AT_ONCE):
            _some(model, names, wanted, left[start : start + AT_ONCE], size, written, asked)
            written.flush()
            done = len(seen) + min(start + AT_ONCE, len(left))
            say(f"teacher at {size} pixels: {done:,} of {len(files):,} photographs")
    lines = part.read_text(encoding="utf-8").splitlines()
    found = [line for line in lines if '"class_name"' in line]
    part.write_text("".join(f"{line}\n" for line in found), encoding="utf-8")
    part.replace(out)


def _kept(part: Path) -> set[str]:
    """Files that were looked at; lines behind the last safe one are cut off."""
    if not part.is_file():
        return set()
    lines = part.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    ends = [number for number, line in enumerate(lines, 1) if line.startswith('{"looked_at"')]
    ends = [number for number in ends if lines[number - 1].endswith("\n")]
    kept = lines[: ends[-1]] if ends else []
    part.write_text("".join(kept), encoding="utf-8")
    marks = (json.loads(line) for line in kept if line.startswith('{"looked_at"'))
    return {file for mark in marks for file in mark["looked_at"]}


def _some(
    model: Any,
    names: dict[int, str],
    wanted: list[int],
    files: list[str],
    size: int,
    written: TextIO,
    asked: dict[str, Any],
) -> None:
    paths = {str(Path(asked["raw_root"]).absolute() / file): file for file in files}
    listing = Path(asked["run_dir"]).absolute() / "some.txt"  # a list would be read by Pillow,
    listing.write_text("\n".join(paths), encoding="utf-8")  # which refuses truncated files
    results = model.predict(
        str(listing),
        imgsz=size,
        conf=asked["confidence"],
        iou=0.8,
        max_det=MOST,
        classes=wanted,
        batch=asked["batch"],
        device=asked["device"] or None,
        stream=True,
        verbose=False,
        save=False,
    )
    for result in results:
        boxes = result.boxes
        rows = zip(boxes.cls.int().tolist(), boxes.conf.tolist(), boxes.xyxyn.tolist(), strict=True)
        for index, score, box in rows:
            line = {
                "file": paths[result.path],
                "class_name": names[index],
                "score": round(score, 5),
                "box": [round(min(max(value, 0.0), 1.0), 6) for value in box],
            }
            written.write(json.dumps(line, ensure_ascii=False) + "\n")
    written.write(json.dumps({"looked_at": files}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
