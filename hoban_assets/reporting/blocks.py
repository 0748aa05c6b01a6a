"""A document: a list of blocks that Markdown, page and terminal render, so all three say the same.

Texts may hold `code` and **strong**. Cells of tables are values; `units` has numbers that know
how they are told. `dataclasses.asdict` of a block is its JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar

from hoban_assets.language import Say
from hoban_assets.units import text_of

Row = Mapping[str, Any]
Thing = TypeVar("Thing")
Tone = Literal["", "soft", "good", "warn", "bad"]


@dataclass(frozen=True)
class Heading:
    """Level 1 is the title; the page lists those of level 2, and with an anchor, at its top."""

    level: int
    text: str
    anchor: str = ""
    """Name of the place, for links to it."""


@dataclass(frozen=True)
class Paragraph:
    """A sentence or more."""

    text: str
    tone: Tone = ""


Item: TypeAlias = str | tuple[str, Sequence[str]]
"""Of a list: a line, or a line with a list of its own below it."""


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: Sequence[Item]


@dataclass(frozen=True)
class Code:
    """Commands to copy, or a piece of a file."""

    text: str
    language: str = "sh"


@dataclass(frozen=True)
class Cell:
    """A value of a table that says more: a note, and on the page a tone or a colour."""

    value: Any
    note: str = ""
    tone: str = ""
    dot: str = ""
    """Colour of a dot before the value."""
    shade: str = ""
    """Colour behind the value."""

    def __str__(self) -> str:
        """The value, and what is noted."""
        told = text_of(self.value)
        return f"{told} ({self.note})" if self.note else told


@dataclass(frozen=True)
class Table:
    """Rows below headings; columns of numbers stand right."""

    rows: Sequence[Row]
    columns: Mapping[str, str]
    """Key of a row -> heading, in their order."""


@dataclass(frozen=True)
class Cards:
    """The few figures to see first: (name, value, note). On the page only, as the text has them."""

    items: Sequence[tuple[str, Any, str]]


@dataclass(frozen=True)
class Bars:
    """Bars of numbers, a group a name. On the page only, as a table says the same."""

    groups: Mapping[str, Mapping[str, float | None]]
    """Name of the group -> name of the bar -> value."""
    colours: Mapping[str, str] = field(default_factory=dict)
    """Name of the bar -> colour; the key is shown above."""
    title: str = ""
    stacked: bool = False
    """One bar a group, of parts that add up to 1."""


@dataclass(frozen=True)
class Picture:
    """A picture as a data URI."""

    uri: str
    caption: str
    title: str = ""
    link: str = ""
    """Address of the picture at its full size, or of what it stands for."""


@dataclass(frozen=True)
class Pictures:
    """Pictures side by side, on the page only."""

    pictures: Sequence[Picture]
    width: str = "24rem"
    """Least width of one."""
    key: Mapping[str, str] = field(default_factory=dict)
    """What colours on them mean: name -> colour."""


@dataclass(frozen=True)
class Finding:
    """What stands out, how bad it is, and what to do about it."""

    level: Literal["bad", "warn", "good", "info"]
    text: str
    remedies: Sequence[str] = ()


@dataclass(frozen=True)
class Links:
    """Pages to open: (text, address, note). An address without a scheme is beside the document."""

    items: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Details:
    """Blocks that the page folds away."""

    summary: str
    blocks: Sequence[Block]
    is_open: bool = False
    """Unfolded at first, on a screen that is no phone's."""


Block = (
    Heading
    | Paragraph
    | Bullets
    | Code
    | Table
    | Cards
    | Bars
    | Pictures
    | Finding
    | Links
    | Details
)

Columns: TypeAlias = dict[str, str | Callable[[Thing], Any]]
"""English heading -> what the cells hold: the name of an attribute or key, or a function."""
MARKS: Mapping[str, str] = {"bad": "[!!]", "warn": "[!]", "good": "[ok]", "info": "[i]"}
"""Marks of findings where there are no colours."""


def bullets(items: Iterable[Item]) -> Bullets:
    """Make a list."""
    return Bullets(tuple(items))


def levels(items: Iterable[Item]) -> Iterator[tuple[int, str]]:
    """Every line of a list with how deep it stands: 0, or 1 below another."""
    for item in items:
        text, below = (item, ()) if isinstance(item, str) else item
        yield 0, text
        yield from ((1, line) for line in below)


def code(*lines: str) -> Code:
    """Make commands to copy, one a line."""
    return Code("\n".join(lines))


def table(
    rows: Sequence[Row],
    columns: Mapping[str, str] | Collection[str] | None = None,
    say: Say | None = None,
    said: Collection[str] = (),
) -> Table:
    """Make a table.

    Args:
        rows: dictionaries.
        columns: key -> heading, or the keys alone; None: those of the first row.
        say: translates headings, and the values of the columns `said`.
        said: keys of columns whose values are translated.
    """
    keys = columns if columns is not None else (rows[0] if rows else ())
    titles = (
        dict(keys) if isinstance(keys, Mapping) and columns is not None else {k: k for k in keys}
    )
    if say is None:
        return Table(rows, titles)
    told = (
        [{k: say(v) if k in said and v else v for k, v in r.items()} for r in rows]
        if said
        else rows
    )
    return Table(told, {k: say(title) if title else "" for k, title in titles.items()})


def listing(things: Iterable[Thing], columns: Columns[Thing], say: Say) -> Table:
    """Make a table of objects or rows, one line each; `say` translates the headings."""
    ways = {heading: _getter(way) for heading, way in columns.items()}
    rows = [{heading: way(thing) for heading, way in ways.items()} for thing in things]
    return Table(rows, {heading: say(heading) if heading else "" for heading in columns})


def _getter(way: str | Callable[[Any], Any]) -> Callable[[Any], Any]:
    if not isinstance(way, str):
        return way
    return lambda thing: thing[way] if isinstance(thing, Mapping) else getattr(thing, way)


def without_empty_columns(rows: Sequence[Row]) -> list[Row]:
    """Leave out the columns that hold nothing in any row."""
    filled = [k for k in (rows[0] if rows else {}) if any(r[k] is not None for r in rows)]
    return [{k: row[k] for k in filled} for row in rows]


def numeric(block: Table) -> set[str]:
    """Columns of numbers: keys whose values are numbers, or nothing."""
    columns = {key: [inner(row.get(key)) for row in block.rows] for key in block.columns}
    return {key for key, values in columns.items() if _are_numbers(values)}


def inner(value: object) -> object:
    """The value of a cell."""
    return value.value if isinstance(value, Cell) else value


def _are_numbers(values: Iterable[object]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in known
    )
