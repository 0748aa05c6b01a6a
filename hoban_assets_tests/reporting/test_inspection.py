"""What an inspection counts, on trees whose answer is known by hand, and on the sample."""

import json
from collections import Counter

import pytest
from builders_inspection import gathered, image_of, labelled

from hoban_assets.declared.sources import SOURCES
from hoban_assets.language import korean, plain, speaker
from hoban_assets.reporting.inspection.document import document, findings_as_rows
from hoban_assets.reporting.inspection.figures import inspect_rows
from hoban_assets.reporting.inspection.findings import findings
from hoban_assets.reporting.inspection.losses import SEVERITIES
from hoban_assets.reporting.markdown import markdown
from hoban_assets.reporting.sizes import BANDS
from hoban_assets.rules import rules as declared
from hoban_assets.units import share_text


@pytest.fixture(scope="module")
def seen(sample):
    """Inspection of every source of the sample."""
    return {
        source.name: inspect_rows(gathered(sample, source, declared=source), examples=50)
        for source in SOURCES
    }


def counted(inspection, rule):
    return sum(row["count"] for row in inspection.defects if row["rule"] == rule)


def test_every_defect_of_the_sample_is_counted(sample, seen):
    listed = json.loads((sample / "defects.json").read_text(encoding="utf-8"))
    expected = Counter((e["expected"]["rule"], e["expected"]["action"]) for e in listed)
    counts = Counter()
    for inspection in seen.values():
        for row in inspection.defects:
            counts[row["rule"], row["action"]] += row["count"]
    wanted = {k: n for k, n in expected.items() if k[0] not in {None, "class_not_used"}}
    assert len(wanted) > 15
    assert {k: counts[k] for k, n in wanted.items() if counts[k] < n} == {}
    assert counted(seen["helmet_60k"], "box_malformed") == 3
    assert counted(seen["coco"], "image_missing") == 1
    assert counted(seen["fall_v1i_2"], "class_out_of_range") == 1


def test_all_own_classes_are_shown_with_what_recipes_make_of_them(seen):
    classes = {row["class"]: row for row in seen["coco"].classes}
    assert list(classes) == ["objects", "person", "truck"]
    assert [row["becomes"] for row in classes.values()] == [None, "person", None]
    assert classes["truck"]["boxes"] == 1
    assert classes["person"]["ignore"] == 1
    wider = {row["class"]: row["becomes"] for row in seen["wider_person"].classes}
    assert wider == {
        **dict.fromkeys("123", "person"),
        **dict.fromkeys("45", "(ignore region)"),
    }


def test_what_goes_in_is_kept_or_lost(seen):
    for inspection in seen.values():
        lost = sum(row["images"] for row in inspection.defects)
        assert inspection.images == inspection.images_kept + lost
        lost = sum(row["boxes"] for row in inspection.defects)
        assert inspection.boxes == inspection.boxes_kept + lost
        assert inspection.boxes_kept == sum(row["boxes"] for row in inspection.classes)


def test_unreadable_images_are_named(seen):
    assert [row["file"] for row in seen["coco"].unreadable] == ["coco/train2017/000000900023.jpg"]


def test_boxes_fall_into_bands_by_their_share_of_the_image(tmp_path):
    sides = [0.02, 0.05, 0.08, 0.1, 0.2, 0.4, 0.9]  # areas 0.0004 ... 0.81
    rows = "\n".join(f"0 .5 .5 {side} {side}" for side in sides)
    labelled(tmp_path / "set" / "train", "a", rows)
    inspection = inspect_rows(gathered(tmp_path, "set"))
    assert [inspection.size_bands[0][band] for band in BANDS] == [1, 1, 1, 1, 1, 1, 1]
    assert inspection.size_bands[-1]["boxes"] == 7


