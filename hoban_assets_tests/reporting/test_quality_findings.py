from dataclasses import replace

import pytest
from builders import samples_of
from quality_catalog import BARE, FALLEN, HEAD, PERSON, decided, facts_of, heads, recorded

from hoban_assets.language import plain
from hoban_assets.reporting.markdown import markdown
from hoban_assets.reporting.quality.document import document
from hoban_assets.reporting.quality.findings import find_problems
from hoban_assets.reporting.quality.judgement import grouped, judged, verdicts
from hoban_assets.reporting.quality.problems import Problem, level_of
from hoban_assets.samples import Samples


def problems_of(tmp_path, samples: Samples, **recipes) -> dict[str, Problem]:
    catalog = recorded(tmp_path, {"stage": samples}, **recipes)
    return {p.kind: p for p in find_problems(facts_of(catalog, "stage"))}


def test_bands_and_pixels_are_counted_at_the_training_size(tmp_path):
    # 640 x 480 photographs: at 320 px they shrink to a half, so a box of side s (0-1) has
    # sqrt(s * 320 * s * 240) = 277 * s pixels; areas 0.0005, 0.002, 0.03 are 6.2, 12.4, 48 px.
    catalog = recorded(tmp_path, {"stage": heads(a=[0.0005, 0.002], b=[0.03, 0.3])})
    (row,) = facts_of(catalog, "stage", image_size=320).boxes
    assert [row[f"band_{n}"] for n in range(7)] == [1, 1, 0, 0, 1, 0, 1]
    assert (row["unseen"], row["doubtful"]) == (1, 2)


def test_a_remedy_says_which_versions_have_it(tmp_path):
    found = problems_of(
        tmp_path,
        heads(a=[0.001] * 6, b=[0.05] * 6),
        v8={},
        v9={"area": {HEAD: {"least": 0.015, "most": 1.0, "outlier": None}}},
        v7={"stages": ["another"]},
    )
    remedy = found["small"].remedy
    assert remedy.field == "area: { person_with_helmet: { least: 0.02 } }"
    assert (remedy.boxes, remedy.images) == (6, 1)
    assert remedy.having == ("v9: 0.015",)
    assert remedy.lacking == ("v8",)


def test_boxes_on_each_other_are_one_object_twice_or_a_conflict(tmp_path):
    # Boxes of one image lie 0.001 apart (see samples_of).
    found = problems_of(
        tmp_path,
        samples_of(
            {
                "site/twice": [(PERSON, 0.2), (PERSON, 0.2)],
                "site/conflict": [(HEAD, 0.1), (BARE, 0.1)],
                "site/inside": [(PERSON, 0.4), (HEAD, 0.05)],
            }
        ),
    )
    assert (found["twice"].count, found["twice"].images) == (1, 1)
    assert (found["conflict"].count, found["conflict"].of) == (1, 6)
    assert found["conflict"].more["other_class"] == BARE


def test_only_pictures_of_the_same_moment_tell_of_wrong_labels(tmp_path):
    def pair(number: int, similarity: str) -> list[dict]:
        shared = {"image_id": f"site/gone{number}", "witness": "site/kept", "stage": "dedupe"}
        return [
            {**shared, "rule": "near_duplicate", "action": "drop", "value": similarity,
             "images_removed": 1, "boxes_removed": 1},
            {**shared, "rule": "labels_disagree", "action": "review", "value": "1 here"},
        ]  # fmt: skip

    rows = [row for n in range(3) for row in pair(n, "0.97")]
    rows += [row for n in range(3, 9) for row in pair(n, "0.91")]
    rows += [{**pair(n, "0.99")[0]} for n in range(9, 26)]
    samples = decided(samples_of({"site/kept": [(FALLEN, 0.1)]}), rows)
    found = problems_of(tmp_path, samples)
    assert (found["disagree"].count, found["disagree"].of) == (3, 20)
    assert found["disagree"].level == "bad"
    assert (found["duplicates"].count, found["duplicates"].of) == (26, 27)


def test_rows_that_were_dropped_count_against_the_rows_that_were_read(tmp_path):
    bad = {"stage": "read", "rule": "box_malformed", "action": "drop", "boxes_removed": 1}
    other = {"stage": "read", "rule": "class_not_used", "action": "drop", "boxes_removed": 500}
    samples = decided(
        heads(a=[0.05] * 16), [{**row, "image_id": "site/a"} for row in (bad, bad, bad, bad, other)]
    )
    found = problems_of(tmp_path, samples)["rows"]
    assert (found.count, found.of, found.level) == (4, 20, "bad")


