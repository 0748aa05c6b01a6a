"""Text of others, names of files above all, that does nothing where it is shown.

A name may hold what a terminal obeys (ESC), what turns the order of letters around (bidi), or half
a character that cannot be printed. Each is shown as its escape.
"""

from __future__ import annotations

import logging
import re
from typing import Any

_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control, without tab and line feed
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi
    "\u2028\u2029\ufeff\ud800-\udfff]"  # ends of lines, byte order mark, half characters
)
_TAG = re.compile(r"<(?=[A-Za-z/!?])")


def visible(text: str) -> str:
    r"""Return `text` with what a terminal would obey as ``\u001b``."""
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


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
    return visible(value) if isinstance(value, str) else value
