"""The pages of the documentation: links lead to files, both languages show the same commands."""

import re
from pathlib import Path

import pytest
from road import REPOSITORY

DOCS = REPOSITORY / "docs"
KOREAN = sorted(DOCS.glob("ko/*.md"))
PAGES = [REPOSITORY / "README.md", REPOSITORY / "README.ko.md", *sorted(DOCS.rglob("*.md"))]
FENCE = re.compile(r"^```.*?^```$", re.S | re.M)
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def blocks(page: Path) -> list[list[str]]:
    """Lines of each fenced block, without the comments behind them."""
    text = page.read_text(encoding="utf-8")
    return [[line.split("  #")[0] for line in b.splitlines()] for b in FENCE.findall(text)]


def name(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_to_a_file(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    targets = [t for t in LINK.findall(text) if "://" not in t and not t.startswith("data:")]
    assert [t for t in targets if not (page.parent / t).exists()] == []


@pytest.mark.parametrize("page", KOREAN, ids=name)
def test_a_korean_page_shows_the_commands_of_the_english_one(page):
    assert blocks(page) == blocks(DOCS / page.name)


def test_the_korean_readme_leads_to_no_english_page_of_a_task():
    links = set(LINK.findall((REPOSITORY / "README.ko.md").read_text(encoding="utf-8")))
    english = {f"docs/{page.name}" for page in KOREAN}
    assert KOREAN
    assert links & english == set()
