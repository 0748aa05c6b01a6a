"""Make a whole bundle from what is new in it (this folder) and the previous bundle.

``./apply.sh ../PREVIOUS`` writes the new bundle beside this folder. Only the standard library,
Python 3.9 or later. Files that both have are hard links where that is possible: the previous
folder may be deleted afterwards, but nothing in either should be edited.
"""

from __future__ import annotations

import argparse
import errno
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from bundle_files import (  # type: ignore[import-not-found]
    BUNDLE,
    CONTENT,
    Refused,
    bundle_text,
    by_content,
    differing,
    every_five_seconds,
    listed,
    named,
    read_bundle,
    tell,
)

_NO_LINK = (errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EACCES, errno.EMLINK)


def main(arguments: list[str]) -> int:
    """Apply; a refusal is one message, and leaves everything as it was."""
    parser = argparse.ArgumentParser(
        prog="./apply.sh", description="Make the whole bundle from this one and the previous one."
    )
    parser.add_argument("previous", type=Path, help="folder of the previous bundle, unpacked")
    parser.add_argument("--into", type=Path, help="folder to write into; default: beside this one")
    here = Path(__file__).resolve().parent
    given = parser.parse_args(arguments)
    try:
        target = apply(here, given.previous.absolute(), (given.into or here.parent).absolute())
    except Refused as refused:
        print(f"error: {refused}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; nothing was written", file=sys.stderr)
        return 143
    tell(f"made {target}. Next: cd {target} && ./train.sh")
    tell(f"{here} is needed no more; {given.previous} only for its runs/")
    return 0


def apply(here: Path, previous: Path, parent: Path) -> Path:
    """Write the whole bundle into `parent`, under its name; return its folder.

    It is built beside and renamed, so it is there as a whole or not at all.

    Raises:
        Refused: `previous` is another bundle or damaged, content is missing here, or no room.
    """
    new = read_bundle(here)
    old = _previous_bundle(previous, new)
    target = parent / new["bundle"]
    whole = bundle_text({**new, "since": None})
    if target.exists():
        return _ready(target, whole)
    sources = _sources(new, old, here, previous)
    building = parent / f".{target.name}.{os.getpid()}.tmp"
    for stale in parent.glob(f".{target.name}.*.tmp"):
        shutil.rmtree(stale, ignore_errors=True)
    try:
        for name, facts in new["files"].items():
            place(sources[facts["sha256"]], building / name, facts["mtime_ns"])
            if name.endswith(".sh"):
                (building / name).chmod(0o755)
        (building / BUNDLE).write_text(whole, encoding="utf-8")
        when = new["files"]["plan.json"]["mtime_ns"]
        os.utime(building / BUNDLE, ns=(when, when))
        building.rename(target)
    except OSError as error:
        raise Refused(f"cannot write {target}: {error}", "free space there, and again") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    if old["run_key"] == new["run_key"] and (previous / "runs").is_dir():
        tell(f"the training is the same one; to go on with it: mv {previous / 'runs'} {target}/")
    return target


def place(sources: dict[int, Path], target: Path, mtime_ns: int) -> None:
    """Link `target` to the one of `sources` (by time) that has its time, else copy one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    same = sources.get(mtime_ns)
    if same is not None and same.stat().st_mtime_ns == mtime_ns:
        try:
            os.link(same, target)
            return
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise
    shutil.copyfile(next(iter(sources.values())), target)
    os.utime(target, ns=(mtime_ns, mtime_ns))


def _previous_bundle(previous: Path, new: dict[str, Any]) -> dict[str, Any]:
    if new["since"] is None:
        raise Refused("this is a whole bundle already", "./train.sh")
    if previous.is_file():
        raise Refused(f"{previous} is a file", "unpack it (tar xf), then give its folder")
    if not previous.is_dir():
        raise Refused(f"{previous} is not there", f"give the folder of {new['since']}")
    return read_bundle(previous)


def _sources(
    new: dict[str, Any], old: dict[str, Any], here: Path, previous: Path
) -> dict[str, dict[int, Path]]:
    """SHA-256 -> files that hold it by their times, all of them verified by their content."""
    needed, there = by_content(new["files"]), by_content(old["files"])
    carried = {h: here / CONTENT / h for h in needed if (here / CONTENT / h).exists()}
    lacking = [names[0] for h, names in needed.items() if h not in carried and h not in there]
    if lacking:
        raise Refused(
            f"{previous} is {old['bundle']}, this builds on {new['since']}: the content of "
            f"{len(lacking):,} files is in neither:{listed(lacking)}",
            f"give the folder of {new['since']}, or make this again with 'hoban bundle --since "
            f"{old['bundle']}', or without --since",
        )
    kept = [name for h in needed if h not in carried for name in there[h]]
    wrong = differing(previous, named(old["files"], kept), every_five_seconds("verified"))
    if wrong:
        raise Refused(
            f"{previous} is damaged, {len(wrong):,} files differ from what was packed:"
            f"{listed(wrong)}",
            "unpack that bundle again, or have the whole new one made: without --since",
        )
    own = {
        f"{CONTENT}/{h}": {"bytes": new["files"][needed[h][0]]["bytes"], "sha256": h}
        for h in carried
    }
    wrong = differing(here, own)
    if wrong:
        raise Refused(f"this bundle is damaged:{listed(wrong)}", "copy and unpack it again")
    return {
        h: {carried[h].stat().st_mtime_ns: carried[h]}
        if h in carried
        else {old["files"][name]["mtime_ns"]: previous / name for name in there[h]}
        for h in needed
    }


def _ready(target: Path, whole: str) -> Path:
    file = target / BUNDLE
    if file.is_file() and file.read_text(encoding="utf-8") == whole:
        tell(f"{target} is there already")
        return target
    raise Refused(f"{target} is there already, and something else", "move it away, and again")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
