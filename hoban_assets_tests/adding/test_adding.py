"""Photographs and videos below the raw root, whole or not at all; objects are followed."""

import socket

import pytest
from drawn_clips import video
from PIL import Image

from hoban_assets.adding.frames import CLIP_PATTERN, clip_name, write_frames
from hoban_assets.adding.placing import place
from hoban_assets.adding.proposing import found_in_file, paths_of, proposed_from
from hoban_assets.adding.tracking import Detection, tracks
from hoban_assets.corrections.proposed import Clip
from hoban_assets.errors import HobanError
from hoban_assets.formats import open_source
from hoban_assets.formats.source import RawSource


@pytest.mark.parametrize(("rate", "frames"), [(1, 2), (2, 4), (5, 10), (60, 20), (0.1, 1)])
def test_frames_come_at_the_rate_that_was_asked_for(tmp_path, rate, frames):
    done = write_frames(video(tmp_path / "a.mp4"), tmp_path / "out", "a", rate)
    assert done.frames == frames == len(list((tmp_path / "out").glob("a_f??????.jpg")))
    assert done.seconds == pytest.approx(1.9)


def test_what_is_no_video_is_named(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no video at all")
    with pytest.raises(HobanError, match=r"a\.mp4 is no video"):
        write_frames(tmp_path / "a.mp4", tmp_path / "out", "a", 1)


def test_a_clip_is_called_as_its_video_and_is_one_group(tmp_path):
    file = video(tmp_path / "in" / "게이트 1" / "a.mp4")
    files = [("게이트 1/a.mp4", file), ("게이트 1/a.mkv", file)]
    done = place([], files, tmp_path / "raw" / "site", 2, r"^(?P<camera>[^/]+)/")
    assert [c.name for c in done.clips] == ["게이트_1_a", "게이트_1_a-2"]
    assert {c.camera for c in done.clips} == {"게이트 1"}
    source = RawSource("site", "site", "pictures", clip_pattern=CLIP_PATTERN)
    images = open_source(source, tmp_path / "raw").read().samples.images
    assert images.groupby("group_id").size().tolist() == [4, 4]
    assert clip_name("../../etc/passwd.mp4") == "etc_passwd"


def test_photographs_are_linked_and_a_broken_video_leaves_nothing(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg")
    (tmp_path / "b.mp4").write_bytes(b"broken")
    pictures, videos = [("x/a.jpg", tmp_path / "a.jpg")], [("b.mp4", tmp_path / "b.mp4")]
    target = tmp_path / "raw" / "site"
    with pytest.raises(HobanError, match=r"b\.mp4"):
        place(pictures, videos, target, 1)
    assert list((tmp_path / "raw").iterdir()) == []
    assert place(pictures, [], target, 1).linked
    assert (target / "x" / "a.jpg").stat().st_nlink == 2
    with pytest.raises(HobanError, match="is there already"):
        place(pictures, [], target, 1)
    assert not place(pictures, [], tmp_path / "raw" / "copied", 1, copy=True).linked
    assert (tmp_path / "raw" / "copied" / "x" / "a.jpg").stat().st_nlink == 1


def test_of_two_that_add_under_one_name_the_first_stays(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg")
    target, theirs = tmp_path / "raw" / "site", tmp_path / "raw" / "site" / "theirs.jpg"

    def meanwhile(done, of):
        target.mkdir()
        theirs.write_bytes(b"photo")

    with pytest.raises(HobanError, match="is there already"):
        place([("a.jpg", tmp_path / "a.jpg")], [], target, 1, progress=meanwhile)
    assert list((tmp_path / "raw").rglob("*")) == [target, theirs]


def test_what_a_killed_add_left_goes_with_the_next(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg")
    mine = f".adding-{socket.gethostname()}"
    names = (f"{mine}-999999999", f"{mine}-old", ".adding-elsewhere-999999999")
    for name in names:
        (tmp_path / "raw" / name).mkdir(parents=True)
    place([("a.jpg", tmp_path / "a.jpg")], [], tmp_path / "raw" / "site", 1)
    assert [(tmp_path / "raw" / name).exists() for name in names] == [False, True, True]


def seen(left, score=0.9, name="person", width=0.1):
    return Detection(name, score, (left, 0.2, left + width, 0.6))


def test_an_object_that_moves_is_one_track_and_another_class_is_another():
    frames = [[seen(0.1 + 0.02 * n), seen(0.7), seen(0.7, name="fallen")] for n in range(6)]
    numbers, free = tracks(frames, rate=2)
    moving, still, fallen = ({frame[at] for frame in numbers} for at in range(3))
    assert len(moving) == len(still) == len(fallen) == 1
    assert len(moving | still | fallen) == 3
    assert free > max(n for frame in numbers for n in frame)


def test_an_object_that_is_hidden_for_a_moment_stays_the_same():
    frames = [[seen(0.3)], [], [seen(0.31)], [], [seen(0.32)], [seen(0.33)]]
    numbers, _ = tracks(frames, rate=2)
    assert len({n for frame in numbers for n in frame}) == 1


def test_every_box_has_a_track_of_its_own_where_it_is_alone():
    numbers, _ = tracks([[seen(0.1)], [], [seen(0.8, 0.3)]], rate=1, first=5)
    assert numbers[1] == []
    assert numbers[0][0] >= 5
    assert numbers[0] != numbers[2]
    assert tracks([], 1) == ([], 0)


def test_predictions_from_elsewhere_are_proposals_of_tracks(tmp_path):
    source = RawSource("site", "site", "pictures", clip_pattern=CLIP_PATTERN)
    place([], [("a.mp4", video(tmp_path / "a.mp4"))], tmp_path / "raw" / "site", 5)
    paths = paths_of(source, tmp_path / "raw")
    row = '{{"file": "site/{}", "class_name": "{}", "score": {}, "box": [0.1, 0.2, 0.3, 0.6]}}'
    lines = [row.format(path, "작업자", 0.9) for path in paths]
    lines += [row.format(paths[0], "person", 0.1), row.format(paths[0], "truck", 0.9)]
    (tmp_path / "found.jsonl").write_text("\n".join(lines), encoding="utf-8")
    found = found_in_file(tmp_path / "found.jsonl", source, paths)
    assert {path: len(boxes) for path, boxes in found.items()} == dict.fromkeys(paths, 1)
    clip = Clip("a", "a.mp4", 1.9, len(paths))
    made = proposed_from(found, source, tmp_path / "raw", "elsewhere", [clip])
    assert len({p.track for x in made.looked.values() for p in x.proposals}) == 1
    (tmp_path / "other.jsonl").write_text(row.format("b.jpg", "person", 0.9), encoding="utf-8")
    with pytest.raises(HobanError, match="predictions of other pictures"):
        found_in_file(tmp_path / "other.jsonl", source, paths)
