"""Problems and verdicts in words, Korean or English."""

from __future__ import annotations

from collections.abc import Mapping

from hoban_assets.language import Say
from hoban_assets.reporting.quality.judgement import Verdict
from hoban_assets.reporting.quality.problems import Problem, Remedy
from hoban_assets.reporting.quality.sql import DOUBTFUL, SAME_PICTURE, UNSEEN
from hoban_assets.units import limit_text, percent
from hoban_assets.units import text_of as number

TITLES: Mapping[str, str] = {
    "small": "Labels too small to learn",
    "crowded": "Crowded photographs",
    "outlier": "Head boxes that are far too large",
    "whole": "Boxes around nearly the whole image",
    "twice": "One object labelled twice",
    "conflict": "One object with two class names",
    "disagree": "Same scene, different labels",
    "unsure": "Empty scenes that look like labelled ones",
    "rows": "Label rows that could not be used",
    "broken": "Images that could not be used",
    "slim": "Boxes of an unusual shape",
    "far": "Boxes far larger than others of their class",
    "cut": "Objects cut off by the image border",
    "blurred": "Blurred photographs",
    "dark": "Photographs that are too dark",
    "clips": "Few different scenes",
    "duplicates": "Near-duplicates",
    "backgrounds": "Versions without empty scenes",
}
SENTENCES: Mapping[str, str] = {
    "small": "{count} of {of} labels ({share}) cover less than {limit} of the image.",
    "crowded": "{count} of {of} photographs ({share}) show more than {limit} persons. "
    "On average there are {mean}, at most {top}.",
    "outlier": "{count} of {of} labels ({share}) cover {limit} of the image or more. For a head "
    "that is nearly always a whole body or a wrong box.",
    "whole": "{count} of {of} boxes ({share}) cover more than {limit} of the image. Such a box "
    "says that someone is there, not where.",
    "twice": "{count} pairs of boxes of one class lie on each other (IoU above 0.9), on {images} "
    "images. One object counts twice.",
    "conflict": "{count} pairs of boxes overlap (IoU above 0.7) but are called differently: "
    "{class_name} and {other_class}, on {images} images.",
    "disagree": "{count} of {of} removed photographs that show the very moment of a kept one "
    "(similarity {alike} and above) are labelled otherwise: {share}. One of the two labels may be "
    "wrong; which of them, only a look at both tells.",
    "unsure": "{count} of {of} removed empty scenes ({share}) show the very moment of a photograph "
    "that holds labels (similarity {alike} and above). So they were not empty, and others may not "
    "be either.",
    "rows": "{count} of {of} label rows ({share}) were dropped while reading: {rules}.",
    "broken": "{count} of {of} images ({share}) were dropped: {rules}.",
    "slim": "{count} of {of} boxes ({share}) are very long or very flat: for a head 3 times, for "
    "a body 8 times as long as wide, or more.",
    "far": "{count} of {of} boxes ({share}) are at least 10 times as large as the median of their "
    "class and belong to its largest 0.1 %.",
    "cut": "{count} of {of} boxes ({share}) touch the border of the image.",
    "blurred": "{count} of {of} photographs ({share}) have less than a tenth of the sharpness "
    "that is usual in their source.",
    "dark": "{count} of {of} photographs ({share}) have a mean brightness below 40 of 255.",
    "clips": "By their names, {of} photographs come from only {groups} clips or sites. Pictures "
    "that follow each other teach little more than one of them.",
    "duplicates": "{count} of {of} photographs ({share}) are near-duplicates of others (similarity "
    "{similarity} and above) and were removed in {where}.",
    "backgrounds": "{count} of {of} dataset versions have no photograph without objects.",
}
PIXELS = (
    "Trained at {size} px, {unseen} labels are smaller than {unseen_px} x {unseen_px} px, and "
    "{doubtful} smaller than {doubtful_px} x {doubtful_px} px."
)
"""Follows the sentence of 'small' where there are such labels."""
EFFECTS: Mapping[str, str] = {
    "ignore": "turns {boxes} of {of} labels ({share}) into ignore regions and drops {images} "
    "photographs that no label is left on",
    "drop": "drops {boxes} of {of} labels ({share}), and {images} photographs that no label is "
    "left on",
    "crowd": "drops {images} photographs with {boxes} labels",
    "duplicates": "dropped {images} photographs with {boxes} labels",
    "add": "{images} photographs without objects are ready",
}
ADVICE: Mapping[str, str] = {
    "twice": "No recipe field fixes this. Exactly equal rows are merged by themselves; correct the "
    "others in the label file.",
    "conflict": "No recipe field fixes this. Decide for one of the classes in the label file.",
    "disagree": "No recipe field fixes this. Look at the pairs, worst first, and correct the label "
    "that is wrong: that may be the one of the kept photograph, of another source.",
    "unsure": "Look at the pairs. Take out every photograph on which a person is to be seen.",
    "rows": "Done already: these rows are left out. Correct the label files where they are many.",
    "broken": "Done already: these images are left out. 'Defects by rule' says what each "
    "rule means.",
    "slim": "No recipe field fixes this. Look at them, and correct the label file where they are "
    "wrong.",
    "far": "No recipe field fixes this. Look at the largest boxes.",
    "cut": "Usual for photographs of persons. Nothing to do unless bodies are hardly visible.",
    "blurred": "No recipe field fixes this. Look at them before you trust their labels.",
    "dark": "No recipe field fixes this. Look at them; a night shift may well be wanted.",
    "clips": "Filtering cannot fix this: add photographs of other places. The split keeps clips "
    "together, so validation stays honest.",
}
_LOOK: Mapping[str, str] = {
    "small": "hoban gallery {asset} --class {name} --order smallest",
    "outlier": "hoban gallery {asset} --class {name} --order largest",
    "whole": "hoban gallery {asset} --class {name} --order largest",
    "far": "hoban gallery {asset} --class {name} --order largest",
    "disagree": "hoban gallery {where} --rule labels_disagree",
    "unsure": "hoban gallery {where} --rule labels_disagree",
    "duplicates": "hoban gallery {where} --rule near_duplicate",
}


