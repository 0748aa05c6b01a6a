"""What a server handed in is put below a data root, or refused."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from hoban_assets.handoff.results.archive import Refused, opened
from hoban_assets.handoff.results.manifest import read_manifest
from hoban_assets.handoff.results.placing import local_plan, place
from hoban_assets.settings import Settings


def take(path: Path, settings: Settings) -> Path:
    """Put it into its run folder, which is returned."""
    with opened(path) as archive:
        manifest = read_manifest(archive)
        return place(archive, manifest, local_plan(manifest, settings, "/here/dataset_v9"))


def refusal(path: Path, settings: Settings) -> Refused:
    """The reason why it is not taken; nothing is left behind."""
    with pytest.raises(Refused) as refused:
        take(path, settings)
    left = list(settings.data_root.rglob("*")) if settings.data_root.exists() else []
    assert left == []
    return refused.value


def member(
    name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0
) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.type, found.linkname, found.size = kind, link, size
    return found
