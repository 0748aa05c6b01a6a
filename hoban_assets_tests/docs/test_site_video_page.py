"""Every command of docs/site-video.md, as typed, on a clip that is drawn here."""

import json
import subprocess
import sys

import pytest
from drawn_clips import video
from test_documented_commands import commands_of
from world import made_project

MODEL = "--model model_v9"
TINY = "from ultralytics import YOLO; YOLO('yolo26n.yaml').save('tiny.pt')"
"""Weights that have learnt nothing: what stands where the page says model_v9."""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "project"
    raw = folder.with_name("raw")
    raw.mkdir()
    made = made_project(folder, raw)
    video(folder / "cctv" / "cam1_2026-11-29.mp4")
    boxes = [[0.1 + 0.05 * n, 0.3, 0.3 + 0.05 * n, 0.6] for n in range(4)]
    files = [f"site_a/cam1_2026-11-29/cam1_2026-11-29_f{5 * n:06d}.jpg" for n in range(4)]
    rows = [
        {"file": file, "class_name": "person", "score": 0.8, "box": box}
        for file, box in zip(files, boxes, strict=True)
    ]
    lines = "\n".join(json.dumps(row) for row in rows)
    (folder / "found.jsonl").write_text(lines, encoding="utf-8")
    subprocess.run([sys.executable, "-c", TINY], cwd=folder, check=True, capture_output=True)
    return made


def test_the_page_is_walked_from_a_clip_to_false_alarms_an_hour(project):
    commands = commands_of("site-video")
    assert len(commands) == 8
    said = {}
    for command in commands:
        typed = command.replace(MODEL, "--model tiny.pt")
        said[command.split()[1]] = project.must(typed, HOBAN_LANG="en", HOBAN_AUTHOR="kim")
    assert "0 photographs and 4 frames of 1 videos" in said["add"]
    assert "cam1" in said["add"]
    assert "proposes 4 boxes on 4 pictures (1 objects followed)" in said["propose"]
    assert "proposed" in said["review"]
    assert "decided on 4 frames" in said["track"]
    hours = 1.9 / 3600
    assert f"{1 / hours:.3g} false alarms per camera-hour" in said["site"].replace("**", "")
    assert "proposals_refused" in said["corrections"]