def test_copies_are_found_by_content_and_their_labels_compared(tmp_path):
    train = tmp_path / "set" / "train"
    labelled(train, "a", "0 .5 .5 .2 .2", seed=1)
    labelled(train, "b", "0 .5 .5 .2 .2", seed=1)
    labelled(train, "c", "0 .5 .5 .2 .2\n1 .2 .2 .1 .1", seed=1)
    labelled(train, "d", "0 .5 .5 .2 .2", seed=2)
    labelled(train, "e", "0 .1 .1 .1 .1", seed=2)
    labelled(train, "f", "0 .5 .5 .2 .2", seed=3)
    copies = inspect_rows(gathered(tmp_path, "set")).duplicates
    assert (copies["groups"], copies["images"], copies["extra"]) == (2, 5, 3)
    assert copies["largest"][0]["files"] == [f"set/train/images/{n}.jpg" for n in "abc"]
    assert copies["differing"] == 1


def test_leakage_names_the_share_of_the_part_and_the_counterpart(tmp_path):
    folder = tmp_path / "set"
    labelled(folder / "train", "a", "0 .5 .5 .2 .2", seed=1)
    labelled(folder / "train", "house_jpg.rf.1", "0 .5 .5 .2 .2", seed=2)
    labelled(folder / "valid", "other", "0 .5 .5 .2 .2", seed=1)
    labelled(folder / "valid", "house_jpg.rf.2", "0 .5 .5 .2 .2", seed=3)
    labelled(folder / "valid", "new", "0 .5 .5 .2 .2", seed=4)
    labelled(folder / "valid", "newer", "0 .5 .5 .2 .2", seed=5)
    rows = {row["kind"]: row for row in inspect_rows(gathered(tmp_path, "set")).leakage}
    assert set(rows) == {"content", "augmentation"}
    assert (rows["content"]["images"], rows["content"]["share"]) == (1, 0.25)
    assert rows["content"]["examples"] == [
        {"file": "set/valid/images/other.jpg", "counterpart": "set/train/images/a.jpg"}
    ]
    assert (rows["augmentation"]["split"], rows["augmentation"]["other"]) == ("valid", "train")


def test_frames_of_one_clip_in_two_parts_are_a_leak(tmp_path):
    for part, frames in {"train": (1, 2, 3), "test": (4, 9)}.items():
        for frame in frames:
            labelled(tmp_path / "set" / part, f"street_{frame}", "0 .5 .5 .2 .2", seed=frame)
    labelled(tmp_path / "set" / "test", "yard_1", "0 .5 .5 .2 .2", seed=20)
    found = gathered(tmp_path, "set", clip_pattern=r"(?P<clip>.+)_\d+")
    (row,) = inspect_rows(found).leakage
    assert (row["kind"], row["images"], row["groups"]) == ("clip", 2, 1)
    assert row["share"] == pytest.approx(2 / 3, abs=1e-4)


def test_a_single_photograph_in_one_part_is_no_leak(tmp_path):
    labelled(tmp_path / "set" / "train", "a", "0 .5 .5 .2 .2", seed=1)
    labelled(tmp_path / "set" / "train", "b", "0 .5 .5 .2 .2", seed=1)
    labelled(tmp_path / "set" / "valid", "c", "0 .5 .5 .2 .2", seed=2)
    assert inspect_rows(gathered(tmp_path, "set")).leakage == []


def test_unopened_images_say_nothing_of_copies(tmp_path):
    labelled(tmp_path / "set" / "train", "a", "0 .5 .5 .2 .2")
    inspection = inspect_rows(gathered(tmp_path, "set", open_images=False))
    assert inspection.duplicates == {}
    assert any("not opened" in finding.text for finding in findings(inspection))


