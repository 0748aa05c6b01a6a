"""What must hold of every split: nothing on both sides, and its share of every class in val."""

from __future__ import annotations

from hoban_assets.curation.checks import Check
from hoban_assets.curation.engines import blindness
from hoban_assets.curation.splits import ValShare, largest_in_val, shares_of_val
from hoban_assets.language import Say, plain
from hoban_assets.samples import Samples

LARGEST_OF_VAL = 0.2
"""A group with more of val than this decides the figures that are measured on it."""


def no_leak_between_splits(
    samples: Samples, closest: float, similarity: float, say: Say = plain, engine: str = ""
) -> Check:
    """No group, no file content and no near-duplicate stands on both sides of the split.

    The text says what the `engine` (its full name) cannot see: a check that passes proves no
    more than its engine can find.
    """
    images = samples.images
    groups = int((images.groupby("group_id").split.nunique() > 1).sum())
    contents = int((images.groupby("content_hash").split.nunique() > 1).sum())
    passed = groups == 0 and contents == 0 and closest < similarity
    sizes = images.group_id.value_counts()
    largest = float(sizes.max() / len(images)) if len(images) else 0.0
    text = say(
        "{groups} groups and {contents} file contents on both sides; closest pair over the split "
        "{closest}; the largest of {all} groups holds {share} of the images",
        groups=groups,
        contents=contents,
        closest=f"{closest:.3f}" if closest else f"< {similarity}",
        all=f"{len(sizes):,}",
        share=f"{largest:.1%}",
    )
    if blind := blindness(engine):
        text += ". " + say("What this check cannot see: {blind}", blind=say(blind))
    numbers = {
        "groups": groups,
        "contents": contents,
        "closest": closest,
        "largest_group_share": largest,
    }
    return Check("no_leak_between_splits", passed, text, numbers=numbers)


def val_share(samples: Samples, wanted: float, say: Say = plain) -> Check:
    """Every class has its share in val, within a tenth, and no group a fifth of val; a warning."""
    shares, largest = shares_of_val(samples, wanted), largest_in_val(samples)
    outside = [
        say(
            "{name}: {labels} of its labels and {images} of its images are in val, from "
            "{groups_val} of {groups} groups; {why}",
            name=say(s.name),
            labels=f"{s.share:.1%}",
            images=f"{s.images_val / s.images:.1%}",
            groups_val=f"{s.groups_val:,}",
            groups=f"{s.groups:,}",
            why=_why_outside(s, say),
        )
        for s in shares
        if not s.is_within
    ]
    if largest > LARGEST_OF_VAL:
        outside.append(say("one group has {share} of the images of val", share=f"{largest:.1%}"))
    fine = say(
        "every class has {wanted} in val, within a tenth; the largest group has {share} of it",
        wanted=f"{wanted:.0%}",
        share=f"{largest:.1%}",
    )
    numbers = {s.name: s.share for s in shares} | {"largest_group": largest}
    return Check("val_share", not outside, "; ".join(outside) or fine, numbers=numbers)


def _why_outside(share: ValShare, say: Say) -> str:
    if share.groups_too_large:
        return say(
            "{count} of its groups (clips, families, look-alikes) hold more than a fifth of what "
            "val should have",
            count=f"{share.groups_too_large:,}",
        )
    return say("no choice of whole groups was found that comes nearer")
