"""`hoban is-safe-to-delete`: may this go?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hoban_assets.commands.app import UPKEEP, app, asking_catalog, here
from hoban_assets.commands.options import AsJson
from hoban_assets.commands.printing import print_json, show
from hoban_assets.settings import Settings

if TYPE_CHECKING:
    from hoban_assets.upkeep.may_be_deleted import Claim


@app.command(rich_help_panel=UPKEEP)
def is_safe_to_delete(
    path: Annotated[Path, typer.Argument(help="Any file or folder, also outside the data root.")],
    as_json: AsJson = False,
) -> None:
    """Say whether a file or folder may be deleted, and why. Nothing is changed.

    Exit status: 0 safe; 1 not safe; 2 not known (it lies outside the data root and the raw root,
    or does not exist). 'Safe' means that nothing here needs it, not that it is worth nothing: a
    folder that hoban never knew may still hold the only copy of something.

    Example: hoban is-safe-to-delete data/raw/fall_old
    """
    from hoban_assets.upkeep.may_be_deleted import is_safe

    settings, say = here()
    path = settings.named(path)
    claims, assets = declared_claims(settings)
    with asking_catalog() as ask:
        verdict = is_safe(path, ask, settings, say, claims, assets)
    if as_json:
        fields = {"reason": verdict.reason, "uses": verdict.uses, "notes": verdict.notes}
        print_json({"path": path, "safe": verdict.safe, **fields})
    else:
        answer = {True: say("safe to delete"), False: say("NOT safe"), None: say("not known")}
        typer.echo(f"{answer[verdict.safe]}: {path}\n  {verdict.reason}")
        for note in verdict.notes:
            typer.echo(f"  {note}")
        if verdict.uses:
            show(verdict.uses)
    raise typer.Exit(verdict.exit_status)


def declared_claims(settings: Settings) -> tuple[list[Claim], list[str]]:
    """Return the declared raw folders with the stages that read them, and all declared assets."""
    from hoban_assets.freshness.declared import declared
    from hoban_assets.upkeep.may_be_deleted import Claim

    known = declared(settings.cache)
    folders: dict[tuple[str, str], list[str]] = {}
    for asset in known:
        for source in asset.sources:
            folders.setdefault((source.name, source.folder), []).append(asset.name)
    claims = [Claim(name, folder, tuple(readers)) for (name, folder), readers in folders.items()]
    return claims, [asset.name for asset in known]