def title(say: Say, problem: Problem) -> str:
    """What kind of problem it is."""
    return say(TITLES[problem.kind])


def place(say: Say, problem: Problem) -> str:
    """Where it is: source, and class."""
    named = [problem.source, *([say(problem.class_name)] if problem.class_name else [])]
    return " · ".join(named)


def sentence(say: Say, problem: Problem) -> str:
    """Say how much of what has this problem."""
    more = problem.more
    limit = more.get("limit")
    text = say(
        SENTENCES[problem.kind],
        count=number(problem.count),
        of=number(problem.of),
        share=percent(problem.share),
        images=number(problem.images),
        limit=limit_text(limit) if isinstance(limit, float) else limit,
        mean=f"{more.get('mean') or 0:.1f}",
        top=more.get("top"),
        class_name=say(more.get("class_name") or ""),
        other_class=say(more.get("other_class") or ""),
        rules=", ".join(f"{rule} {n:,}" for rule, n in more.get("rules", {}).items()),
        groups=number(more.get("groups")),
        similarity=more.get("similarity"),
        alike=SAME_PICTURE,
        where=more.get("where"),
    )
    if problem.kind != "small" or not more["doubtful"]:
        return text
    pixels = say(
        PIXELS,
        size=more["size"],
        unseen=number(more["unseen"]),
        doubtful=number(more["doubtful"]),
        unseen_px=UNSEEN,
        doubtful_px=DOUBTFUL,
    )
    return f"{text} {pixels}"


def effect(say: Say, problem: Problem, remedy: Remedy) -> str:
    """Say what the remedy of a problem would do."""
    return say(
        EFFECTS[remedy.action],
        boxes=number(remedy.boxes),
        of=number(problem.of),
        share=percent(remedy.boxes / problem.of if problem.of else 0.0),
        images=number(remedy.images),
    )


def versions(say: Say, remedy: Remedy) -> str:
    """Say which dataset versions have a remedy and which do not; '' where there are none."""
    parts = []
    if remedy.having:
        parts.append(say("has it: {names}", names=", ".join(remedy.having)))
    if remedy.lacking:
        parts.append(say("lacks it: {names}", names=", ".join(remedy.lacking)))
    return "; ".join(parts) or say("no dataset version was built from it yet")


def advice(say: Say, problem: Problem) -> str | None:
    """Say what to do where no recipe field fixes a problem; None where one does."""
    text = ADVICE.get(problem.kind)
    return None if text is None else say(text)


def look(problem: Problem, partition: str) -> str | None:
    """The command that shows more of it, None where there is none."""
    text = _LOOK.get(problem.kind)
    if text is None:
        return None
    where = problem.more.get("where", problem.asset)
    command = text.format(asset=problem.asset, name=problem.class_name, where=where)
    return command if partition == "sub" else f"{command} --partition {partition}"


def judgement(say: Say, verdict: Verdict) -> str:
    """Say what to think of a source: good, usable after something, or doubtful and why."""
    reasons = list(dict.fromkeys(title(say, p) for p in verdict.reasons))
    if verdict.judgement == "good":
        return say("good")
    if verdict.judgement == "unknown":
        return say("too few images to judge")
    if verdict.judgement == "doubtful":
        doubts = [title(say, p) for p in verdict.reasons if p.level == "bad" and not p.remedy]
        return say("doubtful: {why}", why=", ".join(dict.fromkeys(doubts)))
    if verdict.fields:
        return say("usable after {fields}", fields=", ".join(short_fields(verdict.fields)))
    return say("usable: {why}", why=", ".join(reasons))


def short_fields(fields: tuple[str, ...]) -> list[str]:
    """Recipe fields by their names alone: area, max_persons."""
    return list(dict.fromkeys(field.partition(":")[0] for field in fields))
