"""What checks found is stored in English, and read in the language of its reader."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from builders import samples_of

from hoban_assets.curation import checks, split_checks
from hoban_assets.curation.checks import Check
from hoban_assets.curation.duplicates import Certificate
from hoban_assets.curation.selection import ALL, QuotaCount
from hoban_assets.curation.splits import split_by_group
from hoban_assets.curation.survival import Survival, sources_survive
from hoban_assets.language import Say, plain, retold, speaker

KOREAN = speaker("ko")
HELMET = "person_with_helmet"
FEW = samples_of({f"s/{i}.jpg": [(HELMET, 0.1)] for i in range(6)})
OUTSIDE = samples_of({"s/a.jpg": [("person", 0.1)], "s/b.jpg": [("person", 0.1)]})
OUTSIDE.boxes["x_center"] = 0.99
LOST = Survival("site", 32, 1, {"area_too_small": 21, "near_duplicate": 10})
CERTIFICATE = Certificate(
    images=9, kept=7, removed=2, threshold=0.9, residual_pairs=0, removals_without_witness=0,
    largest_component=2, engine="fastdup 2.50, DINOv2",
)  # fmt: skip


def ledger(*stages: tuple[int, ...]) -> SimpleNamespace:
    names = (
        "images_in",
        "images_kept",
        "images_dropped",
        "boxes_in",
        "boxes_kept",
        "boxes_dropped",
    )
    bad = [
        SimpleNamespace(stage=f"s{n}", **dict(zip(names, counts, strict=True)))
        for n, counts in enumerate(stages)
    ]
    return SimpleNamespace(unbalanced=lambda: bad, stages=[1, 2, 3])


def quotas(*counts: QuotaCount, backgrounds: tuple[int, int] = (9, 9)) -> Callable[[Say], Check]:
    return lambda say: checks.quotas_reached(counts, "boxes", backgrounds, say)


FOUND: dict[str, Callable[[Say], Check]] = {
    "balanced": lambda say: checks.conservation(ledger(), say),
    "unbalanced twice": lambda say: checks.conservation(
        ledger((9, 8, 0, 7, 7, 0), (8, 7, 0, 6, 6, 0)), say
    ),
    "inside": lambda say: checks.boxes_inside_image(FEW, say),
    "outside": lambda say: checks.boxes_inside_image(OUTSIDE, say),
    "classes": lambda say: checks.no_unknown_class(FEW, say),
    "certificate": lambda say: checks.dedupe_certificate(CERTIFICATE, say),
    "no leak": lambda say: split_checks.no_leak_between_splits(
        split_by_group(FEW), 0.81, 0.85, say, "thumbnail 1"
    ),
    "val": lambda say: split_checks.val_share(split_by_group(FEW), 0.1, say),
    "quotas": quotas(QuotaCount(HELMET, 9, 9, 9)),
    "no quotas": quotas(QuotaCount(HELMET, 9, 9, ALL)),
    "short": quotas(
        QuotaCount(HELMET, 202, 202, 3000), QuotaCount("person", 12, 9, 10), backgrounds=(51, 1000)
    ),
    "folders": lambda say: checks.folders_declared([], (), say),
    "folders unread": lambda say: checks.folders_declared(["fall a", "fall_b"], (), say),
    "folders left out": lambda say: checks.folders_declared(["fall_a"], ("fall_a",), say),
    "files": lambda say: checks.files_read({"a": {}}, say),
    "files unread": lambda say: checks.files_read({"a": {"images": 3}, "b": {"labels": 1}}, say),
    "survived": lambda say: sources_survive([LOST], 0, say),
    "lost": lambda say: sources_survive([LOST, LOST], 0.5, say),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_is_stored_is_read_as_if_it_had_been_said_to_the_reader(name):
    stored = FOUND[name](plain).text
    assert retold(stored, plain) == stored
    assert retold(stored, KOREAN) == FOUND[name](KOREAN).text
    assert retold(stored, KOREAN) != stored


def test_what_is_no_text_of_ours_stays_as_it_is():
    assert retold("ImportError: no module; in x.py, line 3", KOREAN) == (
        "ImportError: no module; in x.py, line 3"
    )
    assert retold("", KOREAN) == ""
