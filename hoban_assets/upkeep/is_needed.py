"""Whether one thing below the data root is needed.

'unused' is said only where the catalog knows what it is and that it was replaced, hoban wrote it
to the last file, nothing else leads to it, and no process works with it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from filelock import FileLock, Timeout

from hoban_assets.catalog.asked import Row
from hoban_assets.disk_use import measure
from hoban_assets.language import Say
from hoban_assets.processes.seen import is_alive
from hoban_assets.upkeep.data_root import Item, Kind, State
from hoban_assets.upkeep.paths import link_on_the_way, mounts_in, touches
from hoban_assets.upkeep.reasons_to_stay import (
    Key,
    References,
    dataset_key,
    read_plan,
    weights_of,
)
from hoban_assets.upkeep.written_by_hoban import objection_to_run, objection_to_tree

LOG_DAYS = 30
"""After which nobody asks any more what a build said."""
QUIET_SECONDS = 3600
"""What the catalog does not know, and changed within the last hour, may be somebody's work of
this moment: of a container or a machine whose processes cannot be seen from here."""

Answer: TypeAlias = tuple[State, str]
"""Whether it is needed, and why it may go or stays."""


class Judge:
    """Judges things one by one; trainings must come before datasets, which they may need."""

    def __init__(
        self,
        root: Path,
        raw_root: Path,
        known: References,
        assets: Collection[str],
        busy: Mapping[Path, str],
        say: Say,
    ) -> None:
        """Take what is known.

        Args:
            root: real data root.
            raw_root: raw root.
            known: what the catalog and the settings refer to; trainings that stay are added.
            assets: names of assets that are declared.
            busy: the process that works with a thing, by path.
            say: language of the reasons.
        """
        self.root, self.raw_root, self.known, self.busy = root, raw_root, known, busy
        self.assets = {*assets, *(asset for asset, _ in known.current)}
        self.say = say
        self._by_kind: Mapping[Kind, Callable[[Item], Answer]] = {
            "dataset": self._dataset,
            "training": self._training,
            "gallery": self._gallery,
            "log": self._log,
            "killed work": self._killed,
        }

    def judged(self, item: Item) -> Item:
        """Judge one thing. What cannot be read stays."""
        if item.kind == "other":
            return replace(item, why=self.say("hoban does not know it"))
        try:
            item = replace(item, what=self._what(item))
            reason = self._in_the_way(item.path)
            answer: Answer = ("live", reason) if reason else self._by_kind[item.kind](item)
            item = replace(item, state=answer[0], why=answer[1])
            if item.kind == "training" and item.state != "unused":
                self._keep_what_it_needs(item)
            return self._measured(item) if item.state == "unused" else item
        except OSError as error:
            why = self.say("cannot be read: {error}", error=error)
            return replace(item, state="unknown", why=why)

    def _in_the_way(self, path: Path) -> str | None:
        """Why it stays, whatever it is."""
        if link_on_the_way(path, self.root):
            return self.say("is a link")
        if mounts_in(path):
            return self.say("another file system is mounted in it")
        if path in self.busy:
            return self.say("process {process} works with it", process=self.busy[path])
        return touches(path, self.known.protected)

    def _what(self, item: Item) -> str:
        if item.kind == "gallery":
            return self.say("pictures of {asset}", asset=item.path.name)
        if item.kind == "log":
            return self.say("log of a build")
        if item.key is None:
            return self.say("half-finished work")
        asset, partition, _ = item.key
        what = f"{asset} [{partition}]"
        if item.kind == "training":
            return self._with_result(what, item.path, item.key)
        if (images := self.known.images.get(item.key)) is not None:
            return self.say("{what}, {count} images", what=what, count=f"{images:,}")
        return what

    def _with_result(self, what: str, run: Path, key: Key) -> str:
        if not (run / "finished.json").is_file():
            return self.say("{what}, unfinished training", what=what)
        epochs: object = "?"
        with suppress(OSError, ValueError, KeyError, TypeError):
            epochs = json.loads((run / "finished.json").read_text(encoding="utf-8"))["epochs"]
        if key not in self.known.map50:
            return f"{what}, {self.say('{epochs} epochs', epochs=epochs)}"
        map50 = f"{self.known.map50[key]:.3f}"
        told = self.say("{epochs} epochs, mAP50 {map50}", epochs=epochs, map50=map50)
        return f"{what}, {told}"

    def _dataset(self, item: Item) -> Answer:
        assert item.key is not None  # noqa: S101 - for mypy
        say, key = self.say, item.key
        if why := self.known.why_live(key):
            return "live", why
        current = self.known.current.get(key[:2])
        if current is None:
            why = say("the catalog does not know this dataset: it may come from another machine")
            return "unknown", why
        if key in self.known.recorded:
            why = self._retired(key) or self._replaced_by(current)
        elif self._is_young(item.path):
            return "unknown", say("was written within the last hour")
        else:
            why = say("its run ended after publishing, before it was recorded")
        objection = objection_to_tree(item.path, self.raw_root, say)
        return ("unknown", objection) if objection else ("unused", why)

    def _training(self, item: Item) -> Answer:
        assert item.key is not None  # noqa: S101 - for mypy
        if why := self.known.why_live(item.key):
            return "live", why
        dataset = dataset_key(read_plan(item.path))
        if dataset is None:
            return "unknown", self.say("no plan.json says what it is")
        if objection := objection_to_run(item.path, self.say):
            return "unknown", objection
        if (item.path / "finished.json").is_file():
            return self._finished(item.key)
        return self._unfinished(item.path, dataset)

    def _finished(self, key: Key) -> Answer:
        say, current = self.say, self.known.current.get(key[:2])
        if key not in self.known.recorded or current is None:
            why = say("a finished training that the catalog does not know: it may come from "
                      "another machine")  # fmt: skip
            return "unknown", why
        if retired := self._retired(key):
            return "unused", retired
        why, now = self._replaced_by(current), self.known.map50_of(current)
        if now is not None and self.known.map50.get(key, 0.0) > now:
            why = say("{why}; it was better (mAP50 now {now})", why=why, now=f"{now:.3f}")
        return "unused", why

    def _unfinished(self, run: Path, dataset: Key) -> Answer:
        say = self.say
        if why := self.known.why_live(dataset):
            return "live", say("can be resumed: its dataset is needed ({why})", why=why)
        if dataset not in self.known.recorded:
            return "unknown", say("the catalog does not know the dataset that it is of")
        if self._is_young(run):
            return "unknown", say("was written within the last hour")
        why = say("will not be resumed: its dataset {dataset} was replaced", dataset=dataset[2])
        return "unused", why

    def _keep_what_it_needs(self, training: Item) -> None:
        plan = read_plan(training.path)
        why = self.say("{path}, which stays, was made from it", path=training.relative)
        if dataset := dataset_key(plan):
            self.known.live.setdefault(dataset, why)
        if weights := weights_of(plan):
            self.known.protected.append((weights, why))

    def _gallery(self, item: Item) -> Answer:
        if item.path.name in self.assets:
            return "live", self.say("pictures of an asset that exists")
        return "unused", self.say("there is no such asset any more")

    def _log(self, item: Item) -> Answer:
        days = int((time.time() - item.path.lstat().st_mtime) / 86_400)
        if days < LOG_DAYS:
            return "live", self.say("logs are kept for {days} days", days=LOG_DAYS)
        return "unused", self.say("{days} days old", days=days)

    def _killed(self, item: Item) -> Answer:
        say = self.say
        if item.pid is not None and is_alive(item.pid):
            return "live", say("process {pid} is there", pid=item.pid)
        lock = Path(f"{item.path}.lock")
        if item.pid is None and lock.exists():  # rows on their way into the catalog
            try:
                with FileLock(lock, timeout=0):
                    pass
            except Timeout:
                return "live", say("a process is filling it")
        if self._is_young(item.path):
            return "unknown", say("was written within the last hour")
        return "unused", say("left by a process that was killed")

    def _is_young(self, path: Path) -> bool:
        return time.time() - measure(path).newest < QUIET_SECONDS

    def _retired(self, key: Key) -> str | None:
        retired = key[:2] in self.known.retired
        return self.say("its version has no recipe any more") if retired else None

    def _replaced_by(self, current: Row) -> str:
        return self.say(
            "replaced by {name} on {day}",
            name=Path(current["path"] or current["data_version"] or "-").name[:16],
            day=f"{current['created_at']:%Y-%m-%d}",
        )

    def _measured(self, item: Item) -> Item:
        content = measure(item.path)
        changed = datetime.fromtimestamp(content.newest, UTC)
        recorded = self.known.recorded.get(item.key, changed) if item.key else changed
        return replace(item, content=content, last_use=max(changed, recorded))
