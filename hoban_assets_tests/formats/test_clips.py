"""Which names make a group: clips, families and copies; numbered photographs make none."""

import hashlib
import unicodedata
from collections import Counter

import pytest

from hoban_assets.formats.clips import groups_of, proposed_pattern, without_marks


def sizes(paths, **options):
    """How many groups, and the size of the largest."""
    groups = groups_of("s", paths, **options)
    assert set(groups) == set(paths)
    return len(set(groups.values())), max(Counter(groups.values()).values())


def parts(names):
    """The names over the folders of a foreign split."""
    return [f"{('train', 'train', 'valid')[i % 3]}/images/{n}" for i, n in enumerate(names)]


@pytest.mark.parametrize(
    "name",
    [
        "gate2_mp4-{:04d}_jpg.rf.{:032x}.jpg",
        "yard.MP4-{:d}_png.rf.{:032x}.png",
        "lift_avi_frame{:d}.jpg",
        "북문 영상_mov-{:03d}.jpg",
        "frame_{:d}.jpg",
        "frame{:05d}_jpg.rf.{:032x}.jpg",
        "cam-{:04d}.jpg",
        "site_cam3_{:04d}.png",
        "CCTV {:03d}.jpg",
        "현장 카메라2-{:04d}.jpg",
        "video7_rgb_{:04d}.bmp",
        "frame_{:d}_flip.jpg",
    ],
)
def test_frames_of_one_video_are_one_group_over_all_folders(name):
    assert sizes(parts([name.format(i, i * 7919) for i in range(40)])) == (1, 40)


@pytest.mark.parametrize(
    "name",
    [
        "{:012d}.jpg",
        "COCO_val2014_{:012d}.jpg",
        "IMG_{:04d}.JPG",
        "DSC{:04d}.jpg",
        "DSC_{:04d}.jpg",
        "P{:07d}.jpg",
        "사진 {:03d}.jpg",
        "20240311_{:06d}.jpg",
        "IMG_20240311_{:06d}.jpg",
        "2024-03-11 {:06d}.jpg",
        "2008_{:06d}.jpg",
        "KakaoTalk_20240311_{:09d}.jpg",
        "hard_hat_workers{:d}.png",
        "helmet_{:05d}.jpg",
        "photo ({:d}).jpg",
        "안전모 ({:d}).jpg",
        "person_crop_{:d}.jpg",
    ],
)
def test_numbered_photographs_are_no_clip(name):
    assert sizes(parts([name.format(i + 17) for i in range(400)])) == (400, 1)


GRABBED = {
    "seconds": "walk_{n}s.jpg",
    "half seconds": "walk_{half}s.jpg",
    "seconds of Roboflow": "yard_{n}s_jpg.rf.{hash}.jpg",
    "milliseconds": "walk_{ms}ms.jpg",
    "minutes and seconds": "walk_{m}m{s:02d}s.jpg",
    "Korean seconds": "현장_{n}초.jpg",
    "Korean minutes": "현장_{m}분{s:02d}초.jpg",
    "Korean frames": "현장_{n}프레임.jpg",
    "Korean count": "현장 프레임 {n}번.jpg",
    "Korean compound": "작업장영상_{n:04d}.jpg",
    "Korean channel": "채널3_{n:06d}.jpg",
    "Korean blackbox": "전방블랙박스-{n:04d}.jpg",
    "VLC, its clock": "vlcsnap-2023-05-11-14h{clock_m:02d}m{s:02d}s{ms:03d}.png",
    "VLC, counted": "vlcsnap-{n:05d}.png",
    "VLC, scene filter": "scene{n:05d}.png",
    "GOM Player": "site_gate.avi_0000{s:02d}.{ms:03d}.jpg",
    "MPC": "site_gate.mp4_snapshot_00.0{m}.{s:02d}_[2023.05.11_14.05.{s:02d}].jpg",
    "mpv": "mpv-shot{n:04d}.jpg",
    "Premiere": "Sequence 01.00_00_{s:02d}_12.Still{n:03d}.jpg",
    "ffmpeg": "output_{n:04d}.jpg",
    "a time in the address": "yard.mp4#t={n}.jpg",
    "number and time": "gate_frame_{n}_t{ms}.jpg",
    "number of all": "yard_frame_{n}_of_300.jpg",
    "a letter": "yard_f{n:04d}.jpg",
    "number first": "{n:05d}_cam2.jpg",
    "uploaded": "{hash:.8}-frame_{n:06d}.jpg",
    "a camera's address": "192.168.1.64_01_202305111405{s:02d}{ms:03d}.jpg",
    "a recorder": "NVR_ch3_main_20230511140500_20230511140600_{n:03d}.jpg",
    "a camera's clock": "bodycam_2023-05-11_14-05-{s:02d}.jpg",
    "a burst": "20230511_140500_{n:03d}.jpg",
    "a burst of Android": "IMG_20230511_140500_BURST{n:03d}.jpg",
    "a burst of Pixel": "000{n:02d}IMG_000{n:02d}_BURST20230511140500000_COVER.jpg",
}


