"""A person's way through the viewer, in a real browser: filter, move, draw, reject."""

import json
import os
import shutil

import pytest
from viewing import served, site_catalog, small_catalog, viewer_of

from hoban_assets.corrections.log import read_log

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    not (BROWSER and DRIVER),
    reason="chromium and chromedriver are not installed (apt install chromium chromium-driver)",
)


@pytest.fixture(scope="module")
def browser():
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for argument in ("--headless=new", "--no-sandbox", "--window-size=1300,900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def until(browser, what):
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(browser, 20).until(lambda _: what())


def test_filter_move_draw_save_reject(browser, tmp_path):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import Select

    settings = small_catalog(tmp_path)

    def all_(css):
        return browser.find_elements(By.CSS_SELECTOR, css)

    def one(css):
        return browser.find_element(By.CSS_SELECTOR, css)

    def drag(start, dx, dy, right_of_centre):
        at = ActionChains(browser).move_to_element_with_offset(start, right_of_centre, 0)
        at.click_and_hold().move_by_offset(dx, dy).release().perform()

    with served(viewer_of(settings)) as address:
        browser.get(address)
        until(browser, lambda: len(all_("figure")) == 4)
        Select(one("select[name=rule]")).select_by_value("near_duplicate")
        until(
            browser,
            lambda: [f.get_attribute("data-id") for f in all_("figure")] == ["coco/gone.jpg"],
        )
        Select(one("select[name=rule]")).select_by_value("")
        Select(one("select[name=class_name]")).select_by_value("fallen")
        until(
            browser, lambda: [f.get_attribute("data-id") for f in all_("figure")] == ["coco/b.jpg"]
        )
        one("figure").click()
        until(browser, lambda: len(all_("#drawing .box")) == 2)
        fallen = one('#drawing .box[data-box="1"]')  # the person lies in it, and on top
        drag(fallen, 40, 30, fallen.rect["width"] // 2 - 8)
        one("#do-class-person_with_helmet").click()  # the moved box gets another class
        one("#do-undo").click()
        picture = one("#drawing image")
        corner = ActionChains(browser).move_to_element_with_offset(picture, -300, -220)
        corner.click_and_hold().move_by_offset(80, 60).release().perform()
        until(browser, lambda: len(all_("#drawing .box")) == 3)
        one("#do-save").click()
        until(browser, lambda: "saved" in one("#told").text)
        one("#do-close").click()
        Select(one("select[name=class_name]")).select_by_value("")
        until(browser, lambda: len(all_("figure")) == 4)
        all_("figure")[0].click()
        until(browser, lambda: len(all_("#drawing .box")) == 1)
        one("#do-reject").click()
        until(browser, lambda: "saved" in one("#told").text)
        if folder := os.environ.get("HOBAN_SCREENSHOTS"):
            browser.save_screenshot(f"{folder}/editor.png")
            one("#do-close").click()
            browser.save_screenshot(f"{folder}/grid.png")
        bad = [line for line in browser.get_log("browser") if line["level"] == "SEVERE"]
        assert bad == []
    edited, rejected = read_log(settings.corrections)
    assert (edited.image_id, edited.kind, len(edited.after)) == ("coco/b.jpg", "boxes", 3)
    assert [b.class_name for b in edited.before] == ["person", "fallen"]
    moved = next(b for b in edited.after if b.class_name == "fallen")
    assert moved.x > edited.before[1].x
    assert moved.y > edited.before[1].y
    assert edited.before[0] in edited.after
    assert (rejected.image_id, rejected.kind) == ("coco/a.jpg", "reject")


def test_a_box_in_a_box_a_zoomed_picture_a_korean_keyboard_and_what_is_taken_back(
    browser, tmp_path
):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By

    settings = small_catalog(tmp_path)

    def all_(css):
        return browser.find_elements(By.CSS_SELECTOR, css)

    def one(css):
        return browser.find_element(By.CSS_SELECTOR, css)

    def hangul(letter, code):
        press = "new KeyboardEvent('keydown', {key: arguments[0], code: arguments[1]})"
        browser.execute_script(f"document.dispatchEvent({press})", letter, code)

    with served(viewer_of(settings)) as address:
        browser.get(address)
        until(browser, lambda: len(all_("figure")) == 4)
        all_("figure")[0].click()
        until(browser, lambda: len(all_("#drawing .box")) == 1)
        inside = ActionChains(browser).move_to_element(one("#drawing .box"))
        inside.click_and_hold().move_by_offset(1, 1).release().perform()
        hangul("ㅜ", "KeyN")
        inside = ActionChains(browser).move_to_element(one("#drawing .box"))
        inside.click_and_hold().move_by_offset(40, 30).release().perform()
        assert len(all_("#drawing .box")) == 2
        assert one("#drawing .box:last-of-type").get_attribute("data-box") == "1"  # on top
        wheel = (
            "new WheelEvent('wheel', {deltaY: -1, clientX: 300, clientY: 300, cancelable: true})"
        )
        drawn = one("#drawing .box").rect["width"]
        browser.execute_script(f"document.getElementById('drawing').dispatchEvent({wheel})")
        assert one("#drawing .box").rect["width"] == pytest.approx(drawn / 0.8, rel=0.05)
        hangul("ㄴ", "KeyS")
        until(browser, lambda: "saved" in one("#told").text)
        assert "kim" in one("#facts").text
        one("#do-take-back").click()
        until(browser, lambda: "taken back" in one("#told").text)
        until(browser, lambda: len(all_("#drawing .box")) == 1)
        bad = [line for line in browser.get_log("browser") if line["level"] == "SEVERE"]
        assert bad == []
    saved, undone = read_log(settings.corrections)
    assert saved.before[0] in saved.after  # a click that slipped moved nothing
    assert len(saved.after) == 2
    assert (undone.kind, undone.undoes) == ("undo", saved.id)


def asked_for(browser) -> set[str]:
    """Every address that the page has asked for since this was asked last."""
    events = [json.loads(line["message"])["message"] for line in browser.get_log("performance")]
    sent = [e["params"]["request"] for e in events if e["method"] == "Network.requestWillBeSent"]
    return {request["url"] for request in sent}


@pytest.mark.parametrize("language", ["en", "ko"])
def test_one_decision_settles_an_object_on_all_frames(browser, tmp_path, language):
    from selenium.webdriver.common.by import By

    settings = site_catalog(tmp_path, language)

    def all_(css):
        return browser.find_elements(By.CSS_SELECTOR, css)

    def one(css):
        return browser.find_element(By.CSS_SELECTOR, css)

    asked_for(browser)
    with served(viewer_of(settings, "site")) as address:
        browser.get(f"{address}")
        until(browser, lambda: len(all_("figure")) == 3)
        assert len(all_("figure .box.proposed")) == 4
        all_("figure")[0].click()
        until(browser, lambda: len(all_("#drawing .box.proposed")) == 2)
        folder = os.environ.get("HOBAN_SCREENSHOTS")
        for act, frames in (("label", "3"), ("refuse", "1")):
            all_("#drawing .box.proposed")[0].click()
            if folder:
                browser.save_screenshot(f"{folder}/{act}-{language}.png")
            one(f"#do-{act}-track").click()
            until(browser, lambda: frames in one("#told").text)  # noqa: B023
        until(browser, lambda: not all_("#drawing .box.proposed"))
        assert len(all_("#drawing .box")) == 1
        if folder:
            browser.save_screenshot(f"{folder}/decided-{language}.png")
        bad = [line for line in browser.get_log("browser") if line["level"] == "SEVERE"]
        assert bad == []
    outside = {u for u in asked_for(browser) if not u.startswith((address, "data:"))}
    assert outside == set()
    rows = read_log(settings.corrections)
    assert [(row.image_id, len(row.after), len(row.judged)) for row in rows] == [
        ("site/f0.jpg", 1, 1),
        ("site/f1.jpg", 1, 1),
        ("site/f2.jpg", 1, 1),
        ("site/f0.jpg", 1, 2),
    ]
