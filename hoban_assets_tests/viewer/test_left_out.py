"""A picture that its stage left out is accepted and in the next build, or why not is told."""

import re
from dataclasses import replace

import numpy as np
import pytest
from drawn_pool import Scenes, drawn_pool, pool
from starlette.testclient import TestClient

from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.store import Build, Catalog, Run
from hoban_assets.corrections.log import append, read_log
from hoban_assets.corrections.rows import Correction
from hoban_assets.corrections.standing import standing
from hoban_assets.corrections.states import decided, states
from hoban_assets.freshness.corrected import corrections_now
from hoban_assets.language import speaker
from hoban_assets.ledger import Ledger
from hoban_assets.pipeline.stage_build import build_stage
from hoban_assets.review.queues import queues
from hoban_assets.rules import rules
from hoban_assets.viewer.server import Viewer
from hoban_assets.viewer.store import Filter, Store

HOST = {"host": "127.0.0.1", "origin": "http://127.0.0.1"}
STAGE = pool({"down": "person_with_helmet", "up": "person_without_helmet"}, dedupe=0.9)
ON = "0 0.5 0.5 0.4 0.4"
OFF = "1 0.5 0.5 0.4 0.4"
ODD = {
    "300_1": ON,  # no picture
    "301_1": "",
    "302_1": None,
    "303_1": ON,  # copies of one picture
    "303_2": OFF,
    "304_1": f"{ON}\n{OFF}\n0 0.1 0.1 0.1 0.1",
}
"""Name of a picture, which begins with its scene -> its label file."""


@pytest.fixture
def world(request, tmp_path):
    return World(drawn_pool(tmp_path, getattr(request, "param", 0)))


class World:
    """A stage of a drawn pool: build it, look at it, correct it."""

    def __init__(self, settings):
        self.settings = settings
        train = settings.raw_root / "hall" / "train"
        picture = next(train.glob("images/*.png")).read_bytes()
        for name, label in ODD.items():
            scene = name[:3].encode()
            data = scene if scene == b"300" else picture + scene
            (train / "images" / f"{name}.png").write_bytes(data)
            if label is not None:
                (train / "labels" / f"{name}.txt").write_text(label)
        settings.data_root.mkdir(exist_ok=True)
        self.catalog = Catalog(settings.catalog_path, deadline=5)
        self.first = self.build()

    def active(self):
        return standing(read_log(self.settings.corrections)).active

    def build(self):
        """Build and record; what must hold of every build is held."""
        ledger = Ledger(lambda line: None)
        made = build_stage(
            STAGE, "full", self.settings, Scenes(), ledger, corrections=self.active()
        )
        assert ledger.unbalanced() == []
        assert made.certificate.holds
        ids, gone = set(made.samples.images.image_id), self.gone(made.samples)
        assert len(gone) == len(set(gone))
        assert not ids & set(gone)
        self.catalog.record(
            STAGE.name, "full", Build(str(id(made)), samples=made.samples), Run("r", "c")
        )
        return made.samples

    @staticmethod
    def gone(samples):
        """Ids of the images that left, one for each decision that took one."""
        return samples.decisions.image_id[samples.decisions.images_removed > 0].tolist()

    def viewer(self, language="en"):
        store = Store(self.settings.catalog_path, STAGE.name, "full", self.active(), wait=5)
        settings = replace(self.settings, language=language)
        return Viewer(store, settings, "kim", speaker(language), {}, STAGE.sources)

    def seen(self, rule, text=None, **how):
        """The first picture that a rule took, as the page gets it."""
        viewer = self.viewer(**how)
        ask = TestClient(viewer.app(), base_url="http://127.0.0.1")
        wanted = Filter(state="out", rule=rule, text=text)
        first = viewer.store.pictures(wanted, limit=1)["pictures"][0]["n"]
        return ask, ask.get(f"/api/picture/{first}").json()

    def sent(self, ask, picture, verdict="accept", after=None):
        shown = [[b["c"], b["x"], b["y"], b["w"], b["h"], b["i"]] for b in picture["boxes"] or ()]
        body = {"verdict": verdict, "shown": shown, "after": shown if after is None else after}
        return ask.post(f"/api/edit/{picture['n']}", json=body, headers=HOST)

    def state(self):
        """States of the corrections, as `hoban corrections list` tells them."""
        log = standing(read_log(self.settings.corrections))
        with asking(self.settings.catalog_path) as ask:
            return [states(log, decided(ask))[row.id] for row in log.rows]


