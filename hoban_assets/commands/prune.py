"""`hoban prune`: what nothing needs, to the trash; back from there; and for good."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hoban_assets.commands import prune_words as words
from hoban_assets.commands.active_runs import no_active_run
from hoban_assets.commands.app import UPKEEP, app, asking_catalog, here
from hoban_assets.commands.is_safe_to_delete import declared_claims
from hoban_assets.commands.options import AsJson
from hoban_assets.commands.printing import print_json, progress_bar, show, show_blocks
from hoban_assets.errors import HobanError
from hoban_assets.settings import Settings
from hoban_assets.units import size_text

if TYPE_CHECKING:
    from hoban_assets.language import Say
    from hoban_assets.upkeep.data_root import Item
    from hoban_assets.upkeep.survey import Survey
    from hoban_assets.upkeep.trash_lists import Batch, Moved


@app.command(rich_help_panel=UPKEEP)
def prune(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Only what lies at or below these. Default: the whole data root."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done; change nothing.")
    ] = False,
    restore: Annotated[
        bool, typer.Option("--restore", help="Put back what was moved last (or --batch).")
    ] = False,
    empty_trash: Annotated[
        bool, typer.Option("--empty-trash", help="Delete what lies in the trash, for good.")
    ] = False,
    retired: Annotated[
        bool,
        typer.Option("--retired", help="Also datasets and models whose defs.yaml was deleted."),
    ] = False,
    batch: Annotated[
        str | None, typer.Option(help="Name of a batch in the trash; default: last, or all.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Move what no current dataset or model needs to the trash, and say how much that frees.

    Goes: datasets and trainings that were replaced, and what killed runs left. Stays: raw
    sources, weights, whatever a current model was trained on, and everything that hoban did not
    write. Refuses while a run is active.

    Example: hoban prune --dry-run
    """
    settings, say = here()
    if restore and empty_trash:
        raise HobanError("--restore and --empty-trash exclude each other", "choose one of them")
    if paths and (restore or empty_trash):
        raise HobanError("paths go with neither --restore nor --empty-trash", "use --batch NAME")
    call = _Call(settings, say, dry_run, yes, as_json, retired)
    if restore or empty_trash:
        call.trash(batch, restore=restore)
    else:
        call.prune(paths or [])


