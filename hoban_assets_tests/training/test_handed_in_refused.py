"""Why what a server hands in is refused."""

import json
import re
import tarfile

import pytest
from handed_in_runs import (
    PICTURES,
    HandedIn,
    picture,
    plan,
    run_files,
)
from results_catalog import RISING, course
from taking_in import member, refusal

from hoban_assets.language import korean
from hoban_assets.settings import Settings


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    return Settings.from_env({"HOBAN_DATA_ROOT": str(tmp_path / "data")})


TOP = HandedIn().top


@pytest.mark.parametrize(
    "strange",
    [
        member("/tmp/evil.pt", size=4),
        member("../evil.pt", size=4),
        member(f"{TOP}/../../evil.pt", size=4),
        member(f"{TOP}/.."),
        member(f"{TOP}/deeper/evil.pt", size=4),
        member(f"{TOP}/.hidden", size=4),
        member("another/evil.pt", size=4),
        member(f"{TOP}/link.pt", tarfile.SYMTYPE, "/etc/passwd"),
        member(f"{TOP}/link.pt", tarfile.LNKTYPE, f"{TOP}/best.pt"),
        member(f"{TOP}/pipe", tarfile.FIFOTYPE),
        member(f"{TOP}/best.pt", size=4),
    ],
    ids=lambda m: f"{m.name} {m.type!r}",
)
def test_what_leads_out_of_the_archive_is_refused(tmp_path, settings, strange):
    said = str(refusal(HandedIn(members=[strange]).tar(tmp_path / "in"), settings))
    assert "which no results archive holds" in said
    assert not list(tmp_path.rglob("evil*"))


def test_a_link_in_an_unpacked_folder_is_refused(tmp_path, settings):
    folder = HandedIn(left_out=("best.pt",)).folder(tmp_path)
    (folder / "best.pt").symlink_to("/etc/passwd")
    assert "'best.pt', which no results archive holds" in str(refusal(folder, settings))


def without_evaluation() -> dict[str, bytes]:
    return run_files(course(RISING))


def finished(**changed) -> dict[str, bytes]:
    """Files of a run whose finished.json says something else."""
    files = run_files()
    return {
        **files,
        "finished.json": json.dumps({**json.loads(files["finished.json"]), **changed}).encode(),
    }


def figure(metric: str, value: float, *, epoch: int = 30, name: str = "all") -> dict[str, bytes]:
    """Files of a run with one more figure."""
    row = {"epoch": epoch, "split": "val", "source": "all", "class_name": name}
    line = json.dumps({**row, "metric": metric, "value": value}).replace("Infinity", "1e400")
    files = run_files()
    return {**files, "metrics.jsonl": files["metrics.jsonl"] + line.encode() + b"\n"}


def worst(name: str) -> bytes:
    return json.dumps(
        [{"name": name, "missed": 1, "false": 0, "confused": 0, "boxes": []}]
    ).encode()


def planned(**changed) -> dict:
    return {**plan(), "arguments": {**plan()["arguments"], **changed}}


CASES = {
    "a file lacks": (HandedIn(left_out=("last.pt",)), "^last.pt is missing in"),
    "a file too many": (
        HandedIn(members=[member(f"{TOP}/new.png", size=4)]),
        "holds new.png, which results.json does not list",
    ),
    "another size": (
        HandedIn(altered={"best.pt": b"123"}),
        "best.pt in .* has 3 bytes; the server packed",
    ),
    "no results.json": (HandedIn(left_out=("results.json",)), "holds no results.json"),
    "no JSON": (HandedIn(altered={"results.json": b"{"}), "results.json in .* is damaged"),
    "half a JSON": (HandedIn(altered={"results.json": b"{}"}), "is damaged .*KeyError"),
    "a bomb": (HandedIn(altered={"results.json": b" " * (2 << 20)}), "2,097,152 bytes are too"),
    "newer": (HandedIn(claims={"format": 2}), "format 2, and this code reads formats up to 1"),
    "a path as key": (HandedIn(claims={"run_key": "../../../evil"}), "run_key '../../../evil'"),
    "a path as model": (HandedIn(claims={"model": "../evil"}), "is damaged .*no model"),
    "another plan": (HandedIn(claims={"model": "model_v8"}), "plan is of another model"),
    "unfinished": (
        HandedIn({k: v for k, v in run_files().items() if k != "finished.json"}),
        r"is not finished -> start ./train.sh on the server again",
    ),
    "no checkpoint": (
        HandedIn({**run_files(), "best.pt": b"<!doctype html>"}),
        r"is not whole: best.pt is a web page",
    ),
    "no evaluation": (HandedIn(without_evaluation()), "was not evaluated"),
    "a picture lacks": (
        HandedIn({k: v for k, v in run_files().items() if k != PICTURES[0]}),
        "is not whole: finished.json: picture 'results.png' is missing",
    ),
    "no picture": (
        HandedIn({**run_files(), "results.png": b""}),
        "is not whole: results.png is no picture",
    ),
    "half a picture": (
        HandedIn({**run_files(), "results.png": picture()[:45]}),
        "is not whole: results.png is no picture",
    ),
    "a picture elsewhere": (
        HandedIn(finished(pictures=["../../results.png"])),
        "is not whole: finished.json: pictures.0 String should match",
    ),
    "a worst image elsewhere": (
        HandedIn({**run_files(), "worst_images.json": worst("/etc/passwd")}),
        "is not whole: worst_images.json: 0.name String should match",
    ),
    "better than all": (HandedIn(figure("mAP50", 1.2)), "mAP50 = 1.2 of 'all' .* is no share"),
    "half a label": (HandedIn(figure("labels", 1.5)), "labels = 1.5 .* is no number of things"),
    "an endless figure": (HandedIn(figure("box_loss", 1e400)), "metrics.jsonl is damaged"),
    "an epoch too many": (HandedIn(figure("lr", 0.1, epoch=31)), "is of none of the 30 epochs"),
    "a class of others": (HandedIn(figure("mAP50", 0.5, name="dog")), "'dog' .* no class of ours"),
    "an older evaluation": (HandedIn(finished(evaluation=1)), "was evaluated by rules 1 of this"),
    "a later evaluation": (
        HandedIn(finished(evaluation=99)),
        "rules 99 of this project, and this code has rules .* -> update this checkout",
    ),
    "epochs of text": (HandedIn(finished(epochs="30")), "finished.json: epochs Input should be"),
    "more epochs than planned": (HandedIn(finished(epochs=301)), "epochs do not fit"),
    "an impossible plan": (HandedIn(claims={"plan": planned(epochs=-1)}), "epochs -1 of its plan"),
    "a plan of text": (HandedIn(claims={"plan": planned(batch="16")}), "batch of its plan: Input"),
    "half a character": (HandedIn(claims={"made_at": "\ud800"}), "is damaged .*UnicodeEncodeError"),
    "torn metrics": (
        HandedIn({**run_files(), "metrics.jsonl": b"{}\n"}),
        "is not whole: metrics.jsonl is damaged",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_with_the_reason(tmp_path, settings, case):
    handed_in, reason = CASES[case]
    refused = refusal(handed_in.tar(tmp_path), settings)
    assert re.search(reason, str(refused)), refused
    problem, way_out = refused.texts
    assert problem in korean()
    assert way_out in korean()
