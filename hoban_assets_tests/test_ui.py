"""The Dagster UI in a real browser, as ``make ui`` starts it, on the way of a newcomer.

Assets, lineage, what an asset says of itself, a materialisation's metadata, a failed check,
launching a partition, the run's log.
"""

import contextlib
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from road import REPOSITORY, Road
from strace import called_by, watched
from ui_pages import (
    BROWSER,
    CUT_VALUES,
    DRIVER,
    HOSTILE,
    LAUNCH,
    OVER_THE_EDGE,
    press,
    read_page,
    started_browser,
    state,
    wait_for,
    wait_for_server,
)

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.components.common import table
from hoban_assets.language import speaker
from hoban_assets.reporting.markdown import markdown_rows

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
    env |= {"DAGSTER_MODULE_NAME": "hoban_assets.definitions", "HOBAN_LANG": "en"}
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
def address(environment, tmp_path_factory):
    """Address of a server as ``make ui`` starts it: guarded webserver, daemon and code server.

    What any of them called is looked at when they have ended.
    """
    log = tmp_path_factory.mktemp("calls") / "log"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(
        watched([str(BIN / "hoban"), "ui", "--port", str(port)], log),
        env={k: v for k, v in environment.items() if k != "DAGSTER_MODULE_NAME"},
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as server:
        try:
            yield wait_for_server(f"http://127.0.0.1:{port}", server)
        finally:
            server.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(timeout=30)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)
    assert called_by(log) == []


@pytest.fixture(scope="module")
def browser():
    browser = started_browser()
    yield browser
    browser.quit()


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
    shown = "img[src^='/hoban/pictures/']"
    deadline = time.monotonic() + 180
    while not (pictures := browser.find_elements("css selector", shown)):
        assert time.monotonic() < deadline
        time.sleep(0.3)
    loaded = "return arguments[0].complete && arguments[0].naturalWidth > 0"
    while not all(browser.execute_script(loaded, picture) for picture in pictures):
        assert time.monotonic() < deadline
        time.sleep(0.3)
    table = browser.find_element("css selector", "table[class*='AssetEventMetadataEntriesTable']")
    assert table.size["width"] <= table.find_element("xpath", "..").size["width"]


@pytest.fixture
def wide(browser):
    """Gives the window a width in pixels; afterwards it is what it was."""

    def give(width: int) -> None:
        screen = {"width": width, "height": 4000, "deviceScaleFactor": 1, "mobile": width < 500}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)

    yield give
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.fixture(scope="module")
def figures_of_a_model(environment) -> None:
    """A materialisation of model_v9 with figures of each class, as a training records them."""
    figures = {"mAP50": 0.905, "mAP50-95": 0.59, "precision": 0.823, "recall": 0.913}
    rows = [{"class_name": name, **figures} for name in ("all", *CLASS_NAMES)]
    told = {
        "summary": dg.MetadataValue.md(markdown_rows(rows)),
        "per_class": table(pd.DataFrame(rows).assign(labels=12345), speaker("en")),
    }
    with dg.DagsterInstance.from_config(environment["DAGSTER_HOME"]) as instance:
        instance.report_runless_asset_event(
            dg.AssetMaterialization("model_v9", metadata=told, partition="sub")
        )


@needs_browser
@pytest.mark.parametrize(("width", "cut"), [(1440, 0), (390, 1)])
def test_the_figures_of_each_class_are_whole(
    browser, address, figures_of_a_model, wide, width, cut
):
    """On a phone those of the summary; the table below it has more columns and scrolls."""
    wide(width)
    read_page(browser, f"{address}/assets/model_v9", "per_class", "recall", "12345")
    tables = browser.execute_script(CUT_VALUES)
    assert len(tables) <= cut
    assert [text for text in tables if "12345" not in text] == []


@needs_browser
@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("dataset_v9", "placed_as"),
        ("dataset_v9?view=partitions&partition=sub", "placed_as"),
        ("dataset_v9?view=events", "hard links"),
        ("dataset_v9?view=checks&checkDetail=quotas_reached", "no quota"),
        ("", "coco_person"),
    ],
)
def test_on_a_phone_nothing_to_press_runs_over_the_edge_and_values_are_shown(
    browser, address, wide, page, told
):
    wide(390)
    read_page(browser, f"{address}/assets/{page}", told)
    assert browser.execute_script(OVER_THE_EDGE) == []


@needs_browser
def test_an_asset_says_what_it_holds_which_rules_made_it_and_where_its_reports_are(
    browser, address
):
    read_page(
        browser,
        f"{address}/assets/dataset_v9",
        "Cleaner instead of more",
        "Images with more than 10 persons are left out.",
        "A box of person_with_helmet: below 2 % of the image it becomes an ignore region",
        "vision",
        "report/gallery_v9",
        "columns of boxes",
    )


@needs_browser
def test_a_check_says_what_was_found(browser, address):
    read_page(
        browser,
        f"{address}/assets/dataset_v9?view=checks&checkDetail=quotas_reached",
        "conservation",
        "dedupe_certificate",
        "Every class has as many labels as the recipe asks for",
        "no quota: all there is was taken",
    )


@needs_browser
def test_a_partition_is_launched_and_its_log_tells_what_is_done(browser, address):
    read_page(browser, f"{address}/assets/background?partition=sub&view=partitions", "sub", "full")
    press(browser, "Materialize")
    press(browser, "Launch 1 run")
    run = wait_for(browser, "//a[contains(@href, '/runs/') and contains(., 'View')]")
    text = read_page(
        browser, run.get_attribute("href"), "RUN_SUCCESS", "same inputs", "partition: sub"
    )
    assert "ASSET_MATERIALIZATION" in text
    read_page(browser, f"{address}/assets/background?partition=sub&view=partitions", "unchanged")


@needs_browser
def test_pages_of_the_ui_ask_nobody_else(browser, address):
    """What the browser was told to fetch by all pages before, and by this one."""
    read_page(browser, f"{address}/overview/activity", "Overview")
    told = [json.loads(line["message"])["message"] for line in browser.get_log("performance")]
    asked = {
        each["params"]["request"]["url"]
        for each in told
        if each["method"] == "Network.requestWillBeSent"
    }
    assert any(url.startswith(f"{address}/graphql") for url in asked)
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []


@needs_browser
@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_a_page_of_another_origin_can_neither_start_nor_read_anything(browser, address, name):
    page = HOSTILE.replace("ADDRESS", address).replace("LAUNCH_TEXT", "x")
    page = page.replace("LAUNCH", urllib.parse.quote(LAUNCH)).encode()

    class Hostile(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_):
            pass

    before = state(address)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hostile) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser.get(f"http://{name}:{server.server_port}/")
        deadline = time.monotonic() + 180
        while not browser.title.startswith("done") and time.monotonic() < deadline:
            time.sleep(0.2)
        # What a no-cors request gets is opaque: sent, refused by the server, and not readable.
        assert set(browser.title.removeprefix("done ").split(",")) <= {"-", "opaque"}
        server.shutdown()
    assert state(address) == before
    assert b"assetsOrError" in before
