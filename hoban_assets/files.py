"""Writing files so that nobody ever reads half of one."""

from __future__ import annotations

import os
from pathlib import Path


def private() -> None:
    """Let what this process makes from now on be read by its user and group alone (0640)."""
    os.umask(os.umask(0o077) | 0o027)


def save(path: Path, content: str | bytes) -> Path:
    """Write a file whole: readers see the old one or the new one, whatever is killed when."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    data = content.encode() if isinstance(content, str) else content
    new.write_bytes(data)
    new.replace(path)
    return path
