"""`hoban inspect`: what a raw folder holds, before anything is built from it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoban_assets.commands.app import LOOK, app, here, nearest
from hoban_assets.commands.options import AsJson
from hoban_assets.commands.printing import print_json, progress_bar, show, show_blocks, tell
from hoban_assets.errors import HobanError
from hoban_assets.settings import Settings

if TYPE_CHECKING:
    from hoban_assets.commands.targets import Target
    from hoban_assets.formats.detect import Detection
    from hoban_assets.formats.gather import Gathered
    from hoban_assets.language import Say
    from hoban_assets.reporting.inspection.figures import Inspection

FORMATS = ("aihub", "coco", "yolo", "voc", "widerperson", "background", "pictures")


@app.command(rich_help_panel=LOOK)
def inspect(
    folder: Annotated[
        str, typer.Argument(metavar="FOLDER", help="Any raw folder, or a declared source.")
    ],
    as_json: AsJson = False,
    examples: Annotated[int, typer.Option(min=1, help="Files named for each defect.")] = 2,
    images: Annotated[
        bool,
        typer.Option(
            "--images/--no-images",
            help="Open every image: duplicates, leaks and broken files are found so.",
        ),
    ] = True,
    format_name: Annotated[
        str | None,
        typer.Option("--format", help=f"One of {', '.join(FORMATS)}, instead of the detected."),
    ] = None,
    clip: Annotated[
        str | None,
        typer.Option(
            help="Pattern with a group 'clip' that names the video of a file, to find frames of "
            r"one clip in two splits: '(?P<clip>.+)_\d+'"
        ),
    ] = None,
    declare: Annotated[
        bool, typer.Option("--declare", help="Write the entry (defs.yaml) that makes it a source.")
    ] = False,
    name: Annotated[
        str | None, typer.Option(help="With --declare: what the source is called.")
    ] = None,
) -> None:
    """Say what a raw folder holds and what is wrong with it, before building from it.

    Format, classes, sizes, defects of labels, copies, leaks between its splits; worst first.

    Example: hoban inspect "data/raw/fall.v1i (2).yolo26"
    """
    settings, say = here()
    if format_name is not None:
        nearest(format_name, FORMATS, "format")
    chosen = target_named(folder, settings, format_name)
    if not hasattr(chosen, "source"):
        _print_parts(chosen, as_json, say)
        return
    seen = _inspect(chosen, settings, as_json, examples, images, _checked(clip), say)
    if declare:
        _declare(chosen, seen, name, clip, settings, as_json)


def target_named(text: str, settings: Settings, format_name: str | None) -> Any:
    """The one source that is meant, or the `Detection` of a folder that holds several.

    Raises:
        HobanError: there is no such folder, or no reader fits it.
    """
    from hoban_assets.commands.targets import (
        declared_by_folder,
        declared_target,
        folder_of,
        sources_of,
        target_of,
    )
    from hoban_assets.formats.detect import detect
    from hoban_assets.language import speaker
    from hoban_assets.reporting.inspection.document import nothing_fits

    sources = sources_of(text)
    if len(sources) > 1:
        listed = ", ".join(source.name for source in sources)
        raise HobanError(f"stage {text} reads several sources", f"inspect one of them: {listed}")
    if sources and format_name in {None, sources[0].format}:
        return declared_target(sources[0], settings)
    root = sources[0].root(settings.raw_root) if sources else folder_of(text, settings)
    found = detect(root)
    if found.format or format_name:
        return target_of(found, settings, format_name)
    if len(found.parts) == 1:
        return target_of(found.parts[0], settings)
    if (declared := declared_by_folder(found.folder)) is not None:
        return target_of(found, settings, declared.format)
    if not found.parts:
        raise HobanError(*nothing_fits(found, speaker(settings.language)))
    return found


def gathered_from(text: str, settings: Settings) -> tuple[Target, Gathered]:
    """The one source that is meant, read with its own classes and its images opened.

    Raises:
        HobanError: as `target_named`; or it holds several.
    """
    from hoban_assets.formats.gather import gather

    target = target_named(text, settings, None)
    if not hasattr(target, "source"):
        raise HobanError(
            f"{text} holds several sources", f"name one that hoban inspect '{text}' lists"
        )
    gathered = gather(
        target.source,
        target.raw_root,
        declared=target.declared,
        bars=progress_bar,
        cache_file=cache_file(target, settings),
        workers=settings.workers,
    )
    return target, gathered


def _checked(pattern: str | None) -> str | None:
    if pattern is None:
        return None
    try:
        groups = re.compile(pattern).groupindex
    except re.error as error:
        raise HobanError(
            f"--clip {pattern!r} is no regular expression: {error}",
            "for frames named street_0001.jpg: --clip '(?P<clip>.+)_\\d+'",
        ) from None
    if "clip" not in groups:
        raise HobanError(
            f"--clip {pattern!r} has no group named clip", "write it like '(?P<clip>.+)_\\d+'"
        )
    return pattern


def _print_parts(found: Detection, as_json: bool, say: Say) -> None:
    from hoban_assets.reporting.inspection.document import said

    rows = [
        {
            "folder": str(part.folder.relative_to(found.folder)),
            "format": part.format,
            "why": said(say, part.reason if part.format else part.near or part.reason, part.facts),
        }
        for part in found.parts
    ]
    if as_json:
        print_json({"folder": found.folder, "format": None, "sources": rows})
        return
    typer.echo(f"{found.folder}: {said(say, found.reason, found.facts)}\n")
    show([{**row, "format": row["format"] or "-"} for row in rows])
    first = next(part.folder for part in found.parts if part.format)
    tell("\nInspect one of them: hoban inspect '{folder}'", folder=first)


def _inspect(
    target: Target,
    settings: Settings,
    as_json: bool,
    examples: int,
    images: bool,
    clip: str | None,
    say: Say,
) -> Inspection:
    from dataclasses import replace

    from hoban_assets.formats.gather import gather
    from hoban_assets.reporting.inspection import document as told
    from hoban_assets.reporting.inspection.figures import inspect_rows
    from hoban_assets.reporting.split_audit.near import TOO_MANY, compares, near_leaks

    source = target.source if clip is None else replace(target.source, clip_pattern=clip)
    gathered = gather(
        source,
        target.raw_root,
        declared=target.declared,
        bars=progress_bar,
        open_images=images,
        cache_file=cache_file(target, settings),
        workers=settings.workers,
    )
    if not compares(gathered):
        gathered = replace(gathered, notes=(*gathered.notes, TOO_MANY))
    near = near_leaks(gathered, target.raw_root, settings.workers, examples)
    seen = inspect_rows(gathered, examples)
    seen = replace(seen, leakage=[*seen.leakage, *near])
    if as_json:
        found = target.found
        reason = {"reason": told.said(say, found.reason, found.facts)} if found else {}
        print_json({**reason, "findings": told.findings_as_rows(seen, say), **seen.as_json()})
    else:
        show_blocks(told.document(seen, target.found, say))
    return seen


def _declare(
    target: Target,
    seen: Inspection,
    name: str | None,
    clip: str | None,
    settings: Settings,
    as_json: bool,
) -> None:
    from hoban_assets.declared.writing import write_entry
    from hoban_assets.reporting.inspection.proposing import proposed_entry

    if target.declared is not None:
        raise HobanError(
            f"{seen.folder} is declared already, as {target.declared.name}",
            "nothing has to be done",
        )
    if target.raw_root != settings.raw_root:
        folder = target.raw_root / seen.folder
        raise HobanError(
            f"{folder} is not below the raw root {settings.raw_root}",
            f"move it there; for photographs without labels: hoban add '{folder}' --name NAME",
        )
    file = write_entry(*proposed_entry(seen, name, clip))
    tell("Its entry: {file}", file=file, err=as_json)
    typer.echo(file.read_text(encoding="utf-8"), err=as_json)


def cache_file(target: Target, settings: Settings) -> Path | None:
    """Image facts: those of the stages for sources under the raw root, else a file a folder.

    None where nothing may be written.
    """
    from hashlib import sha256

    exists = next(p for p in (settings.cache, *settings.cache.parents) if p.exists())
    if not os.access(exists, os.W_OK):
        return None
    if target.raw_root == settings.raw_root:
        return settings.cache / "image_facts.parquet"
    folder = target.raw_root / target.source.folder
    return settings.cache / "inspected" / f"{sha256(str(folder).encode()).hexdigest()[:16]}.parquet"
