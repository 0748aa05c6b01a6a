"""The words of the page."""

from __future__ import annotations

from hoban_assets.language import Say


def texts(say: Say) -> dict[str, str]:
    """Each text of the page by its name there."""
    return {
        "class": say("class"),
        "source": say("source"),
        "split": say("split"),
        "rule": say("rule"),
        "queue": say("queue"),
        "state": say("state"),
        "any": say("any"),
        "background": say("background"),
        "in": say("in the asset"),
        "out": say("left out"),
        "corrected": say("corrected"),
        "missed": say("the model missed something"),
        "false": say("the model found what is not there"),
        "search": say("part of the name"),
        "pictures": say("{n} pictures"),
        "save": say("Save (S)"),
        "accept": say("Right as it is (A)"),
        "reject": say("Reject the picture (X)"),
        "undo": say("Undo (Z)"),
        "remove": say("Remove box (Del)"),
        "new": say("Draw over others (N)"),
        "take-back": say("Take the correction back (U)"),
        "taken-back": say("taken back:"),
        "not-corrected": say("nobody has corrected this picture"),
        "returning": say("counts at the next build"),
        "close": say("Close (Esc)"),
        "before": say("Before (←)"),
        "next": say("Next (→)"),
        "help": say(
            "Drag on the picture to draw a box; drag a box to move it, its corners to resize it; "
            "numbers give it a class, I makes it an ignore region. With N or Shift a box is drawn "
            "over others. The wheel zooms, Ctrl or the middle button drags the picture along. "
            "Dashed: ignore regions; dotted: found by a model."
        ),
        "unreadable": say("this picture cannot be shown"),
        "label-track": say("Label on all frames (T)"),
        "refuse-track": say("Refuse on all frames (R)"),
        "track": say("track"),
        "no-track": say("choose a box that was followed through a clip"),
        "track-saved": say("decided on {n} frames"),
        "origin-proposed": say("proposed"),
        "origin-taken_out": say("in the label, left out here"),
        "origin-human": say("by a person"),
        "origin-repaired": say("repaired"),
        "origin-teacher": say("by a teacher"),
        "none": say("No picture fits these filters."),
        "right": say("found, as labelled"),
        "wrong": say("found, and not labelled so"),
        "not_found": say("labelled, and not found"),
        "saved": say("saved"),
        "rebuild": say("Into the datasets: hoban rebuild"),
        "not-correctable": say("this picture cannot be corrected here: see above"),
        "same": say("nothing was changed"),
        "unsaved": say("not saved yet"),
        "overruled": say(
            "it was corrected by somebody else meanwhile: yours stands, both are kept"
        ),
        "not_taken": say("not taken:"),
        "decisions": say("decisions"),
        "boxes": say("boxes"),
        "group": say("clip or family"),
        "ignore": say("ignore region"),
        "failed": say("the viewer does not answer any more: is hoban view still running?"),
    }