def undone(world):
    (row,) = world.active()
    append(
        world.settings.corrections,
        [Correction("f" * 32, "undo", row.time, "lee", "test", undoes=row.id)],
    )


@pytest.mark.parametrize("world", range(3), indirect=True)
@pytest.mark.parametrize("rule", ["near_duplicate", "copies_contradict", "no_label_left"])
def test_an_accepted_picture_stays_and_every_image_has_one_fate(world, rule):
    before = world.first
    ask, picture = world.seen(rule)
    assert picture["can_be_corrected"]
    assert rules()[rule].short in picture["note"]
    assert world.sent(ask, picture).json()["kind"] == "accept"
    assert world.state() == ["waiting"]
    with asking(world.settings.catalog_path) as ask_:
        assert (STAGE.name, "full") in corrections_now(ask_, world.settings)
    after = world.build()
    assert picture["image_id"] in set(after.images.image_id)
    assert world.state() == ["applied"]
    mine = after.decisions[after.decisions.image_id == picture["image_id"]]
    said = mine[mine.action == "correct"]
    assert set(said.rule) <= {"picture_accepted", "classes_complete"}
    assert "picture_accepted" in set(said.rule)
    assert said.value.str.contains("kim").all()
    assert {*before.images.image_id, *world.gone(before)} == {
        *after.images.image_id, *world.gone(after)
    }  # fmt: skip
    undone(world)
    again = world.build()
    assert again.data_version() == before.data_version()
    assert world.gone(again) == world.gone(before)


def test_of_near_duplicates_the_accepted_one_stays_instead_of_the_other(world):
    ask, picture = world.seen("near_duplicate")
    (witness,) = {d["witness"] for d in picture["decisions"] if d["rule"] == "near_duplicate"}
    world.sent(ask, picture)
    after = world.build()
    out = after.decisions[after.decisions.rule == "near_duplicate"].set_index("image_id").witness
    assert out[witness] == picture["image_id"]


def test_two_accepted_near_duplicates_are_two_words_of_which_one_picture_is_left(world):
    ask, picture = world.seen("near_duplicate")
    (witness,) = {d["witness"] for d in picture["decisions"] if d["rule"] == "near_duplicate"}
    world.sent(ask, picture)
    other = next(
        p for p in world.viewer().store.pictures(Filter(state="in"), limit=500)["pictures"]
        if p["image_id"] == witness
    )  # fmt: skip
    assert world.sent(ask, other).json()["taken"]
    ids = set(world.build().images.image_id)
    assert len(ids & {witness, picture["image_id"]}) == 1


def test_an_accepted_copy_stays_and_those_that_contradict_it_leave(world):
    for name, classes in (("303_1", ["person_with_helmet"]), ("303_2", [])):
        ask, picture = world.seen("copies_contradict", text=name)
        assert world.sent(ask, picture).json()["taken"]
        after = world.build()
        mine = after.boxes[after.boxes.image_id.str.contains("/303_")]
        assert mine.class_name.tolist() == classes  # two words against each other: none of them
        out = after.decisions.rule == "copies_contradict"
        assert out.sum() == (1 if classes else 2)


