"""`hoban is-safe-to-delete`: 'yes' only where it is certain."""

import subprocess
from pathlib import Path

import pytest
from yard import SAY, age

import hoban_assets
from hoban_assets.catalog.answers import asking
from hoban_assets.upkeep import paths
from hoban_assets.upkeep.may_be_deleted import is_safe
from hoban_assets.upkeep.trash import move


@pytest.fixture
def current(yard, replaced):
    """The dataset that is current."""
    (found,) = [p for p in replaced.parent.iterdir() if p != replaced]
    return found


def test_a_raw_file_is_never_safe_and_its_users_are_named(yard, replaced):
    verdict = yard.is_safe(yard.raw / "coco" / "1.jpg")
    assert verdict.safe is False
    assert verdict.reason == "belongs to the raw source coco, which is read by: coco_person"
    assert [(u["asset"], u["images"]) for u in verdict.uses] == [("dataset_v9", 1)]


def test_a_raw_file_that_no_asset_uses_is_not_safe_where_its_source_is_declared(yard, replaced):
    verdict = yard.is_safe(yard.raw / "coco" / "2.jpg")
    assert verdict.safe is False
    assert verdict.uses == []


def test_a_folder_that_holds_a_source_and_one_whose_images_are_used_are_not_safe(yard, replaced):
    assert yard.is_safe(yard.raw / "coco").uses[0]["images"] == 2
    (yard.raw / "coco").rename(yard.raw / "moved")
    (yard.raw / "inner").mkdir()
    (yard.raw / "coco").symlink_to("moved")
    assert yard.is_safe(yard.raw / "moved").safe is False


def test_a_source_that_is_no_longer_declared_is_not_safe_while_an_asset_uses_it(yard, replaced):

    with asking(yard.settings.catalog_path) as ask:
        verdict = is_safe(yard.raw / "coco", ask, yard.settings, SAY, [])
    assert verdict.reason == "assets use it, though no source declares it"


def test_a_raw_folder_that_nothing_refers_to_is_safe_and_says_how_far(yard, replaced):
    (yard.raw / "delete").mkdir()
    verdict = yard.is_safe(yard.raw / "delete")
    assert verdict.exit_status == 0
    assert verdict.reason.startswith("nothing here refers to it")


@pytest.mark.parametrize("link", ["coco/train2017", "coco/9.jpg"])
def test_a_raw_folder_that_a_link_of_a_source_leads_into_is_not_safe(yard, replaced, link):
    pool = yard.raw / "_pool" / "9.jpg"
    pool.parent.mkdir()
    pool.write_text("photo")
    (yard.raw / link).symlink_to(pool.parent if link.endswith("2017") else pool)
    for path in (pool.parent, pool):
        assert yard.is_safe(path).reason == f"the link {yard.raw / link} leads to it"


def test_a_source_that_lies_elsewhere_and_is_linked_is_not_safe(yard, replaced):
    outside = yard.home / "drive"
    (yard.raw / "coco").rename(outside)
    (yard.raw / "coco").symlink_to(outside)
    for path in (outside, outside / "1.jpg", yard.raw / "coco"):
        verdict = yard.is_safe(path)
        assert verdict.safe is False
        assert verdict.uses[0]["asset"] == "dataset_v9"


@pytest.mark.parametrize("path", ["/", "..", ".", "data", "data/raw", "data/../data"])
def test_what_holds_or_is_a_root_is_not_safe(yard, replaced, path, monkeypatch):
    monkeypatch.chdir(yard.home)
    assert yard.is_safe(path).safe is False


def test_spelling_does_not_matter(yard, replaced, monkeypatch):
    """Relative, with '..', and through a link: the same raw file."""
    (yard.home / "short").symlink_to(yard.raw)
    monkeypatch.chdir(yard.data / "artifacts")
    for path in ("../raw/coco/1.jpg", "../../short/coco/1.jpg", "../raw/../raw/coco"):
        assert yard.is_safe(path).reason.startswith("belongs to the raw source coco")


def test_letters_of_another_case_do_not_hide_a_user(yard, replaced):
    """D: of Windows is blind to case; the catalog holds the names as they were read."""
    (yard.raw / "Coco").mkdir()
    assert yard.is_safe(yard.raw / "Coco").safe is False


def test_the_same_folder_under_another_name_is_known_by_its_inode(monkeypatch):
    """A drive that is blind to case, a bind mount: no spelling tells, the file system does."""
    monkeypatch.setattr(paths, "_identity", lambda path: (1, hash(str(path).lower())))
    assert paths.relation(Path("/d/RAW/Coco"), Path("/D/raw")) == "in"
    assert paths.relation(Path("/D/RAW"), Path("/d/raw/coco")) == "holds"
    assert paths.relation(Path("/D/RAW"), Path("/d/raw")) == "is"
    assert paths.below_of(Path("/D/RAW/Coco/1.jpg"), Path("/d/raw")) == Path("Coco/1.jpg")


