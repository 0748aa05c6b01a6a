"""No network, no reporting, no bars, nothing chosen by the surroundings; what is served is what
was measured."""

import importlib.metadata
import json
import os
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from training_tools import REPORTING, SITE, WORKERS, lay_bait

from hoban_assets.classes import CLASS_NAMES

REPOSITORY = Path(__file__).parents[2]
NOT_INTEGRATIONS = {"vscode_msg", "openvino_msg"}
"""Settings of Ultralytics that are on or off, but report nothing."""


@pytest.fixture
def support(monkeypatch):
    monkeypatch.syspath_prepend(str(WORKERS))
    import yolo_support

    return yolo_support


def arguments_of(trained) -> dict:
    return yaml.safe_load((trained.plan.run_dir / "args.yaml").read_text(encoding="utf-8"))


QUIET = """
import json, os, socket, sys
sys.path.insert(0, sys.argv[1])
socket.getaddrinfo = lambda *arguments, **more: [1]  # as on a machine with network
from pathlib import Path
from yolo_support import quiet
quiet(Path(sys.argv[2]))
from ultralytics import utils
print(json.dumps({
    "online": utils.ONLINE, "installs": utils.AUTOINSTALL, "verbose": utils.VERBOSE,
    "config": str(utils.USER_CONFIG_DIR), "rank": utils.RANK, "settings": dict(utils.SETTINGS),
    "environment": sorted(os.environ),
    "fonts": sorted(p.name for p in utils.USER_CONFIG_DIR.glob("*.ttf")),
}))
"""


