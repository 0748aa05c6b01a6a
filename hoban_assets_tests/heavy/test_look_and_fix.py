"""A wrong box is seen, fixed in a browser, and the next dataset holds the fix: the whole circle.

By the commands of docs/look-and-fix.md, with a real Chromium and real builds: ``make test-look``.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from world import BIN, World, made_project

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.skipif(
        os.environ.get("HOBAN_HEAVY") != "look", reason="takes minutes: make test-look"
    ),
    pytest.mark.timeout(3600),
]


@pytest.fixture(scope="module")
def project(sample, tmp_path_factory) -> World:
    world = made_project(tmp_path_factory.mktemp("look") / "project", sample)
    world.must("dagster asset materialize --select '*dataset_v9' --partition sub")
    return world


def version(world):
    return world.catalog.current("dataset_v9", "sub").data_version


def listed(world):
    return json.loads(world.must("hoban corrections list --json", HOBAN_LANG="en"))


def boxes(world, image_id):
    found = world.catalog.query(
        "SELECT class_name, x_center, y_center, origin FROM boxes WHERE asset = 'dataset_v9' "
        f"AND image_id = '{image_id}' ORDER BY class_name, x_center"
    )
    return found.to_dict("records")


def published(world, image_id) -> str:
    from hoban_assets.naming import image_tag

    tree = Path(world.catalog.current("dataset_v9", "sub").path)
    (file,) = tree.glob(f"labels/*/*-{image_tag(image_id)}.txt")
    return file.read_text()


def undo_all(world):
    for row in listed(world):
        if row["state"] in ("applied", "waiting"):
            world.must(f"hoban corrections undo {row['id']}")
    world.must("hoban rebuild")


@pytest.mark.skipif(not (BROWSER and DRIVER), reason="chromium and chromedriver are not installed")
def test_the_circle_by_the_browser(project):
    before = version(project)
    command = [BIN / "hoban", "view", "dataset_v9", "--no-browser", "--author", "kim"]
    viewer = subprocess.Popen(
        command, cwd=project.folder, env=project.env, stdout=subprocess.PIPE, text=True
    )
    try:
        address = re.search(r"http://127\.0\.0\.1:\d+/", viewer.stdout.readline())[0]
        fixed, rejected = in_the_browser(address)
    finally:
        viewer.terminate()
        viewer.wait(20)
    assert [(r["author"], r["tool"], r["state"]) for r in listed(project)] == [
        ("kim", "hoban view", "waiting")
    ] * 2
    status = project.must("hoban status --json", HOBAN_LANG="en")
    assert "corrected its pictures" in status
    label, old = published(project, fixed), boxes(project, fixed)
    project.must("hoban rebuild")
    assert {r["state"] for r in listed(project)} == {"applied"}
    new = boxes(project, fixed)
    assert len(new) == len(old) + 1
    assert [b["origin"] for b in new].count("human") >= 2
    assert published(project, fixed) != label
    decided = project.catalog.query(
        f"SELECT rule FROM decisions WHERE action = 'correct' AND image_id = '{fixed}'"
    )
    assert {"box_moved", "box_added"} == set(decided.rule)
    assert boxes(project, rejected) == []
    diff = project.must("hoban diff dataset_v9 --previous", HOBAN_LANG="en")
    assert "rejected by a person" in diff
    assert "drawn by a person" in diff
    assert "kim" in project.must(f"hoban why '{fixed}'", HOBAN_LANG="en")
    assert "person rejected" in project.must(f"hoban why '{rejected}'", HOBAN_LANG="en")
    undo_all(project)
    assert version(project) == before
    assert boxes(project, fixed) == old


def in_the_browser(address) -> tuple[str, str]:
    """Move a box and draw one on a picture, reject another; return their ids."""
    from selenium import webdriver
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import Select, WebDriverWait

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for argument in ("--headless=new", "--no-sandbox", "--window-size=1400,950"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))

    def all_(css):
        return driver.find_elements(By.CSS_SELECTOR, css)

    def until(what):
        return WebDriverWait(driver, 60).until(lambda _: what())

    def opened(number):
        figure = until(lambda: len(all_("figure")) > number and all_("figure")[number])
        image_id = figure.get_attribute("data-id")
        figure.click()
        until(lambda: all_("#name") and all_("#name")[0].text == image_id and all_("#drawing .box"))
        return image_id

    try:
        driver.get(address)
        until(lambda: all_("figure"))
        Select(all_("select[name=state]")[0]).select_by_value("in")
        Select(all_("select[name=class_name]")[0]).select_by_value("fallen")
        until(lambda: all_("figure"))
        fixed = opened(0)
        box = all_("#drawing .box")[-1]
        drag = ActionChains(driver).move_to_element(box).click_and_hold()
        drag.move_by_offset(14, 0).release().perform()
        image = all_("#drawing image")[0].rect
        corner = (8 - image["width"] / 2, 8 - image["height"] / 2)
        draw = ActionChains(driver)
        draw.move_to_element_with_offset(all_("#drawing image")[0], *map(int, corner))
        draw.click_and_hold().move_by_offset(260, 260).release().perform()
        all_("#do-save")[0].click()
        until(lambda: re.search(r"[0-9a-f]{8}", all_("#told")[0].text))
        if folder := os.environ.get("HOBAN_SCREENSHOTS"):
            driver.save_screenshot(f"{folder}/fixed.png")
        all_("#do-close")[0].click()
        if folder:
            driver.save_screenshot(f"{folder}/grid.png")
        rejected = opened(1)
        all_("#do-reject")[0].click()
        until(lambda: re.search(r"[0-9a-f]{8}", all_("#told")[0].text))
    finally:
        driver.quit()
    return fixed, rejected


def test_the_circle_by_cvat(project):
    before = version(project)
    project.must("hoban export dataset_v9 --format cvat --class fallen --count 5 --to out")
    file = project.folder / "out" / "annotations.xml"
    tree = ElementTree.parse(file)
    image = next(i for i in tree.iter("image") if i.find("box[@label='fallen']") is not None)
    box = image.find("box[@label='fallen']")
    box.set("xtl", f"{float(box.get('xtl')) + 3:.2f}")
    tree.write(file, encoding="utf-8")
    assert "1 pictures corrected" in project.must(f"hoban collect {file}", HOBAN_LANG="en")
    (row,) = [r for r in listed(project) if r["state"] == "waiting"]
    assert (row["tool"], row["what"]) == ("cvat", "1 box_moved")
    label = published(project, row["picture"])
    project.must("hoban rebuild")
    assert published(project, row["picture"]) != label
    undo_all(project)
    assert version(project) == before
    assert published(project, row["picture"]) == label
