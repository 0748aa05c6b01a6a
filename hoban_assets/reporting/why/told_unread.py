"""A file that was never read, in words."""

from __future__ import annotations

from hoban_assets.catalog.asked import Row
from hoban_assets.language import Say
from hoban_assets.reporting.blocks import Block, Heading, Paragraph, bullets
from hoban_assets.reporting.why.unread import Unread

SAID = frozenset({"looked_for", "what"})
"""Facts that are words of ours, and no names."""


def unread_sentence(found: Unread, say: Say) -> str:
    """Which rule of which folder passed it over."""
    facts = {
        key: say(value).rstrip(".") if key in SAID else value for key, value in found.facts.items()
    }
    return say("It was never read: {why}.", why=say(found.text, **facts))


def unread_document(found: Unread, say: Say) -> list[Block]:
    """For the terminal."""
    lines = [say("rule: {rule}, of folder {folder}", rule=found.rule, folder=found.folder)]
    if found.source:
        lines.append(say("source: {name}", name=found.source))
    if found.way_out:
        lines.append(say("way out: {what}", what=found.way_out))
    return [Heading(1, found.file), Paragraph(unread_sentence(found, say)), bullets(lines)]


def unread_data(found: Unread, say: Say) -> Row:
    """For ``--json``."""
    return {
        "file": found.file,
        "read": False,
        "sentence": unread_sentence(found, say),
        "rule": found.rule,
        "folder": found.folder,
        "source": found.source,
        "way_out": found.way_out or None,
    }
