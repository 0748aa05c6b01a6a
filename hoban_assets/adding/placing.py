"""Puts a team's photographs, and frames of its videos, below the raw root as one new folder."""

from __future__ import annotations

import errno
import shutil
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hoban_assets.adding.frames import clip_name, write_frames
from hoban_assets.corrections.proposed import Clip
from hoban_assets.errors import HobanError, of_the_machine
from hoban_assets.file_systems import link
from hoban_assets.formats.taken import taken_of
from hoban_assets.processes.lifeline import own_folder

Named = Sequence[tuple[str, Path]]
"""Name below the folder that was given, and path."""


@dataclass(frozen=True)
class Placed:
    """What lies below the raw root now."""

    folder: Path
    pictures: int
    """Photographs; frames are in `clips`."""
    clips: tuple[Clip, ...]
    linked: bool
    """Whether photographs are hard links to the files that were given."""


def place(
    pictures: Named,
    videos: Named,
    target: Path,
    rate: float,
    pattern: str | None = None,
    *,
    copy: bool = False,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Placed:
    """Make `target`, whole or not at all; nothing that is there already is touched.

    Args:
        pictures: photographs; they keep their names.
        videos: a folder each, of frames (see `adding.frames`).
        target: folder below the raw root; it must not be there.
        rate: frames a second.
        pattern: what tells camera and day (`RawSource.taken_pattern`), for the clips.
        copy: copy photographs instead of linking them.
        progress: gets (files done, of).

    Raises:
        HobanError: the folder is there, a video cannot be read, or nothing can be written.
    """
    if target.exists():
        raise _taken(target)
    clips, linked, total = [], True, len(pictures) + len(videos)
    names = _distinct([clip_name(name) for name, _ in videos])
    try:
        # By machine, as a raw root may be shared and processes elsewhere cannot be seen from here.
        with own_folder(target.parent, f"adding-{socket.gethostname()}") as building:
            for done, (name, path) in enumerate(pictures):
                progress(done, total)
                linked &= _place(path, building / name, copy=copy)
            for done, ((name, path), clip) in enumerate(zip(videos, names, strict=True)):
                progress(len(pictures) + done, total)
                found = write_frames(path, building / clip, clip, rate)
                taken = taken_of(name, pattern)
                clips.append(Clip(clip, name, found.seconds, found.frames, *taken))
            building.rename(target)  # fails where somebody else has put something there meanwhile
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY) and error.filename2 == str(target):
            raise _taken(target) from error
        raise of_the_machine(error) or HobanError(
            f"{error.filename or target}: {error.strerror}",
            f"give this account the right to write to {target.parent}; nothing was left half done",
        ) from error
    return Placed(target, len(pictures), tuple(clips), linked and bool(pictures))


def _taken(target: Path) -> HobanError:
    return HobanError(f"{target} is there already", "choose another name for the source")


def _place(path: Path, target: Path, *, copy: bool) -> bool:
    """Link or copy a file; return whether it was linked."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if copy or link(str(path), str(target)):
        shutil.copyfile(path, target)
        return False
    return True


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, with a number behind those that were there before."""
    result: list[str] = []
    for name in names:
        free = next(
            each
            for each in (name, *(f"{name}-{n}" for n in range(2, len(names) + 2)))
            if each not in result
        )
        result.append(free)
    return result
