"""An attack tells how far it is, in time, and its table stands in both languages."""

import re

import pytest

from attack.harness import ROOT, Row
from attack.pace import Pace
from attack.tables import KINDS, PAGES, costs, put, table

NAMES = [what for kinds in KINDS.values() for what in kinds]


def test_every_kind_that_is_tried_has_its_words_and_its_cost():
    code = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "attack").glob("*.py"))
    tried = set(re.findall(r'\bRow\(\s*f?"([^"]+)"', code)) - {"{name}: not tried to its end"}
    assert {name.replace("{EPOCHS}", "13") for name in tried} == set(NAMES)
    assert all(cost > 0 for cost in costs(list(KINDS)).values())


@pytest.mark.parametrize("name", ["attack", "zero-calls"])
def test_both_pages_show_the_same_table(name):
    numbers = {
        language: re.findall(r"\| ([\d,]+) \| (\d+) \|$", part_of(page, name), re.M)
        for language, page in PAGES.items()
    }
    assert numbers["en"] == numbers["ko"] != []


def part_of(page, name):
    return page.read_text(encoding="utf-8").split(f"<!-- {name}: begin -->")[1].split("<!--")[0]


def test_a_table_takes_the_place_of_the_one_before(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- x: begin -->\nold\n<!-- x: end -->\nb")
    row = Row("builds: killed", 2)
    row.note(None)
    row.note("half")
    put(page, "x", table([row], "of today", "ko"))
    told = page.read_text()
    assert told.startswith("a\n<!-- x: begin -->\nof today\n")
    assert told.endswith("| 만들기: 강제로 끝냄 | 2 | 1 |\n<!-- x: end -->\nb")


def test_what_is_left_is_told_from_what_was_done():
    pace = Pace({"quick": 10, "slow": 30}, began=0)
    pace.step("quick", 0.01)
    assert pace.told(now=60) == "1 min gone"
    pace.step("quick", 1.0)
    pace.step("slow", 0.5)
    assert pace.told(now=600) == "10 min gone, about 6 min left"  # 25 of 40 done
