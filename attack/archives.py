"""Backups: restores that are killed, and archives that somebody else made."""

from __future__ import annotations

import io
import json
import random
import shutil
import tarfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from attack.harness import Row, duration_of, killed_at_random

Change = Callable[[dict[str, Any]], Any]
PHOTOS = 300


def rows(folder: Path, size: int, dice: random.Random) -> Iterator[Row]:
    """`size` kills; every hostile archive where `size` is that of a whole attack, else some."""
    from backing_up import make
    from yard import empty_yard

    yard = empty_yard(folder / "yard")
    yard.training("a", yard.dataset(*range(PHOTOS)))
    (yard.home / "home").mkdir()
    archive = make(yard).archive
    small = empty_yard(folder / "small")
    small.training("a", small.dataset(1, 2))
    (small.home / "home").mkdir()
    yield _kills(yard, archive, folder / "killed", size, dice)
    yield _hostile(small, make(small).archive, folder / "hostile", 1 if size >= 60 else 11)


def _kills(yard: Any, archive: Path, folder: Path, size: int, dice: random.Random) -> Row:
    """A killed restore leaves no data root or a whole one; the next one clears up or says so."""
    from backing_up import put_back
    from yard import content

    from hoban_assets.errors import HobanError

    row = Row("restore: killed", size)
    put_back(archive, folder, yard)
    whole = {name for name in content(folder) if name != "catalog.duckdb"}
    longest = duration_of(lambda: (shutil.rmtree(folder), put_back(archive, folder, yard)))
    for _ in range(size):
        shutil.rmtree(folder)
        killed_at_random(put_back, (archive, folder, yard), longest, dice)
        if not (folder / "catalog.duckdb").exists():
            try:
                put_back(archive, folder, yard)
            except HobanError as error:
                row.note(None if "a restore was killed here" in str(error) else str(error))
                continue
        there = {name for name in content(folder) if name != "catalog.duckdb"}
        row.note(f"other files: {sorted(there ^ whole)[:3]}" if there != whole else None)
    return row


def _hostile(yard: Any, archive: Path, folder: Path, step: int) -> Row:
    """Each ends in one message, or restores what a shell can source without harm."""
    folder.mkdir()
    row = Row("restore: hostile backups", len(list(_archives(archive, folder))) // step)
    for what, evil in islice(_archives(archive, folder), 0, None, step):
        before = _names(folder)
        problem = _restored(evil, folder / "new", yard)
        outside = _names(folder) - before
        problem = problem or (f"wrote {sorted(outside)[:3]}" if outside else None)
        row.note(f"{what}: {problem}" if problem else None)
    return row


def _names(folder: Path) -> set[str]:
    """What lies beside the folder that is restored into, and beside the data root."""
    return {str(p) for p in (*folder.iterdir(), *folder.parent.iterdir()) if p.name != "new"}


def _restored(evil: Path, new: Path, yard: Any) -> str | None:
    from backing_up import put_back
    from test_backup_of_a_stranger import sourced

    from hoban_assets.errors import HobanError

    try:
        restored = put_back(evil, new, yard)
        found = sourced(restored.environment)
        return None if found["HOBAN_DATA_ROOT"] == str(new) else f"sets {found}"
    except HobanError:
        return "left something" if new.exists() else None
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _archives(archive: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """What is wrong, and the archive, which is made anew each time."""
    from hostile_results import VALUES, changed, paths
    from test_backup_of_a_stranger import rewritten

    with tarfile.open(archive) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type]
    evil = folder / "evil.tar"
    evil.touch()
    for path in paths(manifest):
        for value in VALUES:

            def change(told: dict[str, Any], path: Any = path, value: Any = value) -> bytes:
                return json.dumps(changed(told, path, value)).encode()

            yield f"manifest {path} = {value!r:.40}", rewritten(archive, evil, change)
    for what, member in members():
        _with(archive, evil, member)
        yield what, evil
    data = archive.read_bytes()
    for share in range(1, 10):
        evil.write_bytes(data[: len(data) * share // 10])
        yield f"{share} tenths of it", evil
    for what, bytes_ in {"empty": b"", "zeros": bytes(10240), "text": b"hoban" * 999}.items():
        evil.write_bytes(bytes_)
        yield what, evil


def members() -> Iterator[tuple[str, tarfile.TarInfo]]:
    """Further members that no backup has."""
    for name in ("../x", "/tmp/x", "artifacts/../../x", "a\\..\\x", "artifacts/\x1b[2J", "..", ""):  # noqa: S108
        yield f"file {name!r}", tarfile.TarInfo(name)
    for name in ("catalog.duckdb", "Catalog.duckdb", "restored.env", ".restoring", "manifest.json"):
        yield f"another {name}", tarfile.TarInfo(name)
    for name in ("artifacts/사진", "artifacts/사진"):  # composed and decomposed letters
        yield f"file {name!a}", tarfile.TarInfo(name)
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE)
    for kind in (*kinds, tarfile.CONTTYPE, tarfile.GNUTYPE_SPARSE, b"Z"):
        for target in ("/etc/passwd", "../../etc", "catalog.duckdb"):
            member = tarfile.TarInfo("artifacts/x")
            member.type, member.linkname = kind, target
            yield f"{kind!r} to {target}", member


def _with(archive: Path, evil: Path, member: tarfile.TarInfo) -> None:
    with tarfile.open(archive) as source, tarfile.open(evil, "w") as out:
        for each in source:
            out.addfile(each, source.extractfile(each) if each.isreg() else None)
        out.addfile(member, io.BytesIO(b""))