@pytest.fixture(scope="module")
def surroundings(tmp_path_factory) -> dict:
    """What Ultralytics finds around it once `quiet` was called, on a machine with network."""
    folder = tmp_path_factory.mktemp("run")
    outer = {"RANK": "3", "LOCAL_RANK": "3", "WORLD_SIZE": "4", "TORCHELASTIC_RUN_ID": "x"}
    env = {**os.environ, **outer, "NODE_RANK": "1", "ULTRALYTICS_API_KEY": "ul_" + "0" * 40}
    told = subprocess.run(
        [sys.executable, "-c", QUIET, str(WORKERS), str(folder)],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    return {"folder": folder, **json.loads(told.stdout.splitlines()[-1])}


def test_ultralytics_takes_itself_for_offline_installs_nothing_and_is_quiet(surroundings):
    seen = [surroundings[name] for name in ("online", "installs", "verbose")]
    assert seen == [False, False, False]


def test_its_settings_and_fonts_are_those_of_the_run(surroundings):
    assert surroundings["config"] == str(surroundings["folder"] / "config" / "Ultralytics")
    assert surroundings["fonts"] == ["Arial.Unicode.ttf", "Arial.ttf"]


def test_every_integration_that_it_knows_is_off(surroundings, support):
    switches = {name for name, value in surroundings["settings"].items() if value in (True, False)}
    assert switches - NOT_INTEGRATIONS == set(support.INTEGRATIONS)
    assert not any(surroundings["settings"][name] for name in support.INTEGRATIONS)
    assert surroundings["settings"]["api_key"] == ""
    assert "ULTRALYTICS_API_KEY" not in surroundings["environment"]


def test_variables_of_an_outer_launcher_do_not_reach_it(surroundings, support):
    assert surroundings["rank"] == -1
    assert not [name for name in surroundings["environment"] if support.LAUNCHER.fullmatch(name)]


def test_no_package_to_report_to_is_imported(trained):
    imported = trained.plan.run_dir.parents[3] / "imported.txt"
    assert trained.status == 0
    assert not imported.exists(), imported.read_text()


def test_the_bait_is_taken_where_an_integration_is_on(tmp_path, monkeypatch):
    note = tmp_path / "imported.txt"
    monkeypatch.setenv("HOBAN_TEST_IMPORTED", str(note))
    monkeypatch.setenv("PYTHONPATH", str(lay_bait(tmp_path)))
    code = "; ".join(f"import {name}" for name in REPORTING)
    subprocess.run([sys.executable, "-c", code], check=True)
    assert note.read_text().split() == list(REPORTING)


@pytest.mark.parametrize(
    ("code", "noted"),
    [
        ("socket.getaddrinfo('one.one.one.one', 0)", "getaddrinfo one.one.one.one"),
        ("socket.gethostbyname('pypi.org')", "gethostbyname pypi.org"),
        ("socket.socket().connect(('192.0.2.1', 80))", "connect 192.0.2.1"),
        ("socket.socket().connect_ex(('192.0.2.1', 80))", "connect 192.0.2.1"),
        ("socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('192.0.2.1', 53))", "sendto 192."),
        ("urllib.request.urlopen('https://ultralytics.com')", "getaddrinfo ultralytics.com"),
        ("requests.get('https://github.com', timeout=1)", "getaddrinfo github.com"),
        ("subprocess.run(['curl', 'x'])", "subprocess.Popen curl"),
        ("subprocess.run([sys.executable, '-m', 'pip', 'install', 'x'])", "subprocess.Popen pip"),
        ("os.system('wget x')", "os.system wget"),
    ],
)
def test_the_guard_of_the_network_test_sees_every_way_out(tmp_path, code, noted):
    note = tmp_path / "network.txt"
    imports = "import os, socket, subprocess, sys, urllib.request"
    imports += ", requests" if "requests" in code else ""
    ended = subprocess.run(
        [sys.executable, "-c", f"{imports}\ntry: {code}\nexcept Exception: pass\n"],
        env={**os.environ, "PYTHONPATH": str(SITE), "HOBAN_TEST_NETWORK": str(note)},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert noted in note.read_text()


def test_loopback_and_sockets_of_this_machine_are_no_network():
    assert socket.gethostname()
    code = "import socket; s = socket.create_server(('127.0.0.1', 0)); "
    code += "socket.create_connection(s.getsockname())"
    env = {**os.environ, "PYTHONPATH": str(SITE)}
    subprocess.run([sys.executable, "-c", code], env=env, check=True)


def test_nothing_but_lines_of_ours_is_printed(trained):
    ours = ("train: ", "val: ", "epoch ", "trained ", "best epoch ", "partial labels: ")
    assert [line for line in trained.output.splitlines() if not line.startswith(ours)] == []


def test_all_that_decides_arrives_as_it_was_planned(trained):
    arrived = arguments_of(trained)
    planned = trained.plan.yolo_arguments()
    del planned["workers"]  # Ultralytics loads in its own process where there is no GPU
    assert {name: arrived[name] for name in planned} == planned
    assert arrived["optimizer"] != "auto"
    assert (arrived["cache"], arrived["val"], arrived["fraction"]) == (False, True, 1.0)
    assert (arrived["amp"], arrived["augmentations"]) == (False, [])
    assert Path(arrived["project"]).is_absolute()
    assert Path(arrived["save_dir"]).is_relative_to(trained.plan.run_dir)


def test_no_confusion_matrix_of_every_faint_detection_is_left(trained):
    pictures = [file.parent.name for file in trained.plan.run_dir.rglob("confusion_matrix.png")]
    assert "train" not in pictures
    assert (trained.plan.run_dir / "confusion_matrix.png").is_file()


def test_one_value_of_nms_is_trained_evaluated_and_served(trained, ultralytics, monkeypatch):
    """The default of `predict()` is what a person serves who gives no argument."""
    monkeypatch.syspath_prepend(str(WORKERS))
    import yolo_evaluate
    import yolo_finish
    from yolo_support import RunFolder

    class Asked(Exception):
        pass

    def evaluate(facts, args, save_dir, excludes):
        raise Asked(args["nms"])

    monkeypatch.setattr(yolo_evaluate, "LabelAwareValidator", evaluate)
    for value in (None, False):
        plan = {"arguments": {**trained.plan.yolo_arguments(), "nms": value}}
        with pytest.raises(Asked, match=f"^{value}$"):
            yolo_finish.evaluate(RunFolder(trained.plan.run_dir), plan, [])
    assert arguments_of(trained)["nms"] is trained.plan.nms
    assert ultralytics.cfg.get_cfg().nms is trained.plan.nms


ELSEWHERE = """
import json, sys
from ultralytics import YOLO
model = YOLO(sys.argv[1])
found = model.predict(sys.argv[2], imgsz=64, conf=0.0001, save=False, verbose=False)
seen = {"names": model.names, "boxes": len(found[0].boxes), "modules": list(sys.modules)}
print(json.dumps(seen))
"""


def test_the_weights_load_and_predict_where_our_code_is_not(trained, tmp_path):
    picture = next((trained.plan.dataset_path / "images" / "val").iterdir())
    quiet = {"YOLO_OFFLINE": "1", "YOLO_AUTOINSTALL": "False", "YOLO_CONFIG_DIR": str(tmp_path)}
    told = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(trained.plan.run_dir / "best.pt"), str(picture)],
        env={**os.environ, **quiet},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr
    seen = json.loads(told.stdout.splitlines()[-1])
    assert list(seen["names"].values()) == list(CLASS_NAMES)
    assert seen["boxes"] > 0
    assert not [name for name in seen["modules"] if name.startswith(("hoban_assets", "yolo_"))]


def test_the_range_of_releases_leaves_out_the_compromised_ones():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    needs = map(Requirement, project["project"]["dependencies"])
    [allowed] = [need.specifier for need in needs if need.name == "ultralytics"]
    assert not [bad for bad in ("8.3.41", "8.3.42", "8.3.45", "8.3.46") if bad in allowed]
    assert importlib.metadata.version("ultralytics") in allowed
