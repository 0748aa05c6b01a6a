"""fastdup's side of row 4, run by the interpreter of .venv-fastdup (no import of the platform)."""

from __future__ import annotations

import os

from benchmarks.worker import Work


def run(photos: str, work_dir: str) -> Work:
    """Time ``fastdup.run`` with its defaults."""
    os.environ["SENTRY_OPT_OUT"] = os.environ["FASTDUP_PRODUCTION"] = "1"
    import fastdup

    def work() -> int:
        code = fastdup.run(input_dir=photos, work_dir=work_dir)
        if code:
            raise RuntimeError(f"fastdup.run ended with code {code}")
        return 0

    return work
