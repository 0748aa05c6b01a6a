"""What a user means by SOURCE or FOLDER: a declared source, a stage, or any folder. No command."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hoban_assets.errors import HobanError
from hoban_assets.settings import Settings

if TYPE_CHECKING:
    from hoban_assets.formats.detect import Detection
    from hoban_assets.formats.source import RawSource

EVERYTHING = "all"


@dataclass(frozen=True)
class Target:
    """A raw source to look at."""

    source: RawSource
    """Its folder is below `raw_root`, its format is known."""
    raw_root: Path
    declared: RawSource | None
    found: Detection | None
    """None where the format was declared or given by hand."""


def sources_of(name: str) -> list[RawSource]:
    """The declared source of that name, or those of the stage of that name; none otherwise.

    A name goes before a folder: ./coco is the folder.
    """
    from hoban_assets.declared.sources import SOURCES
    from hoban_assets.declared.stages import STAGES

    named = [source for source in SOURCES if source.name == name]
    return named or [s for stage in STAGES if stage.name == name for s in stage.sources]


def folder_of(text: str, settings: Settings) -> Path:
    """The folder that `text` names (see `Settings.named`).

    Raises:
        HobanError: it is a file, or nothing of that name is there; names the nearest match.
    """
    from hoban_assets.declared.sources import SOURCES

    here = settings.named(text)
    if here.is_dir():
        return here
    if here.is_file():
        raise HobanError(f"{here} is a file", _way_out_of_file(here))
    parent = here.parent if here.parent.is_dir() else settings.raw_root
    siblings = _folders(parent)
    known = [] if "/" in text else [source.name for source in SOURCES]
    by_lower = {name.lower(): name for name in [*siblings, *known]}
    close = difflib.get_close_matches(here.name.lower(), by_lower, n=1, cutoff=0.5)
    if close:
        meant = by_lower[close[0]]
        meant = meant if meant in known else f"'{parent / meant}'"
        raise HobanError(f"no folder and no source {text!r}", f"did you mean {meant}?")
    names = ", ".join(source.name for source in SOURCES)
    listed = ", ".join(siblings[:20]) or "none"
    raise HobanError(
        f"no folder and no source {text!r}",
        f"declared sources: {names}\n  folders in {parent}: {listed}",
    )


def _way_out_of_file(file: Path) -> str:
    if file.suffix.lower() in {".zip", ".tar", ".gz", ".7z", ".tgz", ".rar"}:
        return "unpack it, then give the folder"
    return f"give the folder that holds images and labels, for instance {file.parent}"


def _folders(parent: Path) -> list[str]:
    if not parent.is_dir():
        return []
    return sorted(p.name for p in parent.iterdir() if p.is_dir() and not p.name.startswith("."))


def declared_target(source: RawSource, settings: Settings) -> Target:
    """A declared source.

    Raises:
        HobanError: its folder is not on this machine.
    """
    source.root(settings.raw_root)
    return Target(source, settings.raw_root, source, None)


def target_of(found: Detection, settings: Settings, format_name: str | None = None) -> Target:
    """A detected folder as a source; declared where it is the raw folder of a declared one.

    Args:
        found: what was detected.
        settings: with the raw root.
        format_name: format given by hand, instead of the detected one.
    """
    from hoban_assets.declared.sources import SOURCES
    from hoban_assets.formats.source import RawSource

    folder = found.folder.absolute()
    is_below = settings.raw_root in folder.parents
    raw_root = settings.raw_root if is_below else folder.parent
    below = folder.relative_to(raw_root).as_posix()
    declared = declared_by_folder(folder)
    around = [s for s in SOURCES if _is_around(folder, s.folder)]
    if declared is None and len(around) == 1:
        declared = around[0]
    if declared is not None and format_name in {None, declared.format}:
        elsewhere = declared.labels_elsewhere if is_below else ()
        source = replace(declared, folder=below, labels_elsewhere=elsewhere)
        is_as_found = found.format == declared.format
        return Target(source, raw_root, declared, found if is_as_found else None)
    source = RawSource(folder.name, below, format_name or found.format or "background")
    return Target(source, raw_root, None, None if format_name else found)


def declared_by_folder(folder: Path) -> RawSource | None:
    """The declared source whose folder below the raw root is the end of this path."""
    from hoban_assets.declared.sources import SOURCES

    return max(
        (s for s in SOURCES if _ends_with(folder.absolute(), s.folder)),
        key=lambda s: len(Path(s.folder).parts),
        default=None,
    )


def _ends_with(folder: Path, ending: str) -> bool:
    parts = Path(ending).parts
    return folder.parts[-len(parts) :] == parts


def _is_around(folder: Path, source_folder: str) -> bool:
    """Whether it lies above that of a source, as helmet_60k above helmet_60k/helmet_60k."""
    first, *rest = Path(source_folder).parts
    return bool(rest) and folder.name == first and folder.joinpath(*rest).is_dir()


def sources_named(text: str, settings: Settings) -> list[Target]:
    """Targets of a source name, a stage name (all its sources), a folder, or 'all'.

    Sources of a stage, and of 'all', whose folders are absent are left out.

    Raises:
        HobanError: nothing of that name is there, or no source is in the folder.
    """
    from hoban_assets.declared.sources import SOURCES
    from hoban_assets.formats.detect import detect

    chosen = list(SOURCES) if text == EVERYTHING else sources_of(text)
    if chosen:
        present = [source for source in chosen if source.is_present(settings.raw_root)]
        return [declared_target(source, settings) for source in present or chosen[:1]]
    found = detect(folder_of(text, settings))
    detected = [each for each in (found, *found.parts) if each.format]
    if not detected:
        raise HobanError(
            f"{found.folder}: no reader fits it",
            f"hoban inspect '{found.folder}' says what was looked for",
        )
    return [target_of(each, settings) for each in detected]
