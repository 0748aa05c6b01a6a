import numpy as np
import pytest
from builders import samples_of

from hoban_assets.curation.split_checks import val_share
from hoban_assets.curation.splits import join_groups, shares_of_val, split_by_group

HELMET, PERSON, FALLEN = "person_with_helmet", "person", "fallen"


def clips(count, frames, name=PERSON, source="s"):
    ids = [f"{source}/c{c}-{f}" for c in range(count) for f in range(frames)]
    return samples_of(
        {i: [(name, 0.1)] for i in ids}, groups={i: f"clip {i.split('-')[0]}" for i in ids}
    )


def val_of(samples):
    return set(samples.images.image_id[samples.images.split == "val"])


def test_a_clip_lies_on_one_side_only():
    after = split_by_group(clips(200, 5))
    assert (after.images.groupby("group_id").split.nunique() == 1).all()
    assert 0.05 < (after.images.split == "val").mean() < 0.15


def test_the_split_does_not_depend_on_the_order_of_the_rows():
    before = clips(50, 3)
    turned = before.images.iloc[::-1].reset_index(drop=True)
    other = split_by_group(type(before)(turned, before.boxes, before.decisions))
    assert val_of(split_by_group(before)) == val_of(other)


def test_images_keep_their_side_when_data_is_added():
    before = clips(900, 2)
    more = clips(1000, 2)  # the same 900 clips and 100 new ones
    known = set(before.images.image_id)
    assert val_of(split_by_group(before)) == val_of(split_by_group(more)) & known


@pytest.mark.parametrize("groups", [3, 7, 12])
def test_with_few_groups_every_class_still_has_both_sides(groups):
    parts = [clips(groups, 20, name, source=name) for name in (HELMET, PERSON, FALLEN)]
    after = split_by_group(type(parts[0]).concat(parts))
    labels = after.labels.merge(after.images[["image_id", "split"]])
    share = labels.assign(val=labels.split == "val").groupby("class_name").val.mean()
    assert (share > 0).all()
    assert (share < 0.5).all()


def test_a_class_of_a_single_group_stays_in_train():
    after = split_by_group(clips(1, 30))
    assert set(after.images.split) == {"train"}


def test_near_duplicates_and_equal_files_join_groups_across_clips():
    before = samples_of(
        {f"s/{i}": [(PERSON, 0.1)] for i in range(5)},
        groups={"s/0": "clip", "s/1": "clip"},
        content_hash=["a", "b", "c", "d", "d"],
    )
    after = join_groups(before, (np.array([1]), np.array([2])))
    groups = after.images.group_id
    assert groups[0] == groups[1] == groups[2]
    assert groups[3] == groups[4]
    assert groups.nunique() == 2
    assert set(groups) <= set(before.images.group_id)


def test_a_joined_group_comes_to_val_no_more_often_than_another():
    sizes = range(0, 4000, 8)
    before = samples_of({f"s/{i}": [(PERSON, 0.1)] for i in range(4000)})
    first = np.repeat(np.array(sizes), 7)
    joined = join_groups(before, (first, first + np.tile(np.arange(1, 8), len(sizes))))
    assert joined.images.group_id.nunique() == len(sizes)
    assert 0.09 <= (split_by_group(joined).images.split == "val").mean() <= 0.11


def test_the_check_says_which_class_misses_its_share_and_why():
    giant = clips(1, 300, HELMET, source="h")
    split = split_by_group(type(giant).concat([clips(600, 1), giant]))
    check = val_share(split, 0.1)
    assert not check.passed
    assert not check.blocking
    assert "person_with_helmet: 0.0% of its labels" in check.text
    assert "from 0 of 1 groups; 1 of its groups" in check.text
    assert "person:" not in check.text


def test_the_check_tells_a_group_that_is_most_of_val():
    after = split_by_group(clips(5, 40))
    assert [s.groups_val for s in shares_of_val(after)] == [1]
    check = val_share(after, 0.1)
    assert "one group has 100.0% of the images of val" in check.text


def test_the_check_is_content_with_an_even_split():
    check = val_share(split_by_group(clips(1000, 1)), 0.1)
    assert check.passed, check.text
    assert 0.09 <= check.numbers[PERSON] <= 0.11
