"""Errors that a user can fix: one message that names the file and the way out."""


class HobanError(Exception):
    """Something outside the code is wrong. The message says what, where, and what to do."""

    def __init__(self, problem: str, way_out: str) -> None:
        """Join what is wrong and how to fix it to one message."""
        self.problem = problem
        self.way_out = way_out
        super().__init__(f"{problem} -> {way_out}")
