"""Frames of a video as JPEG files, at a settable rate."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hoban_assets.errors import HobanError

if TYPE_CHECKING:
    from PIL.Image import Image

QUALITY = 95
"""Of JPEG: what is lost is less than what the video's codec has lost before."""
NAME = "{clip}_f{number:06d}.jpg"
CLIP_PATTERN = r"^(?P<clip>.+)_f\d{6}$"
"""The `clip_pattern` of a source of frames that `write_frames` named."""
_UNSAFE = re.compile(r"[^\w.-]+")


@dataclass(frozen=True)
class Written:
    """Frames of one video."""

    seconds: float
    """How long the video runs."""
    frames: int
    """How many frames were written."""


def clip_name(name: str) -> str:
    """Name of a clip for files, from the path of its video below the folder that was given."""
    return _UNSAFE.sub("_", name.rpartition(".")[0] or name).strip("._") or "clip"


def write_frames(video: Path, folder: Path, clip: str, rate: float) -> Written:
    """Write a frame each 1/`rate` seconds, the first one at the start.

    Args:
        video: any file that FFmpeg reads.
        folder: where the frames go; made. A frame is called by its number in the video.
        clip: see `clip_name`.
        rate: frames a second at most; a video that has fewer gives all of them.

    Raises:
        HobanError: it is no video, it ends in the middle, or it has no frame.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written, last = 0, 0.0
    for number, second, image in _frames(video):
        last = second
        if second + 1e-6 >= written / rate:
            image.save(folder / NAME.format(clip=clip, number=number), quality=QUALITY)
            written += 1
    if not written:
        raise HobanError(f"{video} has no frame", "take it out, or convert it to MP4")
    return Written(round(last, 3), written)


def _frames(video: Path) -> Iterator[tuple[int, float, Image]]:
    """Number, second and picture of each frame."""
    import av

    try:
        with av.open(str(video)) as opened:
            stream = opened.streams.video[0]
            stream.thread_type = "AUTO"
            rate = float(stream.average_rate or 25)
            for number, frame in enumerate(opened.decode(stream)):
                second = float(frame.time) if frame.time is not None else number / rate
                yield number, second, frame.to_image()
    except (av.FFmpegError, IndexError) as error:
        raise HobanError(
            f"{video} is no video that can be read to its end ({error})",
            "take it out, or convert it: ffmpeg -i IN out.mp4",
        ) from error