def test_findings_come_worst_first_and_say_what_to_do(tmp_path):
    folder = tmp_path / "set"
    small = "\n".join(f"0 .{n} .5 .02 .02" for n in range(1, 9))
    labelled(folder / "train", "a", small, seed=1)
    labelled(folder / "valid", "b", f"{small}\n7 .5 .5 .1 .1", seed=1)
    (folder / "valid" / "images" / "cut.jpg").write_bytes(b"")
    (folder / "valid" / "labels" / "cut.txt").write_text("0 .5 .5 .3 .3")
    found = findings(inspect_rows(gathered(tmp_path, "set")))
    severities = [f.severity for f in found]
    assert severities == sorted(severities, key=SEVERITIES.index)
    assert set(severities) == set(SEVERITIES)
    lines = markdown(document(inspect_rows(gathered(tmp_path, "set")), None, speaker("en")))
    assert "100 % of the boxes (16) are smaller than 1 % of the image" in lines
    assert "Images that cannot be read: 1 (33 %), for instance set/valid/images/cut.jpg" in lines
    assert "Rows whose class is not in the list of classes: 1" in lines
    assert "valid / train 50 % (1)" in lines
    assert "hoban inspect set --declare" in lines


def test_images_that_no_own_sentence_tells_of_are_told_with_their_rule(tmp_path):
    part = tmp_path / "set" / "train"
    labelled(part, "sound", "0 0.5 0.5 0.5 0.5", seed=1)
    labelled(part, "twice", "0 0.5 0.5 0.5 0.5", seed=2)
    image_of(part / "images" / "twice.png", seed=3)
    told = [row["text"] for row in findings_as_rows(inspect_rows(gathered(tmp_path, "set")), plain)]
    assert any("2 (67 %); identity_unclear 2" in text for text in told)


def test_uneven_and_meaningless_classes_are_told(tmp_path):
    rows = "\n".join(f"0 .{n} .5 .3 .3" for n in range(1, 10)) + "\n0 .5 .4 .3 .3\n1 .5 .5 .3 .3"
    labelled(tmp_path / "set" / "train", "a", rows, names="[fall, 10-, unused]")
    lines = markdown(document(inspect_rows(gathered(tmp_path, "set")), None, speaker("en")))
    assert "Class names that say nothing: '10-'" in lines
    assert "Uneven: 'fall' has 10 boxes, '10-' 1" in lines
    assert "Classes without a box: 1 of 3: 'unused'" in lines


def test_a_sound_source_is_said_to_be_sound(tmp_path):
    labelled(tmp_path / "set" / "train", "a", "0 .5 .5 .3 .3", names="[fall]")
    source = next(s for s in SOURCES if s.name == "fall_v2i")
    inspection = inspect_rows(gathered(tmp_path, "set", declared=source))
    assert findings(inspection) == []
    assert findings_as_rows(inspection, speaker("en")) == []
    told = markdown(document(inspection, None, speaker("en")))
    assert "Nothing was found to be wrong." in told


def test_shares_read_well():
    assert [share_text(share) for share in (0, 0.0004, 0.004, 0.05, 0.375, 1)] == [
        "0 %",
        "<0.1 %",
        "0.4 %",
        "5 %",
        "38 %",
        "100 %",
    ]


def test_everything_that_is_said_has_korean_words(seen):
    missing = set()

    def say(text, **values):
        if text not in korean() and any(map(str.isalpha, text)):
            missing.add(text)
        return text.format(**values) if values else text

    for inspection in seen.values():
        list(document(inspection, None, say))
    assert missing == set()


def test_every_rule_of_a_defect_has_a_meaning(seen):
    rules = {row["rule"] for inspection in seen.values() for row in inspection.defects}
    assert rules <= set(declared())


def test_real_photographs_leak_between_their_splits(real_raw):
    source = next(s for s in SOURCES if s.name == "fall_detection_ip_camera_v3i")
    inspection = inspect_rows(gathered(real_raw, source, declared=source))
    clip = next(r for r in inspection.leakage if r["kind"] == "clip" and r["split"] == "valid")
    assert clip["share"] > 0.9


def test_nothing_is_written_into_the_folder(tmp_path):
    labelled(tmp_path / "set" / "train", "a", "0 .5 .5 .2 .2")
    before = sorted(tmp_path.rglob("*"))
    inspect_rows(gathered(tmp_path, "set"))
    assert sorted(tmp_path.rglob("*")) == before