@dataclass(frozen=True)
class _Call:
    """One call of the command."""

    settings: Settings
    say: Say
    dry_run: bool
    yes: bool
    as_json: bool
    retired: bool

    @cached_property
    def assets(self) -> list[str]:
        """Names of the assets that have a recipe."""
        return declared_claims(self.settings)[1]

    @property
    def recipes(self) -> list[str] | None:
        """The same, where others are to go."""
        return self.assets if self.retired else None

    def prune(self, paths: list[Path]) -> None:
        from hoban_assets.upkeep import trash
        from hoban_assets.upkeep.survey import checked_root
        from hoban_assets.upkeep.trash_lists import locked

        root = checked_root(self.settings)
        wanted = _only(paths, self.settings)
        if self.dry_run:
            self._show(self._survey(wanted))
            return
        moved = []
        with locked(root), no_active_run() as check:
            check()
            found = self._survey(wanted)
            if not (found.unused and self.as_json):
                self._show(found)
            if not found.unused:
                return
            question = "Move this to the trash ({count}, {size})?"
            self._confirm(question, count=len(found.unused), size=found.bytes)
            for item, why in trash.move(root, found.unused, self._needed(check)):
                if why:
                    self._tell("left alone", item.relative, why)
                else:
                    moved.append(item)
                    self._tell("moved to the trash", item.relative)
        if self.as_json:
            print_json(words.survey_json(found, self.dry_run, moved))
            return
        frees = size_text(replace(found, unused=moved).frees)
        self._say(words.MOVED, count=len(moved), trash=root / "trash", frees=frees)

    def trash(self, name: str | None, *, restore: bool) -> None:
        from hoban_assets.upkeep.survey import checked_root
        from hoban_assets.upkeep.trash_lists import batches, locked, strangers

        root = checked_root(self.settings)
        if self.dry_run:
            chosen = _chosen(batches(root), name, last=restore)
            rows = [words.line(b, item) for b in chosen for item in b.items]
            show(rows, self.as_json, words.IN_TRASH)
            return
        with locked(root), no_active_run() as check:
            check()
            chosen = _chosen(batches(root), name, last=restore)
            rows = (self._restore if restore else self._empty)(root, chosen) if chosen else []
            if self.as_json:
                print_json(rows)
                return
            if not chosen:
                self._say("the trash is empty")
            for stranger in strangers(root):
                self._say("not hoban's, left alone: {path}", path=stranger)

    def _restore(self, root: Path, chosen: list[Batch]) -> list[dict[str, Any]]:
        from hoban_assets.upkeep.trash import restore

        rows = []
        for one in chosen:
            for item, why in restore(root, one):
                self._tell("left in the trash" if why else "put back", item.relative, why)
                rows.append({**words.line(one, item), "restored": why is None, "problem": why})
        return rows

    def _empty(self, root: Path, chosen: list[Batch]) -> list[dict[str, Any]]:
        from hoban_assets.disk_use import freed, measure
        from hoban_assets.upkeep.reasons_to_stay import protected_places, references
        from hoban_assets.upkeep.trash import empty, objection_to_deletion

        with asking_catalog() as ask:
            known = references(ask, self.settings, self.say, self.recipes)
        known.protected += protected_places(self.settings, self.say)

        def objection(batch: Batch, item: Moved) -> str | None:
            return objection_to_deletion(root, batch, item, known, self.settings, self.say)

        lying = [b.place(i) for b in chosen for i in b.items if b.place(i).exists()]
        sizes = {place: measure(place) for place in lying}
        size = sum(content.bytes for content in sizes.values())
        self._confirm(
            "Delete for good what lies in the trash ({count}, {size})?", count=len(lying), size=size
        )
        rows, gone = [], []
        for one in chosen:
            for item, why in empty(root, one, objection):
                if why is None and one.place(item) in sizes:
                    gone.append(sizes[one.place(item)])
                self._tell("left in the trash" if why else "deleted", item.relative, why)
                rows.append({**words.line(one, item), "deleted": why is None, "problem": why})
        self._say("freed {frees}", frees=size_text(freed(gone)))
        return rows

    def _survey(self, wanted: Callable[[Path], bool]) -> Survey:
        from hoban_assets.upkeep.reasons_to_stay import is_retired, references
        from hoban_assets.upkeep.survey import survey

        with asking_catalog() as ask:
            known = references(ask, self.settings, self.say, self.recipes)
        without = sorted({a for a, _ in known.current if is_retired(a, self.assets)})
        if without and not self.retired:
            self._say(words.RETIRED, assets=", ".join(without))
        with progress_bar("looking") as progress:
            return survey(
                known, self.settings, self.say, assets=self.assets, wanted=wanted, progress=progress
            )

    def _needed(self, check: Callable[[], None]) -> Callable[[Item], str | None]:
        from hoban_assets.upkeep.survey import came_to_be_needed

        def needed(item: Item) -> str | None:
            check()
            with asking_catalog() as ask:
                return came_to_be_needed(item, ask, self.settings, self.say, self.recipes)

        return needed

    def _confirm(self, question: str, *, count: int, size: int) -> None:
        if self.yes:
            return
        if not sys.stdin.isatty():
            raise HobanError("nobody can be asked here: standard input is no terminal", "add --yes")
        if not typer.confirm(self.say(question, count=count, size=size_text(size)), err=True):
            raise typer.Exit(1)

    def _show(self, found: Survey) -> None:
        if self.as_json:
            print_json(words.survey_json(found, self.dry_run, []))
            return
        show_blocks(words.document(found, self.dry_run, self.say))

    def _tell(self, what: str, path: str, why: str | None = None) -> None:
        """Tell what became of one thing, as soon as it is known."""
        reason = f" ({self.say(why)})" if why else ""
        self._line(f"{self.say(what)}: {path}{reason}")

    def _say(self, text: str, /, **values: object) -> None:
        self._line(self.say(text, **values))

    def _line(self, text: str) -> None:
        from hoban_assets.reporting.blocks import Paragraph

        if not self.as_json:
            show_blocks([Paragraph(text)])


def _only(paths: list[Path], settings: Settings) -> Callable[[Path], bool]:
    """Accept paths below the data root (see `Settings.named`)."""
    from hoban_assets.upkeep.paths import is_within

    root, found = settings.data_root, [settings.named(path) for path in paths]
    for path, place in zip(paths, found, strict=True):
        if not place.exists():
            raise HobanError(f"{path} does not exist", "name a folder below the data root")
        if not is_within(place, root):
            raise HobanError(
                f"{path} lies outside the data root {root}, where nothing is pruned",
                f"hoban is-safe-to-delete {path}",
            )
    return lambda place: not found or any(is_within(place, wanted) for wanted in found)


def _chosen(found: list[Batch], name: str | None, *, last: bool) -> list[Batch]:
    if name is None:
        return found[-1:] if last else found
    from hoban_assets.commands.app import nearest

    nearest(name, [batch.name for batch in found], "batch")
    return [batch for batch in found if batch.name == name]
