"""`hoban import-results` as a person types it, without a daemon."""

import json
from contextlib import nullcontext

import dagster as dg
import pytest
from handed_in_runs import KEY, HandedIn, home_in
from typer.testing import CliRunner

from hoban_assets.cli import app
from hoban_assets.errors import HobanError


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home whose Dagster is in memory: a real one costs a second to set up."""
    with dg.DagsterInstance.ephemeral() as instance:
        made = home_in(tmp_path, instance)
        for name, value in made.env.items():
            monkeypatch.setenv(name, value)
        (tmp_path / "home").mkdir()
        monkeypatch.setattr(dg.DagsterInstance, "get", lambda: nullcontext(instance))
        yield made


def hoban(*arguments: object):
    called = [str(a) for a in ("import-results", *arguments)]
    return CliRunner().invoke(app, called, catch_exceptions=False)


def test_it_says_what_was_imported_and_where_it_lies(home):
    path = HandedIn().tar(home.root / "usb")
    shown = hoban(path, "--partition", "full")
    assert shown.exit_code == 0, shown.output
    assert "imported model_v9 [full]" in shown.stdout
    assert "30 epochs, best 30: mAP50 0.801 label-aware, 0.600 as Ultralytics" in shown.stdout
    assert "map50: mAP50 0.801 against 0.9" in shown.stdout
    assert f"lies in {home.run_dir}" in shown.stdout
    assert "hoban results model_v9 --partition full" in shown.stdout
    assert path.is_file(), "what lies outside the inbox stays"
    (run,) = home.instance.get_runs()
    assert run.status == dg.DagsterRunStatus.SUCCESS
    assert run.tags["hoban/archive"] == path.name
    assert run.tags["dagster/partition"] == "full"
    assert home.models()[0]["run_id"] == run.run_id

    again = hoban(path)
    assert again.exit_code == 0
    assert "was imported before" in again.stdout
    assert len(home.models()) == len(home.instance.get_runs()) == 1


def test_a_refusal_says_why_in_the_users_language_and_ends_with_status_1(home, monkeypatch):
    monkeypatch.setenv("HOBAN_LANG", "ko")
    path = HandedIn(version="other rows").tar(home.root / "usb")
    shown = hoban(path)
    assert shown.exit_code == 1
    assert shown.stdout == ""
    assert "가져오지 않음:" in shown.stderr
    assert "hoban bundle dataset_v9 --partition full" in shown.stderr
    assert home.models() == []


def test_without_a_file_it_takes_all_that_lie_in_the_inbox(home):
    inbox = home.settings.inbox
    assert "No results lie in the inbox" in hoban().stdout
    good = HandedIn().folder(inbox)
    torn = HandedIn(key="feedfeedfeedfeed").tar(inbox)
    torn.write_bytes(torn.read_bytes()[:3000])

    shown = hoban("--json")

    assert shown.exit_code == 1
    refused, imported = json.loads(shown.stdout)
    assert refused["status"] == "refused"
    assert "only a part of it was copied" in refused["reason"]
    assert imported["status"] == "imported"
    assert imported["mAP50"] == 0.801
    assert imported["run_dir"] == str(home.run_dir)
    assert torn.is_file(), "it may still be on its way"
    assert not good.exists()
    assert (inbox / "imported" / good.name / "best.pt").is_file()
    assert [line["data_version"] for line in home.models()] == [KEY]


def test_a_refused_one_can_be_tried_again_once_the_reason_is_gone(home):
    refused = home.settings.inbox / "refused"
    path = HandedIn(version="other rows").tar(refused)
    path.with_name(f"{path.name}.txt").write_text("why")
    home.build_dataset("other rows")
    assert hoban(path).exit_code == 0
    assert list(refused.iterdir()) == []
    note = home.settings.inbox / "imported" / f"{path.name}.txt"
    assert note.read_text() == "why\nImported after all.\n"


def test_what_is_not_there_or_no_partition_is_said(home):
    with pytest.raises(HobanError, match=r"nowhere.tar is not there -> give a results_\*.tar"):
        hoban("nowhere.tar")
    with pytest.raises(HobanError, match="did you mean full"):
        hoban("--partition", "ful")


def test_without_dagsters_home_it_says_how_to_set_it(home, monkeypatch):
    path = HandedIn().tar(home.root / "usb")
    monkeypatch.delenv("DAGSTER_HOME")
    with pytest.raises(HobanError, match=r"DAGSTER_HOME is not set -> run '\. \./env\.sh'"):
        hoban(path)
    assert home.models() == []
