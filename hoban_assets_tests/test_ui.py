"""The Dagster UI in a real browser: assets, lineage, a materialisation's metadata, checks."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from road import REPOSITORY, Road

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
BIN = Path(sys.executable).parent
needs_browser = pytest.mark.skipif(
    not (BROWSER and DRIVER),
    reason="chromium and chromedriver are not installed (apt install chromium chromium-driver)",
)


@pytest.fixture(scope="module")
def environment(sample, tmp_path_factory) -> dict[str, str]:
    """A fresh DAGSTER_HOME in which the dataset was built with the command of the README."""
    home = tmp_path_factory.mktemp("home")
    shutil.copy(REPOSITORY / "dagster.yaml", home)
    road = Road(sample, tmp_path_factory.mktemp("data"))
    env = {**os.environ, **road.env(), "DAGSTER_HOME": str(home)}
    env["DAGSTER_MODULE_NAME"] = "hoban_assets.definitions"
    command = [str(BIN / "dagster"), "asset", "materialize"]
    subprocess.run(
        [*command, "--select", "*dataset_v9", "--partition", "sub"],
        env=env,
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
    )
    return env


@pytest.fixture(scope="module")
def address(environment):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(BIN / "dagster-webserver"), "-h", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(
        command,
        env=environment,
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            yield wait_for_server(f"http://127.0.0.1:{port}", server)
        finally:
            server.terminate()


def wait_for_server(url: str, server: subprocess.Popen) -> str:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert server.poll() is None, "the webserver ended"
        try:
            with urllib.request.urlopen(f"{url}/server_info", timeout=5):
                return url
        except OSError:
            time.sleep(0.3)
    raise AssertionError("the webserver did not answer in time")


@pytest.fixture(scope="module")
def browser():
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "window-size=1600,4000"):
        options.add_argument(f"--{flag}")
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def read_page(browser, url: str, *expected: str, seconds: float = 60) -> str:
    """Open a page and wait until all `expected` texts are on it."""
    browser.get(url)
    deadline = time.monotonic() + seconds
    while True:
        text = browser.find_element("tag name", "body").text
        lacking = [e for e in expected if e not in text]
        if not lacking:
            return text
        assert time.monotonic() < deadline, f"not on {url}: {lacking}\n{text}"
        time.sleep(0.3)


@needs_browser
def test_the_assets_page_lists_every_asset_with_its_group(browser, address):
    names = ["helmet_60k", "coco_person", "fallen_pool", "background", "dataset_v9", "model_v9"]
    text = read_page(browser, f"{address}/assets", *names, "stages", "datasets", "models")
    assert "Join the Dagster community" not in text


@needs_browser
def test_the_lineage_leads_from_the_raw_folders_to_the_model(browser, address):
    text = read_page(
        browser,
        f"{address}/assets/model_v9?view=lineage&lineageScope=upstream&lineageDepth=5",
        "sources",
        "helmet_60k",
        "fallen_pool",
        "dataset_v9",
    )
    assert "coco_person" in text


@needs_browser
def test_a_materialisation_shows_its_numbers_tables_and_plot(browser, address):
    read_page(
        browser,
        f"{address}/assets/dataset_v9",
        "composition",
        "box_areas",
        "placed_as",
        "hard links",
        "person_with_helmet",
        "area_too_small",
    )
    plots = browser.find_elements("css selector", "img[src^='data:image/png']")
    deadline = time.monotonic() + 30
    while not plots and time.monotonic() < deadline:
        for button in browser.find_elements("xpath", "//*[contains(text(),'Show Markdown')]"):
            browser.execute_script("arguments[0].click()", button)
        time.sleep(0.5)
        plots = browser.find_elements("css selector", "img[src^='data:image/png']")
    assert plots


@needs_browser
def test_checks_say_what_was_found(browser, address):
    text = read_page(
        browser, f"{address}/assets/dataset_v9?view=checks", "quotas_reached", "conservation"
    )
    assert "dedupe_certificate" in text