def test_a_source_of_which_nothing_is_left_is_judged_by_what_was_dropped(tmp_path):
    gone = {"stage": "read", "rule": "label_missing", "action": "drop", "images_removed": 1}
    rows = [{**gone, "image_id": f"lost/{n}"} for n in range(12)]
    samples = decided(samples_of({f"good/{n}": [(HEAD, 0.05)] for n in range(12)}), rows)
    facts = facts_of(recorded(tmp_path, {"stage": samples}), "stage")
    found = {v.source: v for v in verdicts(facts, find_problems(facts))}
    assert (found["lost"].judgement, found["lost"].images) == ("doubtful", 0)
    (reason,) = found["lost"].reasons
    assert (reason.kind, reason.count, reason.of) == ("broken", 12, 12)
    told = markdown(document(judged(facts), plain))
    assert "12 of 12 images (100.0 %) were dropped: label_missing 12" in told


@pytest.mark.parametrize(
    ("count", "of", "level"),
    [(29, 100, "warn"), (30, 100, "bad"), (4, 100, "note"), (9, 9, "note"), (2, 10, "note")],
)
def test_a_level_needs_a_share_and_enough_cases(count, of, level):
    assert level_of("small", count, of) == level


def test_few_clips_are_a_problem_unless_the_pictures_differ(tmp_path):
    images = {f"site/{n}": [(HEAD, 0.05)] for n in range(40)}
    one_clip = samples_of(images, groups=dict.fromkeys(images, "clip"))
    assert problems_of(tmp_path / "1", one_clip)["clips"].level == "bad"
    assert problems_of(tmp_path / "2", one_clip, v9={})["clips"].level == "note"


def test_verdicts_follow_their_rule(tmp_path):
    good = {f"good/{n}": [(HEAD, 0.05)] for n in range(12)}
    small = {f"small/{n}": [(HEAD, 0.001)] for n in range(12)}
    few = {"few/0": [(HEAD, 0.05)]}
    twice = {f"twice/{n}": [(PERSON, 0.2), (PERSON, 0.2)] for n in range(12)}
    samples = samples_of({**good, **small, **few, **twice})
    facts = facts_of(recorded(tmp_path, {"stage": samples}), "stage")
    found = verdicts(facts, find_problems(facts))
    assert {v.source: v.judgement for v in found} == {
        "good": "good",
        "small": "usable",
        "few": "unknown",
        "twice": "doubtful",
    }
    assert [v.source for v in found] == ["twice", "small", "few", "good"]
    (verdict,) = [v for v in found if v.source == "small"]
    assert verdict.fields == ("area: { person_with_helmet: { least: 0.02 } }",)
    assert (verdict.images_left, verdict.labels_left) == (0, 0)


def test_sources_of_a_stage_are_told_as_one_problem(tmp_path):
    samples = samples_of(
        {f"{source}/{n}": [(FALLEN, 0.8)] for source in ("one", "two") for n in range(12)}
    )
    facts = facts_of(recorded(tmp_path, {"fallen_pool": samples}), "fallen_pool")
    (group,) = [g for g in grouped(find_problems(facts)) if g.total.kind == "whole"]
    assert {p.source for p in group.members} == {"one", "two"}
    assert (group.total.source, group.total.count, group.total.of) == ("fallen_pool", 24, 24)
    assert (group.total.remedy.boxes, group.total.remedy.images) == (24, 24)


def test_dark_and_blurred_photographs_are_found(tmp_path):
    images = {f"site/{n}": [(HEAD, 0.05)] for n in range(20)}
    samples = samples_of(
        images, sharpness=[1.0] * 3 + [100.0] * 17, brightness=[39.0] + [90.0] * 19
    )
    found = problems_of(tmp_path, replace(samples))
    assert found["blurred"].count == 3
    assert found["dark"].count == 1


def test_versions_without_empty_scenes_are_named(tmp_path):
    empty = samples_of({f"background/{n}": [] for n in range(5)})
    catalog = recorded(
        tmp_path, {"background": empty}, v8={}, v9={"backgrounds": {"sub": 3, "full": 9}}
    )
    found = {p.kind: p for p in find_problems(facts_of(catalog, "background"))}
    assert found["backgrounds"].remedy.lacking == ("v8",)
    assert found["backgrounds"].remedy.having == ("v9: 3",)


def test_a_problem_of_one_class_is_held_against_all_sources_of_the_stage(tmp_path):
    whole = {f"{source}/{n}": [(FALLEN, 0.8)] for source in ("one", "two") for n in range(3)}
    fine = {f"three/{n}": [(FALLEN, 0.1)] for n in range(14)}
    facts = facts_of(recorded(tmp_path, {"pool": samples_of({**whole, **fine})}), "pool")
    (group,) = [g for g in grouped(find_problems(facts)) if g.total.kind == "whole"]
    assert (group.total.count, group.total.of) == (6, 20)
