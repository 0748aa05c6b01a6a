"""The quality page in a real browser, as on a phone and as on a desk; and the command."""

import json
import re
import shutil

import pytest
from builders import samples_of
from PIL import Image
from quality_catalog import FALLEN, HEAD, PERSON, decided, recorded
from typer.testing import CliRunner

from hoban_assets.cli import app
from hoban_assets.errors import HobanError
from hoban_assets.reporting.quality.writing import MARKDOWN, PAGE, write_quality
from hoban_assets.settings import Settings

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
needs_browser = pytest.mark.skipif(
    not (BROWSER and DRIVER),
    reason="chromium and chromedriver are not installed (apt install chromium chromium-driver)",
)
MOST_BYTES = 3_000_000


@pytest.fixture(scope="module")
def env(tmp_path_factory) -> dict[str, str]:
    """Stages with small heads, a crowd, whole-image boxes, repaired rows, and photographs."""
    root, raw = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("raw")
    site = {f"site/{n:02d}.jpg": [(HEAD, 0.001), (HEAD, 0.05)] for n in range(12)}
    crowd = {f"street/{n:02d}.jpg": [(PERSON, 0.05)] * 12 for n in range(12)}
    falls = {
        f"{source}/{n:02d}.jpg": [(FALLEN, 0.8)]
        for source in ("a_fall_source_with_quite_a_long_name_v1", "another_fall_source_v2")
        for n in range(12)
    }
    for file in (*site, *crowd, *falls):
        (raw / file).parent.mkdir(exist_ok=True)
        Image.effect_noise((640, 480), 60).convert("RGB").save(raw / file, quality=60)
    repaired = {"image_id": "site/00.jpg", "stage": "read", "rule": "clipped", "action": "repair"}
    rows = [{**repaired, "file": f"site/labels/{n}.json", "row": n, "value": "1"} for n in range(9)]
    stages = {
        "helmet_60k": decided(samples_of(site), rows),
        "coco_person": samples_of(crowd),
        "fallen_pool": samples_of(falls),
    }
    recorded(root, stages, v8={}, v9={"max_persons": 10})
    return {"HOBAN_DATA_ROOT": str(root), "HOBAN_RAW_ROOT": str(raw), "HOBAN_LANG": "en"}


@pytest.fixture(scope="module", params=["ko", "en"])
def report(request, env):
    settings = Settings.from_env({**env, "HOBAN_LANG": request.param})
    return write_quality(settings, "sub", lambda line: None)


@pytest.fixture(scope="module")
def browser():
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in ("headless=new", "no-sandbox", "disable-dev-shm-usage"):
        options.add_argument(f"--{flag}")
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@needs_browser
@pytest.mark.parametrize("width", [390, 1200])
def test_the_page_fits_the_screen_and_shows_its_pictures(browser, report, width):
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(report.files[0].as_uri())
    assert browser.execute_script("return innerWidth") == width
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    widths = browser.execute_script("return [...document.images].map(i => i.naturalWidth)")
    assert len(widths) >= 8
    assert min(widths) > 0
    loaded = browser.execute_script(
        "return performance.getEntriesByType('resource').map(r => r.name)"
    )
    assert [name for name in loaded if not name.startswith("data:")] == []


@needs_browser
def test_the_contents_lead_to_every_chapter_and_problem(browser, report):
    browser.get(report.files[0].as_uri())
    links = browser.execute_script(
        "return [...document.querySelectorAll('nav a')].map(a => a.getAttribute('href'))"
    )
    ids = browser.execute_script("return [...document.querySelectorAll('[id]')].map(e => e.id)")
    assert {link.removeprefix("#") for link in links} == set(ids)
    assert {"verdicts", "problems", "sizes", "rules"} <= set(ids)
    headings = browser.find_elements("css selector", "h2, h3")
    assert all(heading.text for heading in headings)


def test_the_page_needs_nothing_but_itself(report):
    page = report.files[0].read_text(encoding="utf-8")
    assert re.findall(r'(?:src|href)="(?!#|data:)[^"]*"', page) == []
    assert len(page.encode()) < MOST_BYTES


def test_the_documents_lie_where_they_are_expected(report, env):
    folder = Settings.from_env(env).reports / "quality" / "sub"
    assert report.files == (folder / PAGE, folder / MARKDOWN)
    assert report.numbers["sources"] == 4


def test_the_markdown_tells_worst_first_with_remedy_and_examples(env):
    settings = Settings.from_env(env)
    _, markdown = write_quality(settings, "sub", lambda line: None).files
    text = markdown.read_text(encoding="utf-8")
    assert "`max_persons: 10` drops 12 photographs with 144 labels" in text
    assert "has it: v9: 10; lacks it: v8" in text
    assert "`area: { fallen: { most: 0.7 } }` drops 24 of 24 labels (100.0 %)" in text
    assert "| clipped |" in text
    assert "site/labels/0.json:0 1" in text
    shares = [float(s) for s in re.findall(r"^### .*🔴.*\n\n.*?\(([\d.]+) %\)", text, re.M)]
    assert shares == sorted(shares, reverse=True)
    assert "site/00.jpg.txt:0" in text


def test_the_command_prints_the_worst_and_where_the_documents_lie(env, monkeypatch):
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    told = CliRunner().invoke(app, ["quality", "fallen_pool"])
    assert told.exit_code == 0, told.output
    assert "Boxes around nearly the whole image" in told.output
    assert "Crowded photographs" not in told.output
    folder = Settings.from_env(env).reports / "quality" / "sub" / "fallen_pool"
    assert str(folder / MARKDOWN) in told.output
    assert (folder / PAGE).exists()


def test_json_names_each_source_by_itself(env, monkeypatch):
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    told = json.loads(CliRunner().invoke(app, ["quality", "--json"]).stdout)
    whole = [p for p in told["problems"] if p["kind"] == "whole"]
    assert [p["remedy"]["boxes"] for p in whole] == [12, 12]
    assert {v["source"]: v["judgement"] for v in told["verdicts"]}["street"] == "doubtful"


@pytest.mark.parametrize(
    ("name", "way_out"),
    [("falen_pool", "did you mean fallen_pool?"), ("dataset_v9", "name one of helmet_60k")],
)
def test_a_name_that_is_no_stage_is_refused_with_a_way_out(env, monkeypatch, name, way_out):
    for key, value in env.items():
        monkeypatch.setenv(key, value)
    refused = CliRunner().invoke(app, ["quality", name])
    assert isinstance(refused.exception, HobanError)
    assert refused.exception.way_out.startswith(way_out)


def test_pictures_that_are_gone_leave_the_numbers(env, tmp_path):
    lines: list[str] = []
    settings = Settings.from_env({**env, "HOBAN_RAW_ROOT": str(tmp_path)})
    page, _ = write_quality(settings, "sub", lines.append).files
    assert any("photographs could not be opened" in line for line in lines)
    assert "<img" not in page.read_text(encoding="utf-8")
