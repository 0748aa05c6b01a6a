"""`hoban add`: a team's own photographs and videos become a source."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hoban_assets.commands.app import FIX, app, here
from hoban_assets.commands.options import Partition
from hoban_assets.commands.printing import progress_bar, show, tell
from hoban_assets.commands.propose import OfModel, Predictions, propose_for
from hoban_assets.errors import HobanError

if TYPE_CHECKING:
    from hoban_assets.corrections.proposed import Clip
    from hoban_assets.language import Say

EXAMPLES = 5
"""Files on which a pattern is shown."""


@app.command(rich_help_panel=FIX)
def add(
    target: Annotated[
        Path,
        typer.Argument(metavar="FOLDER|VIDEO", help="Photographs, videos, or a folder of both."),
    ],
    name: Annotated[str, typer.Option(help="What the source is called: site_a.")],
    rate: Annotated[
        float, typer.Option(min=0.01, max=60, help="Frames taken of each second of a video.")
    ] = 1.0,
    pattern: Annotated[
        str | None,
        typer.Option(
            help="Regular expression with groups (?P<camera>...) and (?P<day>...), looked for in "
            "path and file name; '' for none. Asked for, with a proposal, where it is not given."
        ),
    ] = None,
    model: OfModel = None,
    predictions: Predictions = None,
    partition: Partition = "sub",
    copy: Annotated[
        bool, typer.Option("--copy", help="Copy photographs instead of linking them.")
    ] = False,
) -> None:
    """Make your own photographs and videos a source; a model proposes boxes for them.

    Puts them below the raw root as a new folder, writes the entry of the source, and lets a model
    look. Frames of a video are one group. Accepted boxes are labels: hoban view NAME --review.

    Example: hoban add cctv/2026-11-29 --name site_a --rate 2 --model model_v9
    """
    from hoban_assets.adding.frames import CLIP_PATTERN
    from hoban_assets.adding.placing import place
    from hoban_assets.corrections.proposed import Proposed, write_proposed
    from hoban_assets.declared.entries import UNLABELLED
    from hoban_assets.declared.writing import refuse_taken, write_entry
    from hoban_assets.evaluation.predicting import files_below, is_video
    from hoban_assets.formats.naming import OTHER_IMAGES
    from hoban_assets.suffixes import suffix_of

    settings, say = here()
    target = target.expanduser().absolute()
    if target == settings.raw_root or target in settings.raw_root.parents:
        raise HobanError(
            f"{target} holds the raw root itself", "give the folder of your own pictures alone"
        )
    files = files_below(target)
    videos = [(n, p) for n, p in files if is_video(p)]
    pictures = [(n, p) for n, p in files if not is_video(p)]
    other = Counter(suffix_of(p.name) for p in target.rglob("*"))
    if kinds := [f"{n:,} .{suffix}" for suffix, n in other.items() if suffix in OTHER_IMAGES]:
        text = "Not taken, as pictures of these kinds are not decoded: {kinds}. Save them as JPEG."
        tell(text, kinds=", ".join(kinds), err=True)
    taken = _chosen([n for n, _ in files], pattern, say)
    is_below = settings.raw_root in target.parents and target.is_dir() and not videos
    folder = target.relative_to(settings.raw_root).as_posix() if is_below else name
    values = {"name": name, "folder": folder, "format": UNLABELLED}
    values |= {"clip_pattern": CLIP_PATTERN} if videos else {}
    values |= {"taken_pattern": taken} if taken else {}
    refuse_taken(values)
    clips: tuple[Clip, ...] = ()
    if not is_below:
        with progress_bar("pictures") as bar:
            place_at = settings.raw_root / folder
            done = place(pictures, videos, place_at, rate, taken, copy=copy, progress=bar)
        clips = done.clips
    frames = sum(clip.frames for clip in clips)
    write_proposed(settings.proposals, Proposed(name, "", {}, clips))
    file = write_entry(values)
    tell(
        "{name}: {pictures} photographs and {frames} frames of {videos} videos, in {folder}",
        name=name,
        pictures=f"{len(pictures):,}",
        frames=f"{frames:,}",
        videos=f"{len(videos):,}",
        folder=settings.raw_root / folder,
    )
    tell("Its entry: {file}", file=file)
    if model or predictions:
        propose_for(name, model, predictions, partition, settings)
    else:
        tell("Let a model propose boxes: hoban propose {name} --model MODEL", name=name)
    tell("Then: hoban build {name}, and hoban view {name} --review", name=name)


def _chosen(names: Sequence[str], pattern: str | None, say: Say) -> str | None:
    """The pattern that was given, else asked for where somebody is there to answer; '' is none."""
    from hoban_assets.declared.entries import checked_pattern
    from hoban_assets.formats.taken import proposed_pattern, taken_of

    asked = pattern if pattern is not None else proposed_pattern(names)
    while True:
        try:
            if asked:
                checked_pattern(asked, {"camera", "day"})
        except ValueError as error:
            raise HobanError(f"--pattern: {error}", "write it like '(?P<camera>cam\\d+)'") from None
        if asked:
            step = max(1, len(names) // EXAMPLES)
            rows = [
                {"file": name, "camera": found.camera, "day": found.day}
                for name in sorted(names)[::step][:EXAMPLES]
                for found in [taken_of(name, asked)]
            ]
            tell("Camera and day by {pattern}", pattern=asked)
            show(rows)
        if pattern is not None:
            return asked or None
        if not sys.stdin.isatty():
            if asked:
                tell("Not used, as nobody was asked: give it with --pattern.")
            return None
        answer = typer.prompt(
            say("Is that right? Enter takes it, '-' means none, or type another pattern"),
            default="",
            show_default=False,
        ).strip()
        if answer in ("", "-"):
            return (asked or None) if not answer else None
        asked = answer