@pytest.mark.parametrize("made_by", GRABBED)
def test_what_takes_films_apart_writes_clips(made_by):
    names = [
        GRABBED[made_by].format(
            n=i,
            half=i / 2,
            ms=i * 37 % 1000,
            m=i // 60,
            s=i % 60,
            clock_m=5 + i // 60,
            hash=hashlib.md5(str(i).encode(), usedforsecurity=False).hexdigest(),
        )
        for i in range(40)
    ]
    assert sizes(parts(names)) == (1, 40)


def test_clocks_are_of_a_film_where_a_program_set_the_pace():
    def at(seconds):
        names = [
            f"현장_20230511_{14 + s // 3600}{s // 60 % 60:02d}{s % 60:02d}.jpg" for s in seconds
        ]
        others = [hashlib.sha256(str(i).encode()).hexdigest() for i in range(900)]
        return sizes([f"a/{n}" for n in names] + [f"a/{n}.jpg" for n in others])[1]

    assert at(range(0, 400, 10)) == 40
    assert at([i * i * 3 % 4801 for i in range(40)]) == 1


@pytest.mark.parametrize(
    "name",
    [
        "IMG_{:d}s.jpg",
        "작업자 {:d}번.jpg",
        "SNOW_20230511_14{:04d}.jpg",
        "스크린샷 2023-05-11 오후 2.05.{:02d}.png",
        "FB_IMG_{:013d}.jpg",
        "IMG-20230511-WA{:04d}.jpg",
        "KakaoTalk_20230511_140500_{:02d}.jpg",
        "다운로드 ({:d}).jpg",
        "istockphoto-{:d}-612x612.jpg",
        "LINE_ALBUM_앨범_{:d}.jpg",
        "scene_of_site_{:04d}.jpg",
        "helmet-f-{:d}.jpg",
        "zone_10_20_{:02d}.jpg",
        "1.{:03d}.jpg",
    ],
)
def test_what_ends_like_a_position_and_is_none_joins_nothing(name):
    assert sizes(parts([name.format(i + 10) for i in range(49)])) == (49, 1)


@pytest.mark.parametrize("length", [8, 12, 16, 32, 40])
def test_hashes_are_no_clips(length):
    names = [hashlib.sha256(str(i).encode()).hexdigest()[:length] for i in range(2000)]
    assert sizes([f"{n}.jpg" for n in dict.fromkeys(names)])[1] == 1


@pytest.mark.parametrize(
    "copy",
    [
        "{} (1).jpg",
        "{}(2).jpg",
        "{} - 복사본.jpg",
        "{} - 복사본 (2).jpg",
        "{} - Copy.jpg",
        "{} - Copy (3).jpg",
        "{} copy 2.jpg",
        "{}_copy.jpg",
        "{}_flip.jpg",
        "{}_hflip.jpg",
        "{}_aug.jpg",
        "{}_aug_3.jpg",
        "{}_rot90.jpg",
        "{}-mirrored.png",
        "{}_flip_bright.jpg",
        "{}_jpg.rf.0123456789abcdef.jpg",
    ],
)
@pytest.mark.parametrize("stem", ["S2-N4601M00103", "IMG_2041", "000000123456", "작업자 3"])
def test_a_copy_or_augmentation_belongs_to_its_photograph(stem, copy):
    others = [f"train/images/{digest}.jpg" for digest in ("aa12", "bb31", "cc77")]
    paths = [f"train/images/{stem}.jpg", f"valid/images/{copy.format(stem)}", *others]
    groups = groups_of("s", paths)
    if ".rf." in copy:  # the name of the original is not Roboflow's: only its own kind is known
        assert len(set(groups.values())) == 5
    else:
        assert groups[paths[0]] == groups[paths[1]]
        assert len(set(groups.values())) == 4


def test_copies_of_which_the_original_is_gone_are_a_family():
    assert sizes([f"a/x{n} ({i}).jpg" for n in "abc" for i in range(1, 4)]) == (3, 3)


def test_copies_of_one_numbered_photograph_stay_together_in_a_numbered_folder():
    paths = [f"a/photo ({i}).jpg" for i in range(1, 80)] + ["a/photo (7)_flip.jpg"]
    groups = groups_of("s", paths)
    assert groups["a/photo (7).jpg"] == groups["a/photo (7)_flip.jpg"]
    assert len(set(groups.values())) == 79


