"""The walk of a newcomer: each command of its pages prints the lines that stand below it."""

import re
from collections.abc import Iterator
from pathlib import Path

import dagster_dg_core.utils as dg_utils
import pytest
from dagster._cli.workspace import cli_target
from road import REPOSITORY
from typer.testing import CliRunner

from hoban_assets.cli import app
from hoban_assets.language import speaker

PAGES = {"en": "docs/first-hour.md", "ko": "docs/ko/first-hour.md"}
BLOCK = re.compile(r"^```console\n(.*?)^```", re.S | re.M)
LEFT_OUT = "…"
STOPPING = "Stopping: one moment, please."
STOPPED = ("Stopped.", "Start the same command: it goes on at epoch {epoch}.")


def walk(language: str) -> list[tuple[str, list[str]]]:
    """Commands of a page, and the lines that it shows of their output."""
    text = (REPOSITORY / PAGES[language]).read_text(encoding="utf-8")
    found: list[tuple[str, list[str]]] = []
    for line in "".join(BLOCK.findall(text)).splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def same(line: str) -> str:
    """A line without its figures and the width of its columns."""
    words = re.sub(r"\d+([,.:]\d+)*", "0", re.sub(r"\x1b\[[0-9;]*m", "", line)).split()
    return " ".join(words)


def missing(shown: list[str], printed: str) -> list[str]:
    """Lines of `shown` that are not printed in their order; one may go on where it is printed."""
    lines = iter([same(line) for line in printed.splitlines()])
    absent = []
    for line in shown:
        parts = [re.escape(same(part)) for part in line.split(LEFT_OUT)]
        pattern = re.compile(r"[*#>\s-]*" + ".*".join(parts))
        if any(parts) and not any(pattern.match(each) for each in lines):
            absent.append(line)
    return absent


def test_a_line_that_is_not_printed_is_found():
    printed = "a 1,234 b\n\x1b[1mc\x1b[0m   d 5.0 s (unchanged)\n"
    assert missing(["a 7 b", "…", "c d 2 s"], printed) == []
    assert missing(["c … s"], printed) == []
    assert missing(["a 7 c"], printed) == ["a 7 c"]
    assert missing(["c d 2 s", "a 7 b"], printed) == ["a 7 b"]


def demo(world, language: str, folder: Path) -> str:
    """What `make demo` prints: what the Makefile says, and what its commands print here."""
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    ran = re.findall(r"/hoban ([a-z].*)", makefile)
    assert {"sample-data data/raw", "build v9 --model", "summary v9 --partition sub"} <= set(ran)
    few = ["sample-data", str(folder), "--images", "40"]
    drawn = CliRunner().invoke(app, few, env={"HOBAN_LANG": language}).stdout
    built = world.must("hoban build v9 --model", HOBAN_LANG=language)
    summary = world.must("hoban summary v9 --partition sub", HOBAN_LANG=language)
    said = re.findall(r'echo "([^"$]*)"', makefile)
    return "\n".join([*said, drawn.replace(str(folder), "data/raw"), built, summary, *said])


def commands() -> Iterator[tuple[str, str]]:
    for language in PAGES:
        for command, _ in walk(language):
            yield language, command


@pytest.mark.parametrize(("language", "command"), list(commands()))
def test_a_command_prints_what_the_page_shows(world, language, command, tmp_path):
    (shown,) = [lines for words, lines in walk(language) if words == command]
    env = {"HOBAN_LANG": language, "HOME": str(tmp_path)}
    if command == "make demo":
        printed = demo(world, language, tmp_path / "raw")
    elif "^C" in shown:  # test_build_in_a_terminal.py presses it
        say = speaker(language)
        stopped = " ".join(say(text, epoch=2) for text in STOPPED)
        printed = f"^C\n{say(STOPPING)}\n{stopped}\n  hoban build v9 --partition sub --model"
    elif command == ". ./env.sh":
        printed = world.must(f". {REPOSITORY}/env.sh", **env)
    else:
        is_refused = any(line.startswith(("error", "오류")) for line in shown)
        done = (world.typed if is_refused else world.run)(command, **env)
        printed = done.stdout + done.stderr
        assert (done.returncode != 0) == is_refused, printed[-3000:]
        assert "Traceback" not in printed
    assert missing(shown, printed) == [], printed[-3000:]


def test_both_languages_walk_the_same_way():
    assert [command for command, _ in walk("en")] == [command for command, _ in walk("ko")]


@pytest.mark.parametrize("language", PAGES)
def test_what_dagster_says_without_the_project_is_quoted_as_it_says_it(language):
    text = (REPOSITORY / PAGES[language]).read_text(encoding="utf-8")
    said = {
        "Invalid set of CLI arguments": cli_target.__file__,
        "must be run inside a Dagster project directory": dg_utils.__file__,
    }
    for words, module in said.items():
        assert f"`{words}`" in text
        assert words in Path(module).read_text(encoding="utf-8")
