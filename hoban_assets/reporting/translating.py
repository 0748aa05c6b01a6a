"""Errors and help in the words of their reader.

An error is raised where nobody knows its reader, as a whole English text. So its Korean is found
by the English template that it was made from: the files of `ERRORS` map ``"source {name}: folder
{folder} does not exist"`` to the same with the same {fields}. A text without one stays English.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hoban_assets.classes import BACKGROUND, CLASS_NAMES
from hoban_assets.errors import HobanError
from hoban_assets.language import KOREAN, Say, Template, speaker
from hoban_assets.language import korean as language_words
from hoban_assets.package_yaml import content_of

_PANELS = (
    "ARGUMENTS_PANEL_TITLE",
    "OPTIONS_PANEL_TITLE",
    "COMMANDS_PANEL_TITLE",
    "DEFAULT_STRING",
    "REQUIRED_LONG_STRING",
)
"""Words of typer's help."""
ERRORS = ("errors.yaml", "import_results.yaml")
PROGRESS = ("progress.yaml",)
_TYPED = {*CLASS_NAMES, BACKGROUND}
"""Names that stay as a file or a command line has them, though they are words as well."""
_FIELD = re.compile(r"\{(\w+)\}")
_PARAGRAPHS = re.compile(r"\n\s*\n")


def error_text(text: str, language: str, files: Sequence[str] = ERRORS) -> str:
    """The text of an error in 'ko' or 'en', by the templates of `files`."""
    if language != "ko":
        return text
    for template, told in _templates(tuple(files)):
        if found := template.match(text):
            words = language_words()
            values = found.groupdict().items()
            return told.format(
                **{
                    k: v if v in _TYPED else words.get(v) or error_text(v, language, files)
                    for k, v in values
                }
            )
    return text


def progress_said(line: str, language: str) -> str:
    """A line of a build's progress in 'ko' or 'en'."""
    return error_text(line, language, PROGRESS)


def said(error: HobanError, language: str) -> str:
    """What is wrong and the way out, in the reader's language."""
    say = speaker(language)
    problem, way_out = (error_text(t, language) for t in (error.problem, error.way_out))
    return f"{say('error')}: {problem}\n  {say('way out')}: {way_out}"


def usage_said(error: Any, language: str) -> str:
    """What is wrong with a command line (`click.UsageError`), and the command that helps."""
    command = error.ctx.command_path if error.ctx else "hoban"
    return said(HobanError(error.format_message(), f"{command} --help"), language)


@functools.cache
def _templates(files: tuple[str, ...]) -> tuple[tuple[Template, str], ...]:
    """English template and its Korean; the one with most words of its own first."""
    words: dict[str, str] = {}
    for name in files:
        words |= content_of(KOREAN / name)
    longest = sorted(words, key=lambda english: -len(_FIELD.sub("", english)))
    return tuple((Template(t, ".+?"), words[t]) for t in longest)


def translate_help(group: Any, say: Say) -> None:
    """Put the help of a click group, of all commands in it and of their parameters into words."""
    from typer import rich_utils

    for name in _PANELS:
        setattr(rich_utils, name, say(getattr(rich_utils, name)))
    for command in _with_all_below(group):
        command.help = help_text(command.help or "", say)
        command.get_usage = functools.partial(_usage, command.get_usage, say)
        command.get_help_option = functools.partial(_help_option, command.get_help_option, say)
        command.rich_help_panel = _panel(command, say)
        for parameter in command.params:
            if getattr(parameter, "help", None):
                parameter.help = help_text(parameter.help, say)


def _with_all_below(command: Any) -> Iterator[Any]:
    """A command, and of a group the commands in it."""
    yield command
    for below in getattr(command, "commands", {}).values():
        yield from _with_all_below(below)


def _usage(original: Callable[[Any], str], say: Say, ctx: Any) -> str:
    return original(ctx).replace("Usage:", say("Usage:"), 1)


def _help_option(original: Callable[[Any], Any], say: Say, ctx: Any) -> Any:
    option = original(ctx)
    if option is not None:
        option.help = say("Show this message and exit.")
    return option


def help_text(text: str, say: Say) -> str:
    """Help paragraph by paragraph; commands of examples stay as they are."""
    told = "\n\n".join(say(paragraph) for paragraph in paragraphs(text))
    return told.replace("Example:", say("Example:"))


def paragraphs(text: str) -> list[str]:
    """Paragraphs of a help text, each on one line; an example is one too."""
    return [" ".join(p.split()) for p in _PARAGRAPHS.split(text) if p.strip()]


def _panel(command: Any, say: Say) -> Any:
    panel = getattr(command, "rich_help_panel", None)
    return say(panel) if isinstance(panel, str) else panel
