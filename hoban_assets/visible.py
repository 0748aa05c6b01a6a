"""Text of others, names of files above all, that does nothing where it is shown.

A name may hold what a terminal obeys (ESC), what turns the order of letters around (bidi), or half
a character that cannot be printed. Each is shown as its escape. A line feed of a name would begin
a line that looks like one of ours.
"""

from __future__ import annotations

import logging
import re
from pathlib import PurePath
from typing import Any

_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control, without tab and line feed
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi
    "\u2028\u2029\ufeff\ud800-\udfff]"  # ends of lines, byte order mark, half characters
)
_NEXT_LINE = re.compile(r"\n(?=\S)")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")


def visible(text: str) -> str:
    r"""Return `text` with what a terminal would obey as ``\u001b``."""
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def in_line(value: object) -> object:
    r"""Return a text or path with line feeds, too, as ``\u000a``; all else as it is."""
    if not isinstance(value, str | PurePath):
        return value
    return visible(str(value)).replace("\n", r"\u000a")


def indented(text: str) -> str:
    """Return `text`, as `visible`, of which no line but the first begins at the margin."""
    return _NEXT_LINE.sub("\n    ", visible(text))


def without_tags(text: str) -> str:
    """Return Markdown text in which no ``<`` begins a tag, except within `code`."""
    parts = visible(text).split("`")
    return "`".join(
        part if number % 2 and number < len(parts) - 1 else _TAG.sub("&lt;", part)
        for number, part in enumerate(parts)
    )


def show_in_logs() -> None:
    """Let what this process logs from now on be shown and not obeyed, whoever logs it.

    In the texts alone: formatters (of web servers) read the arguments one by one.
    """
    logging.setLogRecordFactory(_Shown)


class _Shown(logging.LogRecord):
    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.msg = _text(self.msg)
        if isinstance(self.args, tuple):
            self.args = tuple(map(_text, self.args))


def _text(value: Any) -> Any:
    return indented(value) if isinstance(value, str) else value
