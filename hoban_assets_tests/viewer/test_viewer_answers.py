"""What the viewer answers, without a browser."""

import re
from dataclasses import replace

import pytest
from starlette.testclient import TestClient
from viewing import IDS, site_catalog, small_catalog, viewer_of

from hoban_assets.catalog.store import Build, Catalog, Run
from hoban_assets.corrections.log import read_log
from hoban_assets.tables import DECISIONS_SCHEMA, frame_of
from hoban_assets.viewer.store import Filter

HOST = {"host": "127.0.0.1", "origin": "http://127.0.0.1"}


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    settings = small_catalog(tmp_path_factory.mktemp("seen"))
    return viewer_of(settings)


@pytest.fixture
def settings(tmp_path):
    return small_catalog(tmp_path)


def client(viewer):
    return TestClient(viewer.app(), base_url="http://127.0.0.1")


def names(viewer, **wanted):
    return [p["image_id"] for p in viewer.store.pictures(Filter.of(wanted))["pictures"]]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [*IDS, "coco/gone.jpg"]),
        ({"class_name": "fallen"}, ["coco/b.jpg"]),
        ({"class_name": "background"}, ["coco/gone.jpg"]),
        ({"rule": "near_duplicate"}, ["coco/gone.jpg"]),
        ({"queue": "disagree"}, ["coco/c.jpg"]),
        ({"state": "out"}, ["coco/gone.jpg"]),
        ({"state": "in", "text": "A.J"}, ["coco/a.jpg"]),
        ({"source": "elsewhere"}, []),
        ({"state": "corrected"}, []),
        ({"unknown": "name", "class_name": ""}, [*IDS, "coco/gone.jpg"]),
        ({"text": "'; DROP TABLE pictures; --"}, []),
    ],
)
def test_pictures_are_filtered_by_what_was_decided_and_by_what_is_on_them(once, wanted, found):
    assert names(once, **wanted) == found


def test_a_picture_that_was_left_out_says_why(once):
    gone = once.store.picture(3)
    assert (gone["is_in"], gone["image_id"]) == (False, "coco/gone.jpg")
    (why,) = gone["decisions"]
    assert (why["rule"], why["witness"]) == ("near_duplicate", "coco/a.jpg")


def test_an_edit_is_a_correction_at_once(settings):
    viewer = viewer_of(settings)
    ask = client(viewer)
    shown = [["person", 0.5, 0.5, 0.2, 0.2, False]]
    sent = {"verdict": "boxes", "shown": shown, "after": [["fallen", 0.5, 0.5, 0.2, 0.2, False]]}
    told = ask.post("/api/edit/0", json=sent, headers=HOST).json()
    (row,) = read_log(settings.corrections)
    assert told["taken"]
    assert (row.image_id, row.author, row.tool) == ("coco/a.jpg", "kim", "hoban view")
    assert row.after[0].class_name == "fallen"
    assert names(viewer, state="corrected") == ["coco/a.jpg"]
    for each in (viewer, viewer_of(settings)):  # and after a restart, though no build holds it yet
        assert each.store.picture(0)["boxes"][0]["c"] == "fallen"
    assert not ask.post("/api/edit/0", json={**sent, "shown": sent["after"]}, headers=HOST).json()[
        "taken"
    ]


def test_two_viewers_at_once_keep_both_and_the_later_says_so(settings):
    kim, lee = viewer_of(settings), viewer_of(settings, author="lee")
    shown = [["person", 0.5, 0.5, 0.2, 0.2, False]]
    for viewer, x, other in ((kim, 0.52, None), (lee, 0.54, "kim")):
        after = [["person", x, 0.5, 0.2, 0.2, False]]
        sent = {"verdict": "boxes", "shown": shown, "after": after}
        assert (
            client(viewer).post("/api/edit/0", json=sent, headers=HOST).json()["overruled"] == other
        )
    assert [r.author for r in read_log(settings.corrections)] == ["kim", "lee"]


