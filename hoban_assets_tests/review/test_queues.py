"""Queues are filled from decisions and models, and worth what people changed in them."""

import json

import pandas as pd
import pytest
from builders import samples_of
from correcting import box, correction

from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.store import Build, Catalog, Run
from hoban_assets.naming import image_tag
from hoban_assets.review.queues import queued, queues
from hoban_assets.tables import DECISIONS_SCHEMA, frame_of

PICTURES = [f"fall/{n}.jpg" for n in "abcd"]


def decided(*pairs):
    return frame_of(
        {
            "image_id": [image for image, _ in pairs],
            "rule": [rule for _, rule in pairs],
            "action": ["review"] * len(pairs),
            "stage": ["dedupe"] * len(pairs),
        },
        DECISIONS_SCHEMA,
    )


@pytest.fixture
def catalog(tmp_path):
    made = Catalog(tmp_path / "catalog.duckdb", deadline=5)
    samples = samples_of({i: [("fallen", 0.04)] for i in PICTURES})
    pairs = [("fall/a.jpg", "labels_disagree"), ("fall/b.jpg", "labels_disagree"),
             ("fall/c.jpg", "area_outlier"), ("fall/gone.jpg", "labels_disagree")]  # fmt: skip
    made.record(
        "fallen_pool",
        "sub",
        Build("k", samples=samples.with_decisions(decided(*pairs))),
        Run("r", "c"),
    )
    data = samples_of({i: [("fallen", 0.04)] for i in PICTURES}, split=["val"] * 4)
    made.record(
        "dataset_v9",
        "sub",
        Build("k", samples=data, inputs={"fallen_pool": "v"}, path="/d"),
        Run("r", "c"),
    )
    folder = tmp_path / "model"
    folder.mkdir()
    worst = [{"name": f"fall-d-{image_tag('fall/d.jpg')}.jpg", "boxes": []}]
    (folder / "worst_images.json").write_text(json.dumps(worst))
    figures = pd.DataFrame({"metric": ["map50"], "value": [0.5]})
    trained = {"metrics": figures, "inputs": {"dataset_v9": "v"}, "path": str(folder)}
    made.record("model_v9", "sub", Build("k", **trained), Run("r", "c"))
    return made


def found(catalog, *active):
    with asking(catalog.path) as ask:
        return {q.kind.name: q for q in queues(ask, "dataset_v9", "sub", active)}


def test_decisions_of_the_stages_and_mistakes_of_the_models_fill_the_queues(catalog):
    queue = found(catalog)
    assert {name: q.ids for name, q in queue.items()} == {
        "disagree": ("fall/a.jpg", "fall/b.jpg"),
        "worst": ("fall/d.jpg",),
        "outlier": ("fall/c.jpg",),
    }
    worth = [q.boxes_a_minute for q in queue.values()]
    assert worth == sorted(worth, reverse=True)
    with asking(catalog.path) as ask:
        assert queued(ask, "dataset_v9", "sub") == (
            "fall/a.jpg", "fall/b.jpg", "fall/d.jpg", "fall/c.jpg",
        )  # fmt: skip


def test_what_was_looked_at_leaves_the_queue_and_says_what_a_minute_is_worth(catalog):
    right = correction("fall/a.jpg", [box()], [box()], kind="accept")
    wrong = correction("fall/a.jpg", [box()], [box(0.2), box(0.8, name="fallen"), box(0.5, 0.2)])
    before, accepted, changed = (
        found(catalog, *rows)["disagree"] for rows in ([], [right], [wrong])
    )
    assert (accepted.ids, accepted.looked_at) == (("fall/b.jpg",), 1)
    assert accepted.boxes_a_minute < before.boxes_a_minute < changed.boxes_a_minute


def test_a_picture_with_many_doubts_is_worth_more_than_one_with_one(tmp_path):
    def worth(doubts, *active):
        made = Catalog(tmp_path / f"{doubts}{len(active)}.duckdb", deadline=5)
        boxes = samples_of({i: [("fallen", 0.04)] * 5 for i in PICTURES})
        pairs = [(i, "teacher_unsure") for i in PICTURES for _ in range(doubts)]
        rows = boxes.with_decisions(decided(*pairs))
        made.record("dataset_v9", "sub", Build("k", samples=rows), Run("r", "c"))
        return found(made, *active)["unsure"].boxes_a_minute

    assert worth(5) == pytest.approx(5 * worth(1))
    right = correction("fall/a.jpg", [box()], [box()], kind="accept")
    assert worth(5, right) < worth(5) / 1.9  # five doubts at once were none


def test_a_correction_that_could_not_be_applied_is_to_be_looked_at_until_a_new_word(tmp_path):
    unfit = correction("fall/b.jpg", [box()], [box(0.3)], id="ab12cd34" + 24 * "0")
    decisions = decided(("fall/b.jpg", "correction_label_changed")).assign(
        stage="corrections", value="2 boxes now, 1 when it was corrected (kim, ab12cd34)"
    )
    made = Catalog(tmp_path / "catalog.duckdb", deadline=5)
    rows = samples_of({i: [("fallen", 0.04)] for i in PICTURES}).with_decisions(decisions)
    made.record("dataset_v9", "sub", Build("k", samples=rows), Run("r", "c"))
    assert found(made, unfit)["conflict"].ids == ("fall/b.jpg",)
    queue = found(made, correction("fall/b.jpg", [box()], [box()], kind="accept"))["conflict"]
    assert (queue.ids, queue.looked_at) == ((), 1)


def test_a_queue_of_which_all_was_looked_at_is_the_last_one(catalog):
    done = [correction(f"fall/{n}.jpg", [box()], []) for n in "ab"]
    queue = found(catalog, *done)
    assert list(queue)[-1] == "disagree"
    assert queue["disagree"].boxes_a_minute > queue["worst"].boxes_a_minute
