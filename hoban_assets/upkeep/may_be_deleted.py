"""Whether a path may be deleted: yes, no, or not known, always with the reason.

'Yes' is said only inside the data root and the raw root, whose every use hoban knows. Elsewhere
the answer is 'no' where something is needed, else 'not known'.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hoban_assets.catalog.asked import Ask, Row
from hoban_assets.language import Say, retold
from hoban_assets.processes.seen import users_of
from hoban_assets.settings import Settings
from hoban_assets.upkeep.data_root import TRASH
from hoban_assets.upkeep.paths import Relation, below_of, is_within, real, relation
from hoban_assets.upkeep.reasons_to_stay import (
    links_of,
    protected_places,
    references,
)
from hoban_assets.upkeep.survey import checked_root, survey
from hoban_assets.upkeep.trash import objection_to_deletion
from hoban_assets.upkeep.trash_lists import MANIFEST, batches
from hoban_assets.upkeep.written_by_hoban import whose_content

_USES = """
WITH wanted AS (SELECT nfc_normalize(lower($below)) AS below)
SELECT asset, partition,
       count(*) FILTER (hits_image) AS images,
       count(*) FILTER (hits_label) AS label_files
FROM (
    SELECT asset, partition,
           image = below OR starts_with(image, below || '/') AS hits_image,
           label = below OR starts_with(label, below || '/') AS hits_label
    FROM (
        SELECT c.asset, c.partition, nfc_normalize(lower(i.file)) AS image,
               nfc_normalize(lower(i.label_file)) AS label
        FROM store.images AS i JOIN store.current AS c USING (materialization_id)
    ), wanted
)
WHERE hits_image OR hits_label
GROUP BY asset, partition ORDER BY asset, partition
"""
"""Blind to case and to how Korean letters are put together: too often 'no' is the right error."""

NO_SOURCE = (
    "nothing here refers to it: no source declares it, no asset uses it; what else it may be "
    "needed for, hoban cannot know"
)

NOT_OURS = (
    "nothing here refers to it: hoban did not make it, no asset uses it; what else it may be "
    "needed for, hoban cannot know"
)


@dataclass(frozen=True)
class Claim:
    """A raw folder that the code declares."""

    source: str
    folder: str
    """Below the raw root."""
    readers: tuple[str, ...]
    """Assets that read it."""


@dataclass(frozen=True)
class Verdict:
    """The answer for one path."""

    safe: bool | None
    """None: hoban does not know."""
    reason: str
    uses: list[Row] = field(default_factory=list)
    """asset, partition, images, label_files: of what lies at or below the path."""
    notes: list[str] = field(default_factory=list)

    @property
    def exit_status(self) -> int:
        """0 safe, 1 not safe, 2 not known."""
        return {True: 0, False: 1, None: 2}[self.safe]


def is_safe(
    path: Path,
    ask: Ask,
    settings: Settings,
    say: Say,
    claims: Sequence[Claim],
    assets: Collection[str] = (),
) -> Verdict:
    """Say whether `path` may be deleted, as far as the catalog, the code and the disk tell.

    Of a link, both the link and what it leads to are looked at; the worse answer counts.

    Args:
        path: relative to the working directory, or absolute.
        ask: open catalog.
        settings: whose data root and raw root.
        say: language of the reasons.
        claims: declared raw folders.
        assets: names of declared assets.
    """
    path = Path.cwd() / path
    if not os.path.lexists(path):
        return Verdict(None, say("there is no such file or folder"))
    if not path.exists():
        return Verdict(None, say("a link that leads nowhere (a drive that is not connected?)"))
    spots = dict.fromkeys([real(path), real(path.parent) / path.name if path.name else real(path)])
    verdicts = [_Question(spot, ask, settings, say, claims, assets).answer() for spot in spots]
    return max(verdicts, key=lambda verdict: {True: 0, None: 1, False: 2}[verdict.safe])


@dataclass(frozen=True)
class _Question:
    """One place on the disk, without links on the way to it."""

    spot: Path
    ask: Ask
    settings: Settings
    say: Say
    claims: Sequence[Claim]
    assets: Collection[str]

    def answer(self) -> Verdict:
        raw, data = self.settings.raw_root, self.settings.data_root
        to_raw, to_data = relation(self.spot, raw), relation(self.spot, data)
        if to_data in ("is", "holds"):
            return Verdict(False, self._root(to_data, self.say("the data root"), data))
        if to_raw in ("is", "holds"):
            return Verdict(False, self._root(to_raw, self.say("the raw root"), raw), self._uses(""))
        if found := self._claimed() or self._protected(in_raw=to_raw == "in"):
            return found
        if to_raw == "in":
            found = self._below_raw()
        elif to_data == "in":
            found = self._below_data()
        else:
            return Verdict(None, self.say("hoban does not know it: it lies outside the data root "
                "and the raw root, and no asset refers to anything below it"))  # fmt: skip
        if found.safe and (used := users_of([self.spot])):
            process = used[self.spot]
            return Verdict(False, self.say("process {process} works with it", process=process))
        return found

    def _root(self, how: Relation, what: str, root: Path) -> str:
        text = "is {what} ({root})" if how == "is" else "holds {what} ({root})"
        return self.say(text, what=what, root=root)

    def _claimed(self) -> Verdict | None:
        """No, where it is, holds, or lies in a declared source."""
        raw, say = self.settings.raw_root, self.say
        for claim in self.claims:
            if relation(self.spot, raw / claim.folder) in ("is", "in"):
                below = below_of(self.spot, raw / claim.folder) or Path()
                uses = self._uses((Path(claim.folder) / below).as_posix())
                text = "belongs to the raw source {source}, which is read by: {readers}"
                readers = ", ".join(claim.readers)
                return Verdict(False, say(text, source=claim.source, readers=readers), uses)
        held = [c for c in self.claims if relation(self.spot, raw / c.folder) == "holds"]
        if not held:
            return None
        where = below_of(self.spot, raw) or Path(held[0].folder)
        uses = self._uses(where.as_posix())
        names = ", ".join(claim.source for claim in held)
        return Verdict(False, say("holds the raw sources {names}", names=names), uses)

    def _protected(self, *, in_raw: bool) -> Verdict | None:
        known = references(self.ask, self.settings, self.say)
        places = [*protected_places(self.settings, self.say), *known.protected]
        for place, why in places:
            if in_raw and place == self.settings.raw_root:
                continue
            how = relation(self.spot, place)
            if how:
                text = "holds what is needed: {why} ({place})" if how == "holds" else "{why}"
                return Verdict(False, self.say(text, why=why, place=place), notes=self._notes())
        return None

    def _below_raw(self) -> Verdict:
        """Yes, where no source declares it, no asset uses it, and no link leads to it."""
        below = below_of(self.spot, self.settings.raw_root) or Path()
        if uses := self._uses(below.as_posix()):
            return Verdict(False, self.say("assets use it, though no source declares it"), uses)
        if link := self._link_to_it():
            return Verdict(False, self.say("the link {link} leads to it", link=link))
        notes = [
            self.say(
                "{asset} reports it: {text}", asset=row["asset"], text=retold(row["text"], self.say)
            )
            for row in self.ask(
                "SELECT DISTINCT asset, text FROM checks WHERE name = 'folders_declared' "
                "AND NOT passed AND contains(text, $name)",
                {"name": below.parts[0]},
            )
        ]
        reason = self.say(NO_SOURCE)
        return Verdict(True, reason, notes=notes)

    def _below_data(self) -> Verdict:
        root = checked_root(self.settings)
        in_trash = is_within(self.spot, root / TRASH)
        safe, reason = self._in_trash(root) if in_trash else self._outside_the_trash()
        if safe and (link := self._link_to_it()):
            safe, reason = False, self.say("the link {link} leads to it", link=link)
        return Verdict(safe, reason, notes=self._notes())

    def _outside_the_trash(self) -> tuple[bool, str]:
        spot, settings, say = self.spot, self.settings, self.say
        found = survey(
            references(self.ask, settings, say),
            settings,
            say,
            assets=self.assets,
            wanted=lambda path: relation(path, spot) is not None,
        )
        needed = [*found.live, *(item for item in found.unknown if item.kind != "other")]
        if needed:
            first = needed[0]
            if relation(first.path, spot) == "in":
                text = "holds what is needed ({count}), for instance {path}: {why}"
                return False, say(text, count=len(needed), path=first.relative, why=first.why)
            what = first.what or first.relative
            return False, say("belongs to {what}, which is needed: {why}", what=what, why=first.why)
        if found.unused:
            first = found.unused[0]
            text = "nothing needs it: {why}"
            if len(found.unused) > 1:
                text = "nothing needs what it holds ({count}), for instance {path}: {why}"
            count = len(found.unused)
            return True, say(text, why=first.why, path=first.relative, count=count)
        if is_within(spot, settings.reports):
            return True, say("a report: no asset needs it, and it can be made again")
        if is_within(spot, settings.cache):
            return True, say("a cache: what lies in it is computed again, which takes a while")
        return True, say(NOT_OURS)

    def _in_trash(self, root: Path) -> tuple[bool, str]:
        say, known = self.say, references(self.ask, self.settings, self.say)
        if self.spot.name == MANIFEST:
            return False, say("the list by which 'hoban prune --restore' puts things back")
        for batch in batches(root):
            for item in batch.items:
                if relation(self.spot, batch.place(item)) is None:
                    continue
                if why := objection_to_deletion(root, batch, item, known, self.settings, say):
                    return False, f"{item.relative}: {why}"
        return True, say("lies in the trash, and nothing needs it")

    def _notes(self) -> list[str]:
        return [note] if (note := whose_content(self.spot, self.settings, self.say)) else []

    def _uses(self, below: str) -> list[dict[str, Any]]:
        if not below:
            return self.ask(
                "SELECT asset, partition, count(*) AS images, count(label_file) AS label_files "
                "FROM store.images JOIN store.current USING (materialization_id) "
                "GROUP BY ALL ORDER BY ALL"
            )
        return self.ask(_USES, {"below": below})

    def _link_to_it(self) -> Path | None:
        """First link of the raw root or the data root, itself elsewhere, that leads to it."""
        roots = (self.settings.raw_root, self.settings.data_root)
        for link, target in links_of(self.settings):
            inside = self.spot in (link, *link.parents)
            everything = any(relation(target, root) in ("is", "holds") for root in roots)
            if not inside and not everything and relation(target, self.spot):
                return link
        return None
