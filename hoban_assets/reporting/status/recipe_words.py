"""A recipe in words, as one tells it to whoever comes next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hoban_assets.language import Say
from hoban_assets.units import limit_text


def recipe_sentences(recipe: Mapping[str, Any], partition: str, say: Say) -> list[str]:
    """Tell what makes a dataset: sources, limits, quotas, split.

    Args:
        recipe: `Recipe.as_recipe()`, as the catalog recorded it; fields that an older release
            did not have are not told of.
        partition: numbers differ between 'sub' and 'full'.
        say: language of the sentences.
    """
    return [
        *_sources(recipe, partition, say),
        *_limits(recipe, say),
        *_choice(recipe, partition, say),
    ]


def _of(value: Any, partition: str) -> Any:
    return value[partition] if isinstance(value, Mapping) else value


def _sources(recipe: Mapping[str, Any], partition: str, say: Say) -> Iterator[str]:
    stages = ", ".join(str(_of(s, partition)) for s in recipe.get("stages", ()))
    if stages:
        yield say("Made from, best first: {stages}.", stages=stages)
    if "similarity" in recipe:
        yield say(
            "Of images that are similar by {limit} or more, the one of the earlier source stays.",
            limit=recipe["similarity"],
        )
        if recipe.get("duplicates") == "event":  # older builds recorded no rule: the pictures alone
            yield say(
                "That is so only where their labels agree as well; other images that are similar "
                "by {limit} or more stay, on one side of the split.",
                limit=recipe["similarity"],
            )


def _limits(recipe: Mapping[str, Any], say: Say) -> Iterator[str]:
    if recipe.get("max_persons"):
        yield say("Images with more than {n} persons are left out.", n=recipe["max_persons"])
    for name, limits in (recipe.get("area") or {}).items():
        parts = []
        if limits.get("least"):
            text = "below {least} of the image it becomes an ignore region"
            parts.append(say(text, least=limit_text(limits["least"])))
        if limits.get("most", 1) < 1:
            parts.append(say("above {most} it is dropped", most=limit_text(limits["most"])))
        if limits.get("outlier"):
            text = "from {outlier} on it is dropped as doubtful"
            parts.append(say(text, outlier=limit_text(limits["outlier"])))
        if parts:
            yield say("A box of {name}: {limits}.", name=say(name), limits="; ".join(parts))


def _choice(recipe: Mapping[str, Any], partition: str, say: Say) -> Iterator[str]:
    quota, unit = recipe.get("quota"), recipe.get("quota_unit", "boxes")
    if quota and _of(quota, partition) is None:
        yield say("All labels that are left are chosen: there is no quota.")
    elif quota:
        text = {
            "boxes": "Up to {n} boxes of each class are chosen, {order}.",
            "images": "Up to {n} images of each class are chosen, {order}.",
        }[unit]
        order = {
            "area": "images with the largest boxes first",
            "hash": "by a fixed draw that stays the same when images are added",
        }[recipe.get("order", "hash")]
        yield say(text, n=f"{_of(quota, partition):,}", order=say(order))
    if recipe.get("background") and _of(recipe["backgrounds"], partition) is None:
        text = "All images without any object of {background} are chosen."
        yield say(text, background=recipe["background"])
    elif recipe.get("background"):
        yield say(
            "Up to {n} images without any object come from {background}.",
            n=f"{_of(recipe['backgrounds'], partition):,}",
            background=recipe["background"],
        )
    if "val_share" in recipe:
        yield say(
            "About {share} of the images are for validation; images that are similar by {limit} "
            "or more, and frames of one clip, stay on one side.",
            share=limit_text(recipe["val_share"]),
            limit=recipe.get("group_similarity", "-"),
        )
    if size := _of(recipe.get("prescale"), partition):
        yield say(
            "Photographs are published scaled to {n} pixels on the long side: a model of it is "
            "trained with this image size.",
            n=size,
        )