def test_a_viewer_shows_what_another_one_saved_and_took_back(settings):
    kim, lee = viewer_of(settings), viewer_of(settings, author="lee")
    shown = [["person", 0.5, 0.5, 0.2, 0.2, False]]
    after = [["fallen", 0.5, 0.5, 0.2, 0.2, False]]
    sent = {"verdict": "boxes", "shown": shown, "after": after, "correction": ""}
    client(kim).post("/api/edit/0", json=sent, headers=HOST)
    seen = client(lee).get("/api/picture/0").json()
    assert [box["c"] for box in seen["boxes"]] == ["fallen"]
    assert seen["correction"]["author"] == "kim"
    assert names(lee, state="corrected") == ["coco/a.jpg"]
    helmet = [["person_with_helmet", *after[0][1:]]]
    hers = {"verdict": "boxes", "shown": after, "after": helmet, "correction": ""}
    told = client(lee).post("/api/edit/0", json=hers, headers=HOST).json()
    assert told["overruled"] == "kim"  # of whom this page knew nothing
    theirs = client(kim).get("/api/picture/0").json()["correction"]["id"]
    known = {**sent, "shown": helmet, "correction": theirs}
    told = client(kim).post("/api/edit/0", json=known, headers=HOST).json()
    assert (told["taken"], told["overruled"]) == (True, None)
    last = client(lee).get("/api/picture/0").json()["correction"]["id"]
    undo = {"json": {"correction": last}, "headers": HOST}
    assert client(lee).post("/api/undo/0", **undo).json()["taken"]
    again = client(lee).post("/api/undo/0", **undo)
    assert (again.status_code, "look at it again" in again.json()["reason"]) == (409, True)
    rows = read_log(settings.corrections)
    assert (rows[-1].kind, rows[-1].undoes, rows[-1].author) == ("undo", last, "lee")


def test_a_log_that_cannot_be_read_is_told_at_the_next_edit_and_pictures_stay(settings):
    viewer = viewer_of(settings)
    settings.corrections.parent.mkdir(parents=True)
    settings.corrections.write_text("{no json}\n")
    assert client(viewer).get("/api/pictures").json()["total"] == 4
    answer = client(viewer).post("/api/edit/0", json={"verdict": "accept"}, headers=HOST)
    assert answer.status_code == 409
    assert str(settings.corrections) in answer.json()["reason"]
    assert client(viewer).post("/api/undo/0", json={}, headers=HOST).status_code == 409


@pytest.mark.parametrize(
    ("number", "sent", "reason"),
    [
        (0, {"verdict": "boxes", "after": [["person", 0.95, 0.5, 0.3, 0.1, False]]}, None),
        (0, {"verdict": "boxes", "after": [["person", 1.5, 0.5, 0.3, 0.1, False]]}, "outside"),
        (0, {"verdict": "boxes", "after": [["cat", 0.5, 0.5, 0.3, 0.1, False]]}, "no class"),
        (0, {"verdict": "boxes", "after": [["person"]]}, "a box is"),
        (0, {"verdict": "burn"}, "no edit"),
        (3, {"verdict": "reject"}, "Left out: near-duplicate of an image that stays."),
    ],
)
def test_what_cannot_be_taken_is_told(settings, number, sent, reason):
    answer = client(viewer_of(settings)).post(f"/api/edit/{number}", json=sent, headers=HOST)
    assert answer.status_code == (409 if reason else 200)
    assert (reason or "") in answer.json().get("reason", "")
    assert len(read_log(settings.corrections)) == (0 if reason else 1)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["near-duplicate of an image", "cannot be read again", "no COCO labels in"]),
        ("ko", ["거의 같은 중복", "다시 읽을 수 없습니다", "COCO 라벨이 없습니다"]),
    ],
)
def test_where_the_source_is_gone_the_page_and_the_answer_say_why_and_what_to_do(
    settings, language, said
):
    ask = client(viewer_of(replace(settings, language=language)))
    told = ask.post("/api/edit/3", json={"verdict": "accept"}, headers=HOST).json()["reason"]
    assert all(part in told for part in [*said, "→", "annotations/"])
    picture = ask.get("/api/picture/3").json()
    assert (picture["note"], picture["can_be_corrected"]) == (told, False)


