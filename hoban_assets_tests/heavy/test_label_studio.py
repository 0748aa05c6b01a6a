"""An export is imported by a real Label Studio, edited there, and the next build holds the edit.

``make test-label-studio``; its environment: constraints/peers/label-studio.lock.
"""

import json
import os

import pytest
from label_studio_server import label_studio
from road import REPOSITORY
from world import World, made_project

PROGRAM = REPOSITORY / ".venv-label-studio" / "bin" / "label-studio"
pytestmark = [
    pytest.mark.skipif(
        os.environ.get("HOBAN_HEAVY") != "label-studio",
        reason="an environment of its own: make test-label-studio",
    ),
    pytest.mark.timeout(3600),
]


@pytest.fixture(scope="module")
def project(sample, tmp_path_factory) -> World:
    world = made_project(tmp_path_factory.mktemp("studio") / "project", sample)
    world.must("dagster asset materialize --select coco_person --partition sub")
    return world


def boxes(world, image_id):
    return world.catalog.query(
        "SELECT class_name, x_center, width, origin FROM boxes WHERE asset = 'coco_person' "
        f"AND image_id = '{image_id}' ORDER BY x_center, class_name"
    ).to_dict("records")


def test_what_is_edited_there_is_in_the_next_build(project, tmp_path):
    folder = project.folder / "out"
    project.must("hoban export coco_person --format label-studio --count 3 --to out")
    tasks = json.loads((folder / "tasks.json").read_text(encoding="utf-8"))
    with label_studio(PROGRAM, tmp_path / "home", project.folder) as studio:
        config = (folder / "label_config.xml").read_text(encoding="utf-8")
        made = studio.ask("/api/projects", {"title": "hoban", "label_config": config})
        at = f"/api/projects/{made['id']}"
        taken = studio.ask(f"{at}/import", tasks)
        assert (taken["task_count"], taken["annotation_count"]) == (3, 3)
        storage = {"project": made["id"], "path": str(folder), "title": "out"}
        studio.ask("/api/storages/localfiles", {**storage, "use_blob_urls": True})
        shown = studio.picture(tasks[0]["data"]["image"])
        assert (
            shown == next(folder.glob(f"images/*{tasks[0]['data']['content_hash']}*")).read_bytes()
        )
        there = studio.ask(f"{at}/export?exportType=JSON")
        edited, rejected, untouched = sorted(there, key=lambda t: t["data"]["image_id"])
        region = edited["annotations"][0]["result"][0]
        region["value"]["x"] = max(0.0, region["value"]["x"] - 3)
        fallen = {**region, "id": "new", "value": {**region["value"], "x": 1, "width": 20}}
        fallen["value"]["rectanglelabels"] = ["fallen"]
        verdict = {
            "id": "no",
            "type": "choices",
            "from_name": "verdict",
            "to_name": "image",
            "value": {"choices": ["reject"]},
        }
        for task, more in ((edited, fallen), (rejected, verdict)):
            mine = task["annotations"][0]
            body = {"result": [*mine["result"], more]}
            studio.ask(f"/api/annotations/{mine['id']}", body, "PATCH")
        back = studio.ask(f"{at}/export?exportType=JSON")
    (project.folder / "back.json").write_text(json.dumps(back), encoding="utf-8")
    ids = [t["data"]["image_id"] for t in (edited, rejected, untouched)]
    before = [boxes(project, image_id) for image_id in ids]
    said = project.must("hoban collect back.json", HOBAN_LANG="en")
    assert "2 pictures corrected, 1 unchanged, 0 not taken" in said
    project.must("dagster asset materialize --select coco_person --partition sub")
    after = [boxes(project, image_id) for image_id in ids]
    assert len(after[0]) == len(before[0]) + 1
    assert {b["class_name"] for b in after[0]} == {"person", "fallen"}
    assert [b["origin"] for b in after[0]].count("human") >= 2
    assert after[1] == []
    assert after[2] == before[2]
    (row,) = [r for r in json.loads(project.must("hoban corrections list --json", HOBAN_LANG="en"))
              if r["picture"] == ids[0]]  # fmt: skip
    assert (row["tool"], row["state"]) == ("label-studio", "applied")
    project.must(f"hoban corrections undo {row['id']}")
    project.must("dagster asset materialize --select coco_person --partition sub")
    assert boxes(project, ids[0]) == before[0]
