"""What a server handed in is refused with the reason, and nothing is changed by it."""

import pytest
from bringing_in import bring_in, made_in, packed
from handed_in_runs import MODEL, HandedIn, run_files

from hoban_assets.errors import HobanError
from hoban_assets.handoff.results.archive import Refused
from hoban_assets.language import korean


@pytest.fixture
def home(tmp_path):
    with made_in(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    """A home that no test changes."""
    with made_in(tmp_path_factory.mktemp("pristine")) as made:
        yield made


def refusal(home, handed_in=None, **options) -> str:
    """The reason; nothing is changed by it, and it has its Korean."""
    packed(home, handed_in)
    before = home.state()
    with pytest.raises(Refused) as refused:
        bring_in(home, handed_in, **options)
    assert home.state() == before
    assert set(refused.value.texts) <= set(korean())
    return str(refused.value)


def test_results_of_another_dataset_version_are_refused_with_both_versions(home):
    home.build_dataset("newer rows of it")
    said = refusal(home)
    assert "another version of dataset_v9 [full]: rows of dataset_, built 2" in said
    assert "current is newer rows of it, built 2" in said
    assert "hoban bundle dataset_v9 --partition full" in said


def test_of_a_version_that_was_never_built_here_it_is_said(pristine):
    said = refusal(pristine, HandedIn(version="feedfeedfeedfeed"))
    assert "feedfeedfeedfeed, which was never built here; current is rows of dataset_" in said


def test_without_the_dataset_it_is_refused(pristine):
    said = refusal(pristine, HandedIn(partition="sub"))
    assert "dataset_v9 [sub] was never built here" in said
    assert "hoban build dataset_v9 --partition sub" in said


def test_a_data_root_without_a_catalog_is_no_crash(home):
    home.settings.catalog_path.unlink()
    with pytest.raises(Refused, match="was never built here"):
        bring_in(home)


@pytest.mark.parametrize(
    "claims",
    [{"dataset": "dataset_v8"}, {"model": "model_v99", "plan": None}],
    ids=["of another dataset", "unknown"],
)
def test_a_model_that_no_recipe_declares_is_refused(pristine, claims):
    handed_in = HandedIn(claims=claims)
    if "model" in claims:
        claims["plan"] = {**HandedIn().manifest()["plan"], "asset": claims["model"]}
    said = refusal(pristine, handed_in)
    assert "which no recipe here declares" in said
    assert MODEL in said


def test_another_partition_than_asked_for_is_refused(pristine):
    assert "is of partition full, not sub" in refusal(pristine, partition="sub")


def test_another_training_of_the_same_plan_is_left_alone(home):
    home.run_dir.mkdir(parents=True)
    (home.run_dir / "best.pt").write_bytes(b"trained here")
    said = refusal(home)
    assert f"{home.run_dir} holds another result of the same training: its best.pt" in said


def test_a_full_disk_leaves_nothing_half_written(pristine, monkeypatch):
    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hoban_assets.handoff.results.placing.copied", full)
    packed(pristine)
    before = pristine.state()
    with pytest.raises(HobanError, match="no space left while writing"):
        bring_in(pristine)
    assert pristine.state() == before


def test_a_model_without_an_evaluation_is_refused_before_anything_is_recorded(pristine):
    files = {**run_files(), "metrics.jsonl": b""}
    assert "was not evaluated" in refusal(pristine, HandedIn(files))
