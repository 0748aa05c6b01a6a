"""`hoban doctor`: what is missing on this machine, and the line that fixes it."""

from __future__ import annotations

import os

import typer

from hoban_assets.commands.app import LOOK, app, here
from hoban_assets.commands.options import AsJson
from hoban_assets.commands.printing import print_json

_MARKS = {"ok": "[green]✓[/green]", "note": "[yellow]![/yellow]", "missing": "[red]✗[/red]"}


@app.command(rich_help_panel=LOOK)
def doctor(as_json: AsJson = False) -> None:
    """Look whether this machine has all that is needed, and say the line that fixes what is not.

    Environments, weights, GPU, disk, file systems and links, language, port, raw folders. Nothing
    is changed. Exit status 1: something is missing without which nothing can be built.

    Example: hoban doctor
    """
    from hoban_assets.doctor.facts import look
    from hoban_assets.doctor.findings import MISSING, NOTE, findings
    from hoban_assets.reporting.terminal import cell, console
    from hoban_assets.reporting.translating import error_text

    settings, say = here()
    found = list(findings(look(settings, os.environ)))

    def told(text: str) -> str:
        return error_text(text, settings.language)

    if as_json:
        print_json([{"level": f.level, "text": f.said(say), "fix": f.fix} for f in found])
    else:
        screen = console()
        for one in found:
            screen.print(f"{_MARKS[one.level]} {cell(told(one.said(say)))}")
            if one.fix:
                screen.print(f"    {cell(one.fix_said(say))}")
        levels = [f.level for f in found]
        missing, notes = levels.count(MISSING), levels.count(NOTE)
        screen.print(
            say("{n} missing, {m} to know.", n=missing, m=notes)
            if missing or notes
            else say("Everything is there.")
        )
    if any(f.level == MISSING for f in found):
        raise typer.Exit(1)
