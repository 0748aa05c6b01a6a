"""The exact pair search on a Ray cluster: every pair of blocks of features is a task of its own.

`Search` lies in a folder that all nodes see. Blocks are files named by what they hold, and so are
the answers: whatever ends a search, the next one asks for the answers that are not there yet.
Runs on a node as ``python -m hoban_assets.on_ray.pairs`` through Dagster Pipes. Extra: ``folder``.
"""

from __future__ import annotations

import json
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xxhash
from dagster_pipes import PipesContext

from hoban_assets.curation.block_pairs import block, pairs_of, placed, tasks
from hoban_assets.curation.cosine import Pairs
from hoban_assets.errors import HobanError
from hoban_assets.files import save, written
from hoban_assets.on_ray.node_job import run_job
from hoban_assets.on_ray.tasks import join_cluster, spread
from hoban_assets.pipeline.progress import progress_line

_SEARCH = "search.json"
_ANSWERED = "answered.json"
_OLD_SECONDS = 7 * 24 * 3600.0
"""A search that nobody went on with for this long is removed when the next one begins."""


@dataclass(frozen=True)
class Search:
    """What is searched: names of the blocks in their order, and the limits."""

    blocks: list[str]
    threshold: float
    most: int
    rows: int

    @property
    def name(self) -> str:
        """The same for the same search."""
        return xxhash.xxh3_128_hexdigest(json.dumps(asdict(self)).encode())


class Question(NamedTuple):
    """A task: two blocks, or one alone, by name. Equal blocks ask the same, so it is asked once."""

    folder: str
    upper: str
    lower: str | None
    threshold: float
    most: int

    @property
    def answer(self) -> Path:
        """File of the answer."""
        return Path(self.folder) / f"{self.upper}-{self.lower or 'itself'}.npz"


def prepare(features: np.ndarray, threshold: float, most: int, parent: Path, rows: int) -> Path:
    """Write the blocks of a search that are not there yet; return its folder below `parent`."""
    count = -(-len(features) // rows)
    parts = [np.ascontiguousarray(block(features, n, rows), np.float32) for n in range(count)]
    search = Search([_name(part) for part in parts], threshold, most, rows)
    folder = parent / search.name
    folder.mkdir(parents=True, exist_ok=True)
    folder.touch()  # so that it is not old
    _clear_old(parent)
    for name, part in zip(search.blocks, parts, strict=True):
        if not (target := folder / f"{name}.npy").exists():
            with written(target) as new, new.open("wb") as stream:
                np.save(stream, part)
    save(folder / _SEARCH, json.dumps(asdict(search)))
    return folder


def answers(folder: Path) -> Iterator[Pairs]:
    """Pairs by position, as a job found them; fewer tasks than all where they were too many.

    Raises:
        HobanError: an answer is damaged.
    """
    search = _search(folder)
    for upper, lower in json.loads((folder / _ANSWERED).read_text(encoding="utf-8")):
        question = _question(folder, search, upper, lower)
        try:
            with np.load(question.answer, allow_pickle=False) as found:
                pairs = Pairs(found["i"], found["j"], found["similarity"])
        except Exception:  # zip and npy readers raise whatever broken bytes lead to
            raise _damaged(question.answer) from None
        yield placed(pairs, (upper, lower), search.rows)


def answer(question: Question) -> int:
    """Answer one task in a file; return how many pairs there are, at least `most` if too many.

    Raises:
        HobanError: a block is not what its name says, or this node does not see the folder.
    """
    folder = Path(question.folder)
    upper = _block(folder, question.upper)
    lower = None if question.lower is None else _block(folder, question.lower)
    found = pairs_of(upper, lower, question.threshold, question.most)
    with written(question.answer) as new, new.open("wb") as stream:
        np.savez(stream, **found._asdict())
    return len(found.i)


def run(folder: Path, told: Callable[[str], object]) -> None:
    """Answer what is not answered yet, on the cluster that was joined; write which tasks were."""
    search = _search(folder)
    wanted = [
        (task, _question(folder, search, *task))
        for task in tasks(search.rows * len(search.blocks), search.rows)
    ]
    open_ = list(dict.fromkeys(q for _, q in wanted if not q.answer.exists()))
    told(f"pair search: {len(open_):,} of {len(wanted):,} pairs of blocks are to be compared")
    line, total = progress_line("pairs of blocks", told), 0
    for done, count in enumerate(spread(answer, open_), 1):
        total += count
        if total > search.most:
            break
        line(done, len(open_))
    save(folder / _ANSWERED, json.dumps([task for task, q in wanted if q.answer.exists()]))


def _search(folder: Path) -> Search:
    return Search(**json.loads((folder / _SEARCH).read_text(encoding="utf-8")))


def _question(folder: Path, search: Search, upper: int, lower: int) -> Question:
    names = search.blocks
    other = None if upper == lower else names[lower]
    return Question(str(folder), names[upper], other, search.threshold, search.most)


def _name(part: np.ndarray) -> str:
    """Of a block: hash of its numbers, and how many rows they are."""
    return f"{len(part)}-{xxhash.xxh3_128_hexdigest(part.tobytes())}"


def _block(folder: Path, name: str) -> np.ndarray:
    if not folder.is_dir():
        raise HobanError(
            f"node {socket.gethostname()} of the Ray cluster does not see {folder}",
            "put HOBAN_DATA_ROOT (and for data steps HOBAN_RAW_ROOT) on a drive that every node of "
            "the cluster mounts under the same path, or choose 'local' (docs/train-on-ray.md)",
        )
    file = folder / f"{name}.npy"
    with suppress(OSError, ValueError):
        part: np.ndarray = np.load(file, allow_pickle=False)
        if _name(part) == name:
            return part
    raise _damaged(file)


def _damaged(file: Path) -> HobanError:
    return HobanError(
        f"a file of the pair search is missing or damaged: {file}",
        "remove the folder that it lies in, and run the same command again",
    )


def _clear_old(parent: Path) -> None:
    for folder in parent.iterdir():
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > _OLD_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def _main(pipes: PipesContext) -> None:
    join_cluster()
    run(Path(pipes.get_extra("folder")), pipes.log.info)


if __name__ == "__main__":
    raise SystemExit(run_job(_main))
