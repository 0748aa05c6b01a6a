"""Names of metadata are in the reader's language, and code finds them in any."""

import pytest

from hoban_assets.classes import CLASS_NAMES
from hoban_assets.language import plain, speaker
from hoban_assets.reporting.metadata import in_english, in_order, in_words

KOREAN = speaker("ko")


def test_names_are_in_the_words_of_the_reader_part_by_part():
    told = in_words(
        {"images": 3, "boxes/person": 2, "report/gallery_v9": 1, "dagster/x": 0}, KOREAN
    )
    assert told == {"이미지": 3, "박스/사람": 2, "보고서/gallery_v9": 1, "dagster/x": 0}
    assert in_words({"images": 3}, plain) == {"images": 3}


@pytest.mark.parametrize("language", ["ko", "en"])
def test_code_finds_a_name_in_whichever_language_it_was_recorded(language):
    names = ["path", "way out", "unchanged", "mAP50", "tells of", "columns of boxes"]
    names += [f"{what}/{n}" for what in ("boxes", "pictures") for n in (*CLASS_NAMES, "background")]
    metadata = dict.fromkeys(names, 1)
    assert in_english(in_words(metadata, speaker(language))) == metadata


def test_no_two_names_have_the_same_korean():
    from hoban_assets.reporting.metadata import _english, _korean

    assert len(_english()) == len(_korean())


def test_what_says_most_comes_first_and_nothing_is_lost():
    told = dict.fromkeys(["dagster/x", "seconds", "pictures/person", "path", "summary", "y"])
    assert list(in_order(told)) == [
        "summary",
        "pictures/person",
        "path",
        "seconds",
        "dagster/x",
        "y",
    ]
