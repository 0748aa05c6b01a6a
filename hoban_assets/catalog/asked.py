"""What the catalog is asked with and answers: two names for everybody, which import nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, Any]
Ask: TypeAlias = Callable[..., list[Row]]
"""``ask(sql, params=None)``: rows of one SELECT as dictionaries, in the order of its columns."""