def test_pages_of_others_and_other_files_get_nothing(once):
    ask = client(once)
    assert ask.get("/").headers["content-security-policy"].startswith("default-src 'self'")
    elsewhere = {"host": "127.0.0.1", "origin": "http://evil.example"}
    assert ask.post("/api/edit/0", json={}, headers=elsewhere).status_code == 403
    assert ask.get("/api/pictures", headers={"host": "evil.example"}).status_code == 403
    for path in ("/page/..%2fserver.py", "/page/server.py", "/image/99", "/api/picture/99"):
        assert ask.get(path).status_code == 404


def test_pictures_are_shown_as_displayed_and_small_in_the_grid(once):
    ask = client(once)
    assert ask.get("/image/0").headers["content-type"] == "image/jpeg"
    assert len(ask.get("/image/0?small").content) < len(ask.get("/image/0").content)
    assert ask.get("/api/start").json()["classes"][0]["name"] == "person_with_helmet"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "no edit"),
        (b"[1, 2]", "an object is asked for"),
        (b"null", "an object is asked for"),
        (b"[" * 100_000, "recursion"),
        (b'{"verdict": "boxes", "after": [["person", NaN, 0.5, 0.1, 0.1, false]]}', "outside"),
        (b'{"verdict": "boxes", "after": [["person", 0.5, 0.5, NaN, 0.1, false]]}', "box"),
        (b'{"verdict": "boxes", "after": [["person", Infinity, 0.5, 1, 1, false]]}', "outside"),
        (b'{"verdict": "boxes", "after": [[null, 0.5, 0.5, 0.1, 0.1, false]]}', "no class"),
        (b'{"verdict": "boxes", "after": "abc"}', "a box is"),
        (b'{"verdict": "boxes", "after": 5}', "a box is"),
        (b'{"verdict": ["boxes"]}', "no edit is called"),
    ],
)
def test_nonsense_is_answered_with_a_reason_and_nothing_is_written(settings, body, reason):
    headers = {**HOST, "content-type": "application/json"}
    answer = client(viewer_of(settings)).post("/api/edit/0", content=body, headers=headers)
    assert (answer.status_code, reason in answer.json()["reason"]) == (409, True), answer.text
    assert read_log(settings.corrections) == ()


def test_a_page_that_asks_for_no_number_gets_the_first_pictures(once):
    ask = client(once)
    for query in ("offset=abc&limit=x", "offset=-5&limit=99999999", ""):
        assert ask.get(f"/api/pictures?{query}").json()["total"] == 4


def test_why_an_edit_is_not_taken_is_said_in_korean_too(tmp_path):
    settings = replace(small_catalog(tmp_path), language="ko")
    sent = {"verdict": "boxes", "after": [["person", 1.5, 0.5, 0.3, 0.1, False]]}
    for number, body in ((0, sent), (3, {"verdict": "reject"}), (0, {"verdict": "burn"})):
        answer = client(viewer_of(settings)).post(f"/api/edit/{number}", json=body, headers=HOST)
        assert re.search("[가-힣]", answer.json()["reason"]), answer.json()


def test_rules_are_said_in_the_readers_language(tmp_path):
    ask = client(viewer_of(replace(small_catalog(tmp_path), language="ko")))
    (why,) = ask.get("/api/picture/3").json()["decisions"]
    assert (why["rule"], why["action"]) == ("near_duplicate", "제외")
    assert re.search("[가-힣]", why["said"])
    rules = {r["value"]: r["said"] for r in ask.get("/api/start").json()["facets"]["rule"]}
    assert all(re.search("[가-힣]", said) for said in rules.values()), rules


