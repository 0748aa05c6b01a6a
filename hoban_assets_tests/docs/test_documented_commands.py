"""Every command that the documentation shows does what it says, in a project that was built."""

import json
import os
import re
import shlex
import sys

import dagster as dg
import pytest
from road import REPOSITORY

PAGES = (
    "cheat-sheet",
    "add-a-source",
    "add-a-version",
    "look-at-data-quality",
    "look-and-fix",
    "compare-models",
    "clean-up",
    "rebuild-by-itself",
)
NOTHING_CHANGED = "is the only materialisation of"
"""What `hoban diff --previous` says here; test_automation_daemon.py has one with a change."""
BUILT_BY_THE_WORLD = (". ./env.sh", "hoban build v9 --model")
"""What the world has already; `hoban build v9` is run, and finds everything unchanged."""
FENCE = re.compile(r"^```sh\n(.*?)^```", re.S | re.M)
ROW = re.compile(r"^\| [\d:, ]+ \|.*$", re.M)
CODE = re.compile(r"`((?:hoban|dagster|dg) [^`]+)`")


def commands_of(page: str) -> list[str]:
    """Lines of the fenced shell blocks of a page, comments apart."""
    text = (REPOSITORY / "docs" / f"{page}.md").read_text(encoding="utf-8")
    lines = [line for block in FENCE.findall(text) for line in block.splitlines()]
    return [line.split("  #")[0].strip() for line in lines if line.strip()]


def rows_of(page: str) -> list[str]:
    """Lines of the table 'what you used to do', by the time of the day."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    return [row for row in ROW.findall(text) if re.match(r"\| \d\d:\d\d", row)]


def commands_in(row: str) -> list[str]:
    return [code.replace("\\|", "|") for code in CODE.findall(row)]


BUILD = ["dagster", "asset", "materialize", "--select"]
NEEDED = (
    "dagster asset materialize --select '*dataset_v9' --partition full",
    "dagster asset materialize --select dataset_status --partition sub",
)
"""Builds that commands of later rows read from."""
AS_TYPED = "dagster asset materialize --select coco_person --partition sub"
"""The build of a page that runs in processes of its own; larger ones do in test_failures.py and
test_ui.py, and all of them where HOBAN_HEAVY=documents."""
SCHEDULE = re.compile(r"(?:env -u DAGSTER_MODULE_NAME )?dagster schedule (start|list|stop)\b(.*)")
"""What is not run, as each starts a server of the code: test_automation_daemon.py runs `start`."""
ROWS = rows_of("docs/that-day.md")
DAY = (
    "01:07 01:14 01:21 01:23 01:50 02:14 02:48 02:56 03:38 04:19 04:34 04:43 05:12 05:25 05:53 "
    "05:55 06:16 06:21 06:32 06:47 07:05 07:08 08:02 08:20 08:22 08:36 09:42 09:48 10:00 10:03 "
    "10:21 10:40 10:44 10:47 11:06 11:49 12:02 12:24"
)
"""Times of the rows of the team's day."""


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_runs(world, page):
    commands = commands_of(page)
    assert commands
    for command in commands:
        if command in BUILT_BY_THE_WORLD or checked(world, command):
            continue
        done = world.run(command)
        said = f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-5000:]}"
        assert done.returncode == 0 or NOTHING_CHANGED in done.stderr, said


@pytest.mark.parametrize("row", ROWS, ids=[row.split("|")[1].strip() for row in ROWS])
def test_every_row_of_what_you_used_to_do_runs(world, row):
    for command in commands_in(row):
        if command.startswith("hoban is-safe-to-delete"):  # its exit status is the answer
            assert world.run(command).returncode in (0, 1)
        elif not checked(world, command, *(() if command in NEEDED else ("only",))):
            world.must(command)


def checked(world, command: str, *only: str) -> bool:
    """Check a command of Dagster's without starting it; False: it has to run as it is typed.

    A build runs in this process, or with `only` not at all: each takes a minute, and they differ
    only in what they name. That every version builds is shown by test_versions.py.
    """
    if os.environ.get("HOBAN_HEAVY") == "documents" or command == AS_TYPED:
        return False
    if words := SCHEDULE.fullmatch(command):
        check_schedule(*words.groups())
        return True
    if not command.startswith("dagster asset "):
        return False
    select, partition = check_build(command)
    if not only:
        world.build(select, partition)
    return True


def check_schedule(command: str, rest: str) -> None:
    """Fail unless Dagster has the command with these options, and the graph such a schedule."""
    from dagster._cli.schedule import schedule_cli

    from hoban_assets.definitions import defs

    words = shlex.split(rest)
    given = schedule_cli.commands[command].make_context(command, words).params
    assert (REPOSITORY / given["workspace"][0]).is_file()
    if command != "list":
        defs().resolve_schedule_def(given["schedule_name"])


def check_build(command: str) -> tuple[str, str]:
    """Fail unless `command` is the one that builds, with assets and a partition that exist.

    Returns what it selects, and the partition.
    """
    from hoban_assets.definitions import defs

    words = shlex.split(command)
    assert [*words[:4], words[5]] == [*BUILD, "--partition"]
    graph = defs().resolve_asset_graph()
    chosen = dg.AssetSelection.from_string(words[4]).resolve(graph)
    assert chosen
    for key in chosen:
        partitions = graph.get(key).partitions_def
        assert partitions is None or partitions.has_partition_key(words[6])
    return words[4], words[6]


def test_the_table_has_a_row_for_every_hour_of_that_day():
    times = {time for row in ROWS for time in re.findall(r"\d\d:\d\d", row.split("|")[1])}
    assert times == set(DAY.split())


def test_both_languages_show_the_same_commands_in_the_same_rows():
    korean = rows_of("docs/ko/that-day.md")
    assert [commands_in(row) for row in korean] == [commands_in(row) for row in ROWS]


def test_the_notebook_runs_from_its_first_cell_to_its_last(world):
    cells = json.loads((REPOSITORY / "docs" / "explore.ipynb").read_text(encoding="utf-8"))["cells"]
    code = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    (world.folder / "explore.py").write_text(code, encoding="utf-8")
    world.must(f"{sys.executable} explore.py")