def test_one_name_in_two_folders_is_no_copy():
    assert sizes(["train/0001.jpg", "valid/0001.jpg", "train/door.jpg", "valid/door.jpg"]) == (4, 1)


def test_many_short_dense_series_are_clips_and_one_series_of_everything_is_not():
    clips = [f"a/walk-{v:02d}-rgb-{i:03d}.png" for v in range(25) for i in range(30)]
    assert sizes(clips) == (25, 30)
    assert sizes([f"a/walk-{i:03d}.png" for i in range(750)]) == (750, 1)
    sparse = [f"a/walk-{v:02d}-rgb-{i * i * 131:06d}.png" for v in range(25) for i in range(30)]
    assert sizes(sparse)[1] == 1


def test_frames_that_are_counted_through_are_cut_into_stretches():
    assert sizes([f"frame_{i}.jpg" for i in range(5000)]) == (5, 1000)


def test_two_folders_with_frames_of_the_same_name_are_two_clips():
    assert sizes([f"{f}/frame_{i}.jpg" for f in ("hall", "yard") for i in range(20)]) == (2, 20)


def test_a_declared_pattern_comes_first_and_other_names_are_judged_as_ever():
    paths = [f"walk{i:03d}.jpg" for i in range(5)] + [f"cam_{i}.jpg" for i in range(5)]
    groups = groups_of("s", paths, r"^(?P<clip>walk)\d+")
    assert {groups[p] for p in paths[:5]} == {"clip:walk"}
    assert {groups[p] for p in paths[5:]} == {"s:clip:cam/0"}
    alone = groups_of("s", paths, r"^(?P<clip>.*)$")
    assert len(set(alone.values())) == 10


def test_the_order_of_the_listing_decides_nothing():
    paths = parts([f"cam{v}_{i:03d} ({i % 2}).jpg" for v in range(3) for i in range(20)])
    assert groups_of("s", paths) == groups_of("s", paths[::-1])


def test_a_pattern_is_proposed_for_numbered_names_that_are_no_clips():
    found = proposed_pattern([f"fall{i:03d}_jpg.rf.{i:032x}.jpg" for i in range(90)])
    assert found is not None
    assert found.images == 90
    assert found.examples == [f"fall{i:03d}_jpg.rf.{i:032x}.jpg" for i in range(3)]
    paths = [f"fall{i:03d}_jpg.rf.{i:032x}.jpg" for i in range(90)]
    assert set(groups_of("s", paths, found.pattern).values()) == {"clip:fall"}


@pytest.mark.parametrize("name", ["{:012d}.jpg", "a{:d}b.jpg"])
def test_no_pattern_is_proposed_where_no_name_ends_with_a_dense_number(name):
    assert proposed_pattern([name.format(i * 9871) for i in range(90)]) is None


def test_marks_are_taken_off_one_by_one():
    assert without_marks("S2-N4601M00103 (1)") == "S2-N4601M00103"
    assert without_marks("a_flip_aug2_jpg.rf.12") == "a"
    assert without_marks("_flip") == "_flip"


def test_a_copy_is_seen_in_letters_that_macos_took_apart():
    copy = unicodedata.normalize("NFD", "valid/images/작업자 3 - 복사본.jpg")
    groups = groups_of("s", ["train/images/작업자 3.jpg", copy])
    assert len(set(groups.values())) == 1


@pytest.mark.parametrize("folder", ["cam{}", "영상{}", "walk {}.mp4", "set/video_{}"])
def test_numbers_in_the_folder_of_a_film_are_its_frames(folder):
    films = [f"train/images/{folder.format(v)}/{i:06d}.jpg" for v in (1, 2) for i in range(30)]
    assert sizes(films) == (2, 30)
    assert sizes([f"train/images/{i:06d}.jpg" for i in range(30)]) == (30, 1)
    assert sizes([f"train/images/helmets/{i:06d}.jpg" for i in range(30)]) == (30, 1)


@pytest.mark.parametrize("mark", ["flip_", "aug_3_", "rot90-", "BRIGHT_", "hflip_"])
def test_a_mark_before_the_name_is_one_too(mark):
    assert sizes([f"train/images/{n}.jpg" for n in ("b17x", f"{mark}b17x", "c17x")]) == (2, 2)
    assert without_marks(f"{mark}b17x") == "b17x"
    assert without_marks("flip_12") == "12"
    assert sizes([f"images/flip_{i}.jpg" for i in range(40)])[0] > 1