def test_a_current_dataset_and_one_picture_in_it_are_not_safe(yard, current):
    assert yard.is_safe(current).reason.endswith("the current dataset_v9 [sub]")
    picture = next(current.glob("images/train/*"))
    verdict = yard.is_safe(picture)
    assert verdict.safe is False
    assert verdict.notes[0].startswith("a hard link of ")
    assert verdict.notes[0].endswith("which keeps the content")


def test_a_picture_whose_raw_file_is_gone_is_the_only_copy(yard, replaced):
    (yard.raw / "coco" / "2.jpg").unlink()
    picture = next(replaced.glob("images/train/coco-2-*"))
    verdict = yard.is_safe(picture)
    assert verdict.safe is False
    assert "only copy" in verdict.notes[0]


def test_a_replaced_dataset_is_safe_but_not_the_folder_that_holds_the_current_one(yard, replaced):
    assert yard.is_safe(replaced).exit_status == 0
    assert yard.is_safe(next(replaced.glob("images/train/*"))).safe
    assert yard.is_safe(replaced.parent).reason.startswith(
        "holds what is needed: the current dataset"
    )
    assert yard.is_safe(yard.data / "artifacts").safe is False


def test_a_replaced_dataset_is_not_safe_while_a_current_model_is_of_it(yard, replaced):
    yard.training("a", replaced)
    assert yard.is_safe(replaced).safe is False


def test_what_prune_would_leave_alone_is_not_safe(yard, replaced):
    (replaced / "notes.txt").write_text("mine")
    assert "did not write" in yard.is_safe(replaced).reason


def test_a_folder_that_a_process_works_in_is_not_safe(yard, replaced):
    folder = yard.data / "mine"
    folder.mkdir()
    worker = subprocess.Popen(["sleep", "60"], cwd=folder)
    try:
        assert "works with it" in yard.is_safe(folder).reason
    finally:
        worker.kill()
        worker.wait()


def test_catalog_weights_and_program_are_not_safe(yard, replaced):
    weights = yard.data / "weights"
    weights.mkdir()
    program = Path(hoban_assets.__file__).parent
    for path in (yard.settings.catalog_path, weights, program, program.parent):
        assert yard.is_safe(path).safe is False


def test_of_bundles_the_archives_are_safe_and_their_lists_are_not(yard, replaced):
    bundles = yard.data / "bundles"
    bundles.mkdir()
    archive, files = bundles / "dataset_v9_full_0.tar", bundles / "dataset_v9_full_0.json"
    archive.touch()
    files.touch()
    assert yard.is_safe(archive).safe
    for path in (files, bundles):
        assert yard.is_safe(path).safe is False
        assert "hoban bundle --since" in yard.is_safe(path).reason


def test_reports_caches_and_what_hoban_does_not_know_are_safe(yard, replaced):
    for name in ("reports", "cache", "mine"):
        (yard.data / name).mkdir()
        assert yard.is_safe(yard.data / name).exit_status == 0


def test_the_trash_is_safe_until_something_in_it_is_needed(yard, replaced):
    list(move(yard.data, yard.survey().unused, lambda item: None))
    trash = yard.data / "trash"
    assert yard.is_safe(trash).exit_status == 0
    (moved,) = trash.glob("*/moved.json")
    assert yard.is_safe(moved).safe is False
    (yard.raw / "coco" / "2.jpg").unlink()
    assert yard.is_safe(trash).safe is False


def test_outside_both_roots_is_not_known(yard, replaced):
    (yard.home / "elsewhere").mkdir()
    assert yard.is_safe(yard.home / "elsewhere").exit_status == 2
    assert yard.is_safe(yard.home / "nowhere").exit_status == 2


def test_a_link_is_as_safe_as_what_it_leads_to(yard, current):
    link = yard.data / "latest"
    link.symlink_to(current)
    assert yard.is_safe(link).safe is False
    (yard.raw / "gone").symlink_to(yard.home / "unplugged")
    assert yard.is_safe(yard.raw / "gone").safe is None


def test_weights_that_a_current_model_started_from_are_not_safe_even_outside(yard, replaced):
    weights = yard.home / "mine.pt"
    weights.write_bytes(b"")
    yard.training("a", replaced, weights=str(weights))
    assert yard.is_safe(weights).reason.endswith("started from it")


def test_the_folder_of_a_killed_run_is_safe_after_an_hour(yard, replaced):
    folder = replaced.parent / ".building-999999999"
    folder.mkdir()
    assert yard.is_safe(folder).safe is False
    age(folder)
    assert yard.is_safe(folder).safe
