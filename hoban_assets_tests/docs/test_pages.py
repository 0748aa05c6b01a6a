"""The pages of the documentation: links lead to files, both languages show the same commands."""

import importlib
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from road import REPOSITORY

from hoban_assets.settings import Settings

DOCS = REPOSITORY / "docs"
KOREAN = sorted(DOCS.glob("ko/*.md"))
PAGES = [REPOSITORY / "README.md", REPOSITORY / "README.ko.md", *sorted(DOCS.rglob("*.md"))]
FENCE = re.compile(r"^```.*?^```$", re.S | re.M)
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def blocks(page: Path) -> list[list[str]]:
    """Lines of each fenced block without the comments behind them, of a walk the commands."""
    text = page.read_text(encoding="utf-8")
    return [
        [
            line.split("  #")[0]
            for line in block.splitlines()
            if not block.startswith("```console") or line.startswith("$ ")
        ]
        for block in FENCE.findall(text)
    ]


def name(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_to_a_file(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    targets = [t for t in LINK.findall(text) if "://" not in t and not t.startswith("data:")]
    assert [t for t in targets if not (page.parent / t).exists()] == []


def anchors(page: Path) -> set[str]:
    """Places of a page that a link can lead to: headings as GitHub names them, and ids."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.*)$", text, flags=re.M)
    slugs = {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in headings}
    return slugs | set(re.findall(r'<a id="([^"]+)"', text))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_to_a_place_of_a_page_leads_there(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    dead = []
    for target, place in re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", text):
        there = page.parent / target if target else page
        if "://" not in target and there.suffix == ".md" and place not in anchors(there):
            dead.append(f"{target}#{place}")
    assert dead == []


@pytest.mark.parametrize("readme", ["README.md", "README.ko.md"])
def test_a_readme_is_read_in_one_go(readme):
    assert len((REPOSITORY / readme).read_text(encoding="utf-8").splitlines()) <= 90


@pytest.mark.parametrize(
    ("readme", "heading"), [("README.md", "Ten words"), ("README.ko.md", "열 가지 말")]
)
def test_a_readme_explains_ten_words(readme, heading):
    text = (REPOSITORY / readme).read_text(encoding="utf-8")
    table = text.partition(f"## {heading}\n")[2].partition("\n##")[0]
    words = [line.split(" | ") for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(words) == 10
    assert all(len(word) == 2 and len(word[1]) > 10 for word in words)


@pytest.mark.parametrize("readme", ["README.md", "README.ko.md"])
def test_a_readme_shows_the_new_command_of_dagster_beside_the_old(readme):
    (paragraph,) = [
        part
        for part in (REPOSITORY / readme).read_text(encoding="utf-8").split("\n\n")
        if "`dg launch --assets '+dataset_v9' --partition sub`" in part
    ]
    assert "`dagster asset materialize --select '*dataset_v9' --partition sub`" in paragraph


def test_every_page_is_in_the_documentation_that_make_docs_writes():
    site = yaml.safe_load((REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8"))
    listed = set(re.findall(r"'([\w/-]+\.md)'", str(site["nav"])))
    there = {str(p.relative_to(DOCS)) for p in DOCS.rglob("*.md")}
    assert listed == {page for page in there if not page.startswith("example-reports/")}


def test_every_page_of_a_task_or_reference_is_there_in_korean():
    english_only = {"bench", "design", "truth", "ultralytics"}
    assert {p.stem for p in DOCS.glob("*.md")} - {p.stem for p in KOREAN} == english_only


@pytest.mark.parametrize("page", KOREAN, ids=name)
def test_a_korean_page_shows_the_commands_of_the_english_one(page):
    assert blocks(page) == blocks(DOCS / page.name)


def test_the_korean_readme_leads_to_no_english_page_of_a_task():
    links = set(LINK.findall((REPOSITORY / "README.ko.md").read_text(encoding="utf-8")))
    english = {f"docs/{page.name}" for page in KOREAN}
    assert KOREAN
    assert links & english == set()


def test_every_example_report_is_written_by_one_command(monkeypatch):
    folder = DOCS / "example-reports"
    monkeypatch.syspath_prepend(str(folder))
    write = importlib.import_module("write")
    names = {*write.REPORTS, *write.COMMANDS}
    assert "example-reports/write.py" in (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    for language in ("en", "ko"):
        assert {file.name for file in (folder / language).iterdir()} == names
    told = (folder / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in told for name in names)
    settings = Settings.from_env({"HOBAN_DATA_ROOT": "/a/data", "HOBAN_RAW_ROOT": "/a/data/raw"})
    said = write.of_no_machine("/a/data/raw/x /a/data/y", settings)
    assert said == "/srv/hoban/raw/x /srv/hoban/data/y"


def test_a_korean_page_has_a_korean_navigation_and_an_english_one_an_english(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    languages = importlib.import_module("languages")
    site = yaml.safe_load((REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8"))
    assert site["hooks"] == ["docs/languages.py"]

    def item(title: str, target: str | list) -> SimpleNamespace:
        below = target if isinstance(target, list) else []
        return SimpleNamespace(title=title, children=[item(*next(iter(b.items()))) for b in below])

    def titles(items: list) -> list[str]:
        return [t for i in items for t in (i.title, *titles(i.children))]

    nav = SimpleNamespace(
        items=[item(*next(iter(entry.items()))) for entry in site["nav"]], homepage=None
    )
    config = SimpleNamespace(theme={})
    shown = {}
    for page, language in (("ko/deploy.md", "ko"), ("deploy.md", "en")):
        source = SimpleNamespace(file=SimpleNamespace(src_uri=page))
        context = languages.on_page_context({}, page=source, config=config, nav=nav)
        assert config.theme["language"] == language
        shown[language] = titles(context["nav"].items)
    assert [t for t in shown["ko"] if not re.search("[가-힣]", t)] == []
    assert [t for t in shown["en"] if re.search("[가-힣]", t)] == []
    assert "팀 설치" in shown["ko"]
    assert "Deploy for a team" in shown["en"]
