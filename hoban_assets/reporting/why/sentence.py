"""What became of an image, in one sentence."""

from __future__ import annotations

from collections import Counter

from hoban_assets.language import Say
from hoban_assets.reporting.why.findings import Event, Outcome, Story, why_bare
from hoban_assets.rules import short
from hoban_assets.units import area_text, limit_text, similarity_text

AREAS = frozenset({"area_too_small", "area_too_large", "area_outlier"})
"""Rules whose value and limit are shares of the image."""


def sentence(told: Story, say: Say) -> str:
    """Of the newest version that has to do with it."""
    end = told.end
    if end is None:
        return say("It was read, but no build that is left has it.")
    name = end.build.name
    match end.kind:
        case "in":
            return _kept(end, say)
        case "unused":
            return say("It is not in {asset}: its source is not used there.", asset=name)
        case "absent" if end.where is not None:
            return say(
                "It is not in {asset}, which is older than the {stage} that has it now. "
                "Build {asset} again.",
                asset=name,
                stage=end.where.name,
            )
    if end.event is None or end.kind == "absent":
        return say("It is not in {asset}, and no decision says why.", asset=name)
    why = reason(told, end.event, say)
    if end.where is not None:
        return say(
            "It is not in {asset}, as {stage} left it out: {why}.",
            asset=name,
            stage=end.where.name,
            why=why,
        )
    return say("It is not in {asset}: {why}.", asset=name, why=why)


def _kept(end: Outcome, say: Say) -> str:
    boxes = end.passage.boxes if end.passage else ()
    labels = sum(not box["ignore"] for box in boxes)
    ignored = len(boxes) - labels
    image = end.passage.image if end.passage else None
    split = image["split"] if image else None
    name = end.build.name
    if not boxes:
        what = say("a background without any object")
    else:
        what = say("1 label") if labels == 1 else say("{n} labels", n=labels)
    if ignored:
        what += ", " + (
            say("1 ignore region") if ignored == 1 else say("{n} ignore regions", n=ignored)
        )
    if split == "train":
        return say("It is a training image of {asset}: {what}.", asset=name, what=what)
    if split == "val":
        return say("It is a validation image of {asset}: {what}.", asset=name, what=what)
    return say("{asset} keeps it, and no dataset has been built: {what}.", asset=name, what=what)


def reason(told: Story, event: Event, say: Say) -> str:
    """Why a decision took the image away: a clause without a full stop."""
    match event.rule:
        case "near_duplicate":
            return say(
                "it is nearly the same as {witness}, which was kept (similarity {value}, "
                "limit {limit})",
                witness=event.witness,
                value=similarity_text(event.number),
                limit=similarity_text(event.threshold),
            )
        case "crowded":
            return say(
                "it holds {value} persons, and more than {limit} are too many",
                value=event.value,
                limit=f"{event.threshold or 0:g}",
            )
        case "over_quota":
            return say("the quota was full without it{details}", details=_quota(told, event, say))
        case "no_label_left":
            return say("no label was left on it{details}", details=_bare(told, event, say))
    text = short(event.rule, say)
    return f"{text} ({event.value})" if event.value else text


def _bare(told: Story, event: Event, say: Say) -> str:
    """What became of the labels: ' (2 × box too small; ...)'; '' where there never was one."""
    taken = why_bare(told, event)
    other = [str(e.value) for e in taken if e.rule == "class_not_used"]
    counts = Counter(e.rule for e in taken if e.rule != "class_not_used")
    parts = [
        f"{count} × {short(rule, say)}" if count > 1 else short(rule, say)
        for rule, count in counts.items()
    ]
    if other:
        parts.append(say("rows of other classes: {names}", names=", ".join(other)))
    return f" ({'; '.join(parts)})" if parts else ""


def _quota(told: Story, event: Event, say: Say) -> str:
    """How full it was: ' (person: 3,004 of 3,000)'."""
    passage = told.life.passage(event.build)
    recipe = event.build.recipe
    quota, partition = recipe.get("quota"), event.build.partition
    if event.threshold is not None:
        return say(" ({n} backgrounds are enough)", n=f"{event.threshold:g}")
    most = quota.get(partition) if isinstance(quota, dict) else quota
    if passage is None or not most or recipe.get("quota_unit") == "images":
        return f" ({most:,})" if isinstance(most, int) else ""
    mine = {
        box["class_name"]
        for p in told.life.passages
        if p.build.partition == partition and p.build.asset in event.build.inputs
        for box in p.boxes
    }
    full = [
        say("{name}: {n} of {quota}", name=say(name), n=f"{n:,}", quota=f"{most:,}")
        for name, n in passage.labels.items()
        if name in mine
    ]
    return f" ({', '.join(full)})" if full else ""


def seen_and_limit(event: Event, say: Say) -> str:
    """'seen 0.48 %, limit 2 %', where the decision has numbers; else what was seen."""
    if event.rule == "near_duplicate":
        return say(
            "similarity {value}, limit {limit}",
            value=similarity_text(event.number),
            limit=similarity_text(event.threshold),
        )
    value = event.value
    limit = None if event.threshold is None else f"{event.threshold:g}"
    if event.rule in AREAS and event.number is not None and event.threshold is not None:
        value, limit = area_text(event.number), limit_text(event.threshold)
    parts = [f"{say('seen')} {value}"] if value is not None else []
    parts += [f"{say('limit')} {limit}"] if limit is not None else []
    return ", ".join(parts)
