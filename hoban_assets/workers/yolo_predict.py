"""Find objects on photographs and videos with any weights: a process of its own.

``python yolo_predict.py job.json``; the job is what `hoban_assets.evaluation.predicting` writes.
Videos are read and written through PyAV; with tiles each picture is cut into overlapping squares
(supervision's InferenceSlicer), so that small objects of large photographs are seen.

Writes ``predictions.jsonl`` (a line a detection: file, frame and second of a video, class_name,
score, box as x1 y1 x2 y2 in shares of the image) and, where asked, the pictures with the boxes.
A file that cannot be read is left out, and its reason stands in ``unread.json`` (name -> reason);
where none can, that is a failure.
Exit status: 0 done, 1 failed (the reason is in failed.json of the work folder), 143 stopped.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from yolo_job import arguments_of, run_job  # type: ignore[import-not-found]
from yolo_pictures import decoded  # type: ignore[import-not-found]
from yolo_setup import explained, import_ultralytics, load  # type: ignore[import-not-found]
from yolo_support import (  # type: ignore[import-not-found]
    Failure,
    RunFolder,
    say,
    write_whole,
)

OVERLAP = 0.2
"""Share by which neighbouring tiles overlap: an object cut by one is whole in the next."""
Found = list[tuple[int, float, list[float]]]
"""Class id, confidence, x1 y1 x2 y2 in pixels."""


def _explained(error: Exception, job: dict[str, Any], run: RunFolder) -> Failure | None:
    return explained(error, run, arguments_of(job))


def predict(job: dict[str, Any], run: RunFolder) -> None:
    """Look at every file of `job`, in their order; `run` is its work folder."""
    model = load(import_ultralytics(), job["weights"])
    names = {number: str(name) for number, name in model.names.items()}
    limits = {n: job["confidences"].get(name, job["confidence"]) for n, name in names.items()}
    look = _looker(model, job, min(limits.values()))
    if job["tiles"]:
        look = _in_tiles(look, job["tiles"])
    out = Path(job["out"])
    unread: dict[str, str] = {}
    with (out / "predictions.jsonl").open("w", encoding="utf-8") as lines:
        for number, (name, path) in enumerate(job["files"], 1):
            try:
                _look_at(name, Path(path), job, look, limits, names, lines)
            except Failure as failure:
                unread[name] = failure.problem
            say(f"images {number} of {len(job['files'])}")
    if len(unread) == len(job["files"]):
        raise Failure(next(iter(unread.values())), "take it out, or convert it to JPEG or MP4")
    write_whole(out / "unread.json", json.dumps(unread, ensure_ascii=False))


def _look_at(
    name: str,
    path: Path,
    job: dict[str, Any],
    look: Callable[[np.ndarray], Found],
    limits: dict[int, float],
    names: dict[int, str],
    lines: TextIO,
) -> None:
    """Write what is on one file.

    Raises:
        Failure: it cannot be read; of a video, what comes before that is written.
    """
    writer: Any = None
    pictures = Path(job["out"]) / "pictures"
    try:
        for frame, second, rate, image in _frames(path, job["every"]):
            height, width = image.shape[:2]
            found = [each for each in look(image) if each[1] >= limits[each[0]]]
            for class_id, score, corners in found:
                box = np.clip(np.array(corners) / [width, height, width, height], 0, 1)
                row = {"file": name, "class_name": names[class_id], "score": round(score, 4)}
                row |= {} if frame is None else {"frame": frame, "second": round(second, 3)}
                row["box"] = [round(float(share), 5) for share in box]
                lines.write(json.dumps(row, ensure_ascii=False) + "\n")
            if not job["save"]:
                continue
            drawn = _draw(image, found, names, job["colours"])
            if frame is None:
                _save_picture(_named(pictures / name, ".jpg", ".jpeg"), drawn)
            else:
                writer = writer or _Video(_named(pictures / name, ".mp4"), rate, drawn)
                writer.add(drawn)
    finally:
        if writer is not None:
            writer.close()


def _looker(model: Any, job: dict[str, Any], confidence: float) -> Callable[[np.ndarray], Found]:
    size = job["image_size"] or (model.overrides or {}).get("imgsz") or 640

    def look(image: np.ndarray) -> Found:
        boxes = model.predict(
            image,
            imgsz=size,
            conf=confidence,
            device=str(job["device"]).partition(",")[0] or None,
            nms=job["nms"],
            verbose=False,
        )[0].boxes
        rows = zip(boxes.cls.tolist(), boxes.conf.tolist(), boxes.xyxy.tolist(), strict=True)
        return [(int(class_id), score, corners) for class_id, score, corners in rows]

    return look


def _in_tiles(look: Callable[[np.ndarray], Found], side: int) -> Callable[[np.ndarray], Found]:
    import supervision

    def on_tile(image: np.ndarray) -> Any:
        found = look(image)
        if not found:
            return supervision.Detections.empty()
        return supervision.Detections(
            xyxy=np.array([corners for *_, corners in found], float),
            confidence=np.array([score for _, score, _ in found], float),
            class_id=np.array([class_id for class_id, *_ in found], int),
        )

    slicer = supervision.InferenceSlicer(
        callback=on_tile, slice_wh=(side, side), overlap_wh=(int(side * OVERLAP),) * 2
    )

    def whole(image: np.ndarray) -> Found:
        found: Any = slicer(image)
        if not len(found):
            return []
        rows = zip(found.class_id, found.confidence, found.xyxy, strict=True)
        return [(int(class_id), float(score), box.tolist()) for class_id, score, box in rows]

    return whole


def _frames(path: Path, every: int) -> Iterator[tuple[int | None, float, float, np.ndarray]]:
    """Frame (None: a photograph), second, frames a second, picture as blue green red.

    Raises:
        Failure: it cannot be read.
    """
    import cv2

    # A video is not read as a whole to find that it is none.
    if cv2.haveImageReader(str(path)) and (image := decoded(path)) is not None:
        yield None, 0.0, 0.0, image
        return
    import av

    try:
        with av.open(str(path)) as video:
            stream = video.streams.video[0]
            rate = float(stream.average_rate or 25) / every
            for number, frame in enumerate(video.decode(stream)):
                if number % every == 0:
                    yield number, float(frame.time or 0), rate, frame.to_ndarray(format="bgr24")
    except (av.FFmpegError, IndexError) as error:
        raise Failure(
            f"{path} is no photograph and no video that can be read ({error})",
            "take it out, or convert it to JPEG or MP4",
        ) from error


class _Video:
    """Writes an MP4 through PyAV, frame by frame."""

    def __init__(self, file: Path, rate: float, first: np.ndarray) -> None:
        """Begin a file of the size of `first`."""
        import fractions

        import av

        file.parent.mkdir(parents=True, exist_ok=True)
        self.container = av.open(str(file), "w")
        rounded = fractions.Fraction(rate).limit_denominator(1000)
        self.stream = self.container.add_stream("libx264", rate=rounded)
        # The codec wants even sides.
        self.stream.height, self.stream.width = (side // 2 * 2 for side in first.shape[:2])
        self.stream.pix_fmt = "yuv420p"

    def add(self, image: np.ndarray) -> None:
        """Append a picture."""
        import av

        cut = np.ascontiguousarray(image[: self.stream.height, : self.stream.width])
        frame = av.VideoFrame.from_ndarray(cut, format="bgr24")
        self.container.mux(self.stream.encode(frame))

    def close(self) -> None:
        """Write what is still held back."""
        self.container.mux(self.stream.encode())
        self.container.close()


def _draw(
    image: np.ndarray, found: Found, names: dict[int, str], colours: dict[str, str]
) -> np.ndarray:
    import cv2

    drawn = image.copy()
    thick = max(1, round(max(image.shape[:2]) / 400))
    for class_id, score, corners in found:
        name = names[class_id]
        red_green_blue = colours.get(name, "#0b7285").lstrip("#")
        colour = tuple(int(red_green_blue[at : at + 2], 16) for at in (4, 2, 0))
        left, top, right, bottom = (round(value) for value in corners)
        cv2.rectangle(drawn, (left, top), (right, bottom), colour, thick)
        place = (left, max(top - 3, 10 * thick))
        text = f"{name} {score:.2f}"
        cv2.putText(drawn, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4 * thick, colour, thick)
    return drawn


def _named(file: Path, *suffixes: str) -> Path:
    """The name with the first suffix behind it, where it has none of them."""
    return file if file.suffix.lower() in suffixes else file.with_name(file.name + suffixes[0])


def _save_picture(file: Path, image: np.ndarray) -> None:
    import cv2

    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imencode(".jpg", image)[1].tofile(file)


if __name__ == "__main__":
    sys.exit(run_job(predict, _explained))