def test_proposals_are_boxes_that_one_decision_settles(tmp_path):
    settings = site_catalog(tmp_path)
    viewer = viewer_of(settings, "site")
    assert [len(viewer.store.picture(n)["boxes"] or ()) for n in range(3)] == [2, 1, 1]
    assert names(viewer, class_name="fallen") == ["site/f0.jpg"]
    assert names(viewer, queue="proposed") == ["site/f0.jpg"]
    ask = client(viewer)
    sent = {"track": 0, "verdict": "label"}
    assert ask.post("/api/track/0", json=sent, headers=HOST).json()["taken"] == 3
    for each in (viewer, viewer_of(settings, "site")):
        boxes = each.store.picture(0)["boxes"]
        assert [(b["c"], b["o"]) for b in boxes] == [("person", "human"), ("fallen", "proposed")]
    again = ask.post("/api/track/0", json=sent, headers=HOST)
    assert (again.status_code, "decided on every frame" in again.json()["reason"]) == (409, True)
    for wrong in ({"track": "0", "verdict": "label"}, {"track": 0, "verdict": "x"}, {"track": 9}):
        assert ask.post("/api/track/0", json=wrong, headers=HOST).status_code == 409
    assert ask.post("/api/track/99", json=sent, headers=HOST).status_code == 404


def test_a_box_that_the_dataset_left_out_is_shown_and_can_be_corrected(settings):
    catalog = Catalog(settings.catalog_path, deadline=5)
    stage = catalog.load("coco_person", "sub")
    boxes = stage.boxes[stage.boxes.class_name == "person"]
    images = stage.images.assign(split="train")
    left = [{"image_id": IDS[1], "stage": "recipe", "rule": "area_outlier", "action": "drop",
             "witness": IDS[0], "images_removed": 0}]  # fmt: skip
    decisions = frame_of({name: [row[name] for row in left] for name in left[0]}, DECISIONS_SCHEMA)
    made = replace(stage, images=images, boxes=boxes, decisions=decisions)
    inputs = {"coco_person": "v"}
    catalog.record(
        "dataset_v9", "sub", Build("k", samples=made, inputs=inputs, path="/d"), Run("r", "c")
    )
    ask = client(viewer_of(settings, "dataset_v9"))
    picture = ask.get("/api/picture/1").json()
    assert [(b["c"], b["o"]) for b in picture["boxes"]] == [
        ("person", "human"),
        ("fallen", "taken_out"),
    ]
    assert picture["decisions"][0]["witness_n"] == 0
    assert [b["o"] for b in ask.get("/api/picture/0").json()["boxes"]] == ["human"]
    shown = [[b[k] for k in "cxywhi"] for b in picture["boxes"]]
    after = [shown[0], [*shown[1][:3], 0.1, 0.1, False]]
    sent = {"verdict": "boxes", "shown": shown, "after": after, "correction": ""}
    assert ask.post("/api/edit/1", json=sent, headers=HOST).json()["taken"]
    (row,) = read_log(settings.corrections)
    assert [round(b.w, 1) for b in row.before] == [0.2, 0.3]
    assert [round(b.w, 1) for b in row.after] == [0.2, 0.1]
    again = ask.get("/api/picture/1").json()["boxes"]
    assert [round(b["w"], 1) for b in again] == [0.2, 0.1]


@pytest.mark.parametrize("left", [0, 0.5])
def test_a_small_picture_that_is_not_whole_is_drawn_anew(settings, left):
    ask = client(viewer_of(settings))
    whole = ask.get("/image/0?small").content
    (kept,) = (settings.cache / "viewer").iterdir()
    kept.write_bytes(whole[: int(left * len(whole))])
    assert ask.get("/image/0?small").content == whole == kept.read_bytes()
