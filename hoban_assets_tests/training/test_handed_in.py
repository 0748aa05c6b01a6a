"""What a server hands in is taken whole and unaltered, or refused with the reason."""

import gzip
import itertools
import json
import re
import shutil
import tarfile
from pathlib import Path

import pytest
from handed_in_runs import (
    KEY,
    MODEL,
    PARTITION,
    PICTURES,
    HandedIn,
    checkpoint,
    picture,
    plan,
    run_files,
)
from hostile_results import hostile
from results_catalog import RISING, course

from hoban_assets.handoff.results.archive import Refused, opened
from hoban_assets.handoff.results.manifest import read_manifest
from hoban_assets.handoff.results.placing import differing_file, local_plan, place
from hoban_assets.language import korean
from hoban_assets.settings import Settings
from hoban_assets.training.metrics import read_metrics, value_of
from hoban_assets.upkeep.folder_contents import objection_to_run


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    return Settings.from_env({"HOBAN_DATA_ROOT": str(tmp_path / "data")})


def take(path: Path, settings: Settings) -> Path:
    with opened(path) as archive:
        manifest = read_manifest(archive)
        return place(archive, manifest, local_plan(manifest, settings, "/here/dataset_v9"))


def refusal(path: Path, settings: Settings) -> Refused:
    """The reason why it is not taken; nothing is left behind."""
    with pytest.raises(Refused) as refused:
        take(path, settings)
    left = list(settings.data_root.rglob("*")) if settings.data_root.exists() else []
    assert left == []
    return refused.value


@pytest.mark.parametrize("unpacked", [False, True])
def test_a_whole_archive_becomes_a_run_folder_with_local_paths(tmp_path, settings, unpacked):
    handed_in = HandedIn()
    path = (handed_in.folder if unpacked else handed_in.tar)(tmp_path / "usb stick")
    weights = settings.data_root / "weights" / "yolo26m.pt"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(checkpoint())

    run = take(path, settings)

    assert run == settings.models / MODEL / PARTITION / KEY
    for name, data in handed_in.files.items():
        assert (run / name).read_bytes() == data
    local = json.loads((run / "plan.json").read_text())
    assert local["dataset_path"] == "/here/dataset_v9"
    assert local["run_dir"] == str(run)
    assert local["arguments"] == {**plan()["arguments"], "model": str(weights)}
    assert "/srv" not in (run / "command.txt").read_text()
    assert json.loads((run / "results.json").read_text())["run_key"] == KEY
    assert [p.name for p in run.parent.iterdir()] == [KEY]
    assert objection_to_run(run, lambda text, **values: text.format(**values)) is None


def test_a_folder_into_which_the_archive_was_unpacked_is_found(tmp_path, settings):
    HandedIn().folder(tmp_path / "downloads")
    assert take(tmp_path / "downloads", settings).name == KEY


def test_weights_that_are_not_on_this_machine_are_named_without_the_servers_path(
    tmp_path, settings
):
    run = take(HandedIn().tar(tmp_path), settings)
    assert json.loads((run / "plan.json").read_text())["arguments"]["model"] == "yolo26m.pt"


def cut(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


def preallocated(path: Path) -> None:
    """As some programs copy: the size is right from the start, the rest is still zeros."""
    data = path.read_bytes()
    path.write_bytes(data[:3072] + b"\0" * 30_000)


TORN = {
    "in its first header": lambda path: cut(path, 300),
    "in a file": lambda path: cut(path, 900),
    "at a border of files": lambda path: cut(path, 1536),
    "before its end mark": lambda path: cut(path, path.stat().st_size // 10240 * 10240 - 10240),
    "empty": lambda path: cut(path, 0),
    "preallocated": preallocated,
}


@pytest.mark.parametrize("how", TORN)
def test_a_half_copied_archive_is_to_be_copied_again(tmp_path, settings, how):
    path = HandedIn().tar(tmp_path)
    TORN[how](path)
    said = str(refusal(path, settings))
    assert "only a part of it was copied" in said
    assert "copy it again" in said
    assert str(path) in said


def test_every_altered_file_is_found_and_named(tmp_path, settings):
    for name, data in HandedIn().packed().items():
        other = bytes([data[0] ^ 1]) + data[1:]
        said = str(refusal(HandedIn(altered={name: other}).tar(tmp_path), settings))
        assert said.startswith(f"{name} in ")
        assert "SHA-256 differs" in said


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0):
    found = tarfile.TarInfo(name)
    found.type, found.linkname, found.size = kind, link, size
    return found


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


def test_another_kind_of_file_is_no_results_archive(tmp_path, settings):
    packed = tmp_path / "results.tar.gz"
    packed.write_bytes(gzip.compress(HandedIn().tar(tmp_path).read_bytes()))
    assert "no results archive (a plain .tar)" in str(refusal(packed, settings))
    (tmp_path / "empty").mkdir()
    assert "holds no results.json" in str(refusal(tmp_path / "empty", settings))


def test_the_same_result_is_used_as_it_is_and_another_one_not_overwritten(tmp_path, settings):
    run = take(HandedIn().tar(tmp_path), settings)
    before = {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in run.iterdir()}
    assert take(HandedIn().tar(tmp_path / "again"), settings) == run
    other = HandedIn({**run_files(), "best.pt": checkpoint(b"other")}).tar(tmp_path / "other")
    with pytest.raises(Refused, match=r"another result of the same training: its best.pt differs"):
        take(other, settings)
    assert {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in run.iterdir()} == before


def test_what_a_killed_import_left_is_cleared_away_by_the_next(tmp_path, settings):
    half = settings.models / MODEL / PARTITION / ".building-999999999"
    half.mkdir(parents=True)
    (half / "best.pt").write_bytes(b"half")
    run = take(HandedIn().tar(tmp_path), settings)
    assert [p.name for p in run.parent.iterdir()] == [KEY]


def test_a_real_training_is_taken_over(tmp_path, settings, trained):
    names = ("best.pt", "last.pt", "metrics.jsonl", "finished.json", "curves.json")
    names += ("args.yaml", "worst_images.json")
    files = {name: (trained.plan.run_dir / name).read_bytes() for name in names}
    shown = json.loads(files["finished.json"])["pictures"]
    files |= {name: (trained.plan.run_dir / name).read_bytes() for name in shown}
    path = HandedIn(files).tar(tmp_path)
    run = take(path, settings)
    with opened(path) as archive:
        assert differing_file(run, read_manifest(archive)) is None
    best = json.loads(files["finished.json"])["best_epoch"]
    assert value_of(read_metrics(run / "metrics.jsonl"), "mAP50", best) is not None


def test_nothing_that_a_hostile_archive_says_ends_in_a_traceback(tmp_path, settings):
    """A field of a file with a value that no training writes: taken or refused.

    Some of them; `make attack` tries all.
    """
    refused = 0
    for number, (what, handed_in) in enumerate(itertools.islice(hostile(), 0, None, 37)):
        path = handed_in.folder(tmp_path / str(number))
        try:
            shutil.rmtree(take(path, settings))
        except Refused:
            refused += 1
        except Exception as error:
            raise AssertionError(what) from error
    assert refused > number / 2
