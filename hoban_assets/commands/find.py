"""`hoban find`: does a source hold anything about ...?"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from hoban_assets.commands.app import LOOK, app
from hoban_assets.commands.options import AsJson
from hoban_assets.commands.printing import print_json, progress_bar, said, show, tell
from hoban_assets.errors import HobanError
from hoban_assets.settings import Settings

if TYPE_CHECKING:
    from hoban_assets.commands.targets import Target
    from hoban_assets.reporting.inspection.search import Searched

_LONGEST = 90
NO_CAPTIONS = (
    "  It has no captions_*.json. Put that of COCO (captions_train2017.json) into its folder "
    "annotations/ to search what its pictures show."
)


@app.command(rich_help_panel=LOOK)
def find(
    pattern: Annotated[str, typer.Argument(help="Regular expression; case does not matter.")],
    source: Annotated[
        str, typer.Argument(help="Declared source, stage, folder, or 'all'.", metavar="SOURCE")
    ],
    as_json: AsJson = False,
    limit: Annotated[int, typer.Option(min=1, help="Examples of each match.")] = 3,
) -> None:
    """Search class names, categories, codes and their texts, captions and file names of a source.

    Example: hoban find 'lying|fall' coco
    """
    from hoban_assets.commands.targets import sources_named
    from hoban_assets.reporting.inspection.search import compiled

    settings = Settings.from_env()
    expression = compiled(pattern)
    targets = sources_named(source, settings)
    searched, failed = [], []
    for target in targets:
        try:
            searched.append(_search(target, expression, limit))
        except HobanError as error:
            if len(targets) == 1:
                raise
            failed.append({"source": target.source.name, "problem": error.problem})
    if as_json:
        print_json(
            {
                "pattern": pattern,
                "hits": [asdict(hit) for each in searched for hit in each.hits],
                "searched": [each.as_json() for each in searched],
                "failed": failed,
            }
        )
        return
    _print(pattern, searched)
    for row in failed:
        tell("not searched: {source}: {problem}", err=True, **row)


def _search(target: Target, expression: object, limit: int) -> Searched:
    from typing import Any, cast

    from hoban_assets.reporting.inspection.search import search

    return search(target.source, target.raw_root, cast(Any, expression), limit, progress_bar)


def _print(pattern: str, searched: list[Searched]) -> None:
    hits = [hit for each in searched for hit in each.hits]
    if hits:
        show(
            [
                {
                    "source": hit.source,
                    "where": said(hit.where),
                    "match": hit.match,
                    "count": hit.count,
                    "images": hit.images,
                    "on_disk": hit.on_disk,
                }
                for hit in hits
            ]
        )
        tell("\nExamples\n")
        show(
            [
                {
                    "source": hit.source,
                    "where": said(hit.where),
                    "match": hit.match,
                    "text": example["text"][:_LONGEST],
                    "file": example["file"],
                }
                for hit in hits
                for example in hit.examples
            ],
            columns=["source", "where", "match", "text", "file"],
        )
    else:
        tell("Nothing matches '{pattern}'.", pattern=pattern)
    typer.echo("")
    for each in searched:
        tell(
            "searched {source}: {classes} classes, {captions} captions, {files} file names",
            source=each.source,
            classes=f"{each.classes:,}",
            captions=f"{each.captions:,}",
            files=f"{each.files:,}",
        )
        if each.captions_expected:
            tell(NO_CAPTIONS)