@pytest.mark.parametrize("verdict", ["accept", "boxes"])
def test_a_head_with_two_labels_gets_the_one_that_a_person_chooses(world, verdict):
    viewer = world.viewer()
    ask = TestClient(viewer.app(), base_url="http://127.0.0.1")
    (shown,) = viewer.store.pictures(Filter(text="304_1"))["pictures"]
    assert [b["i"] for b in shown["boxes"]] == [True, True, False]
    one, other, apart = ([*[b[k] for k in "cxywh"], False] for b in shown["boxes"])
    answer = world.sent(ask, shown, verdict, [one, other, apart])
    assert (answer.status_code, "cannot be both" in answer.json()["reason"]) == (409, True)
    assert world.sent(ask, shown, verdict, [one, apart]).json()["taken"]
    after = world.build()
    assert world.state() == ["applied"]
    mine = after.boxes[after.boxes.image_id == shown["image_id"]]
    assert not mine.ignore.any()
    assert sorted(mine.class_name) == sorted([one[0], apart[0]])


def test_nothing_on_a_picture_is_a_background_from_then_on(world):
    ask, picture = world.seen("no_label_left")
    assert "keeps it as a background" in picture["note"]
    world.sent(ask, picture)
    after = world.build()
    (row,) = after.images[after.images.image_id == picture["image_id"]].to_dict("records")
    assert len(row["labelled_classes"]) == 4
    assert picture["image_id"] not in set(after.boxes.image_id)


def test_a_label_that_is_drawn_keeps_a_picture_that_had_none(world):
    ask, picture = world.seen("no_label_left")
    drawn = [["fallen", 0.5, 0.5, 0.3, 0.3, False]]
    assert world.sent(ask, picture, "boxes", drawn).json()["kind"] == "boxes"
    after = world.build()
    mine = after.boxes[after.boxes.image_id == picture["image_id"]]
    assert (mine.class_name.tolist(), mine.origin.tolist()) == (["fallen"], ["human"])


def test_a_rejected_picture_is_taken_up_again_in_the_viewer(world):
    viewer = world.viewer()
    ask = TestClient(viewer.app(), base_url="http://127.0.0.1")
    first = viewer.store.pictures(Filter(state="in"), limit=1)["pictures"][0]
    world.sent(ask, first, "reject")
    assert first["image_id"] not in set(world.build().images.image_id)
    ask, picture = world.seen("picture_rejected")
    assert picture["verdict"] == "reject"
    world.sent(ask, picture)
    assert world.build().data_version() == world.first.data_version()


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("rule", ["undecodable", "label_missing"])
def test_what_a_file_does_not_say_nobody_can_say_for_it(world, rule, language):
    ask, picture = world.seen(rule, language=language)
    assert not picture["can_be_corrected"]
    for verdict in ("accept", "reject", "boxes"):
        answer = world.sent(ask, picture, verdict)
        assert answer.status_code == 409
        assert bool(re.search("[가-힣]", answer.json()["reason"])) == (language == "ko")
    assert read_log(world.settings.corrections) == ()


def test_a_label_that_was_changed_since_the_build_is_told_and_not_accepted(world):
    _, picture = world.seen("near_duplicate")
    file = world.settings.raw_root / picture["image_id"].replace("images", "labels")
    file.with_suffix(".txt").write_text("0 0.5 0.5 nan 0.2\n0 0.4 0.4 0.2 0.2\n5 1 1 1 1\n")
    ask, picture = world.seen("near_duplicate")
    assert not picture["can_be_corrected"]
    assert "as its stage has read it" in world.sent(ask, picture).json()["reason"]


def test_ignore_regions_alone_say_of_nothing_what_it_is(world):
    ask, picture = world.seen("near_duplicate")
    regions = [[*row[:5], True] for row in ([b[k] for k in "cxywhi"] for b in picture["boxes"])]
    answer = world.sent(ask, picture, "accept", regions)
    assert (answer.status_code, "ignore regions" in answer.json()["reason"]) == (409, True)


def test_pictures_that_a_word_would_bring_back_are_in_a_queue(world):
    with asking(world.settings.catalog_path) as ask:
        found = {q.kind.name: q.ids for q in queues(ask, STAGE.name, "full")}
    out = world.first.decisions
    contradicting = set(out.image_id[out.rule == "copies_contradict"])
    assert contradicting
    assert contradicting <= set(found["disagree"])
    assert np.isin(list(contradicting), world.first.images.image_id).sum() == 0
