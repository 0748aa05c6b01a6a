"""Work on a real Ray cluster, from the step's side: what is logged, what is left, what is said."""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from textwrap import indent

import dagster as dg
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from ray_tools import (
    BIN,
    FAMILY,
    STEP,
    WORKER,
    WORKERS,
    data_settings,
    documented,
    marked,
    ray_cluster,
    reason_of,
    run_step,
    settings_for,
    wait_until,
)
from training_tools import plan_for, publish_squares

from hoban_assets.components.extractor import Extractor
from hoban_assets.formats.image_facts import read_facts
from hoban_assets.on_ray.cluster import connect
from hoban_assets.on_ray.worker import RayJob, run_worker_on_ray
from hoban_assets.samples import Samples
from hoban_assets.settings import Settings
from hoban_assets.training.metrics import read_metrics
from hoban_assets.training.trainer import RayTrainer


@pytest.fixture(scope="module")
def cluster():
    with ray_cluster() as address:
        yield address


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def work(cluster, tmp_path, instance):
    """Run a worker's body on the cluster: (result of the run, its messages, log records)."""

    def run(body, extras=None, instance=instance, python=Path(sys.executable), **job):
        script = tmp_path / f"{job.get('name', 'some')}_worker.py"
        script.write_text(WORKER.format(body=indent(body, "    ")))
        messages = []

        def step(context):
            asks = RayJob(cluster, env={"PYTHONPATH": str(WORKERS)}, **job)
            done = run_worker_on_ray(
                context, asks, python=python, script=script, extras=extras or {}, tail_lines=30
            )
            messages.extend(done.get_custom_messages())

        ended, logged = run_step(step, instance)
        return ended, messages, logged

    return run


def said(logged) -> list[str]:
    return [record.user_message for record in logged]


class TestTraining:
    def test_streams_its_epochs_holds_its_gpu_and_equals_a_local_one(
        self, cluster, instance, tmp_path, squares, trained, work
    ):
        plan = plan_for(tmp_path, squares, partial_labels="mask")  # as `trained`
        trainer = RayTrainer(settings_for(tmp_path, cluster))
        results, second = [], []

        def after_the_first_line():
            wait_until((plan.run_dir / "config").exists, "the training's begin")
            with dg.DagsterInstance.ephemeral() as other:
                second.extend(
                    work("pipes.report_custom_message(time.time())", instance=other, gpus=1)
                )

        queued = threading.Thread(target=after_the_first_line)
        queued.start()
        ended, logged = run_step(lambda c: results.append(trainer.train(c, plan)), instance)
        queued.join()
        assert ended.success
        [result] = results

        finished_at = (plan.run_dir / "finished.json").stat().st_mtime
        epochs = [r for r in logged if r.user_message.startswith("epoch ")]
        assert [r.user_message.split("  ")[0] for r in epochs] == ["epoch 1/2", "epoch 2/2"]
        assert all(r.timestamp < finished_at for r in epochs)  # heard while it ran

        local = read_metrics(trained.plan.run_dir / "metrics.jsonl")
        pd.testing.assert_frame_equal(result.metrics, local)

        _, [began_at], log = second  # of one GPU: it waited until the training let go of it
        assert began_at > finished_at
        assert any("waits for 1 GPU of the Ray cluster" in line for line in said(log))

    def test_a_killed_worker_fails_the_step_with_its_reason_and_the_next_run_resumes(
        self, cluster, instance, tmp_path, squares, monkeypatch
    ):
        plan = plan_for(tmp_path, squares, seed=1)
        arguments = plan.yolo_arguments()
        monkeypatch.setattr(
            type(plan), "yolo_arguments", lambda self: {**arguments, "plots": False}
        )
        trainer = RayTrainer(settings_for(tmp_path, cluster))

        def kill():
            wait_until((plan.run_dir / "progress.json").exists, "the first epoch")
            os.kill(min(marked(f"model_v9-sub-{plan.run_dir.name}")), signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        ended, _ = run_step(lambda context: trainer.train(context, plan), instance)
        killer.join()
        assert "was killed: the machine ran out of memory" in reason_of(ended)
        assert "goes on after its last whole epoch" in reason_of(ended)
        assert not marked(f"model_v9-sub-{plan.run_dir.name}")

        ended, logged = run_step(lambda context: trainer.train(context, plan), instance)
        assert ended.success
        assert "resuming after epoch 1/2" in said(logged)

    def test_the_worker_s_own_reason_is_shown(self, cluster, instance, tmp_path):
        dataset = publish_squares(tmp_path / "dataset_v9")
        plan = plan_for(tmp_path, dataset)
        (dataset / "manifest.parquet").write_bytes(b"PAR1")
        trainer = RayTrainer(settings_for(tmp_path, cluster))
        ended, _ = run_step(lambda context: trainer.train(context, plan), instance)
        assert "manifest.parquet cannot be read" in reason_of(ended)
        assert "materialise the dataset again" in reason_of(ended)


class TestNothingIsLeft:
    def test_when_the_run_is_cancelled(self, work):
        body = FAMILY + "os.kill(extras['step'], signal.SIGINT); time.sleep(1000)"
        ended, _, logged = work(body, {"step": os.getpid()}, name="cancelled")
        assert "DagsterExecutionInterruptedError" in str(ended.get_step_failure_events())
        assert "has children" in said(logged)
        assert not marked("cancelled-")

    def test_when_the_job_s_own_process_of_ray_dies(self, work, cluster):
        body = (
            FAMILY + "os.kill(extras['x'] or parent(os.getppid()), signal.SIGKILL)\ntime.sleep(99)"
        )
        parent = "parent = lambda p: int(Path(f'/proc/{p}/stat').read_text().split()[-49])\n"
        ended, _, _ = work(parent + body, {"x": 0}, name="lost")
        assert "was lost with its node or process of Ray" in reason_of(ended)
        assert "has children" in reason_of(ended)
        wait_until(lambda: not marked("lost-"), "the end of the worker")

    def test_of_a_step_that_was_killed_its_training_is_joined_and_by_another_one_stopped(
        self, work, cluster, instance, tmp_path
    ):
        go = tmp_path / "go"
        body = FAMILY + (
            "while not Path(extras['go']).exists(): time.sleep(0.05)\n"
            "pipes.report_custom_message(os.getpid())"
        )
        (tmp_path / "orphan_worker.py").write_text(WORKER.format(body=indent(body, "    ")))
        (tmp_path / "step.py").write_text(STEP)
        step = subprocess.Popen(
            [
                *(sys.executable, str(tmp_path / "step.py"), cluster),
                *(str(tmp_path / "orphan_worker.py"), str(WORKERS), str(go)),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        processes = wait_until(lambda: m if len(m := marked("orphan-")) == 3 else None)
        step.kill()
        step.wait()
        assert marked("orphan-") == processes  # it trains on

        threading.Timer(1, go.touch).start()
        ended, [pid], logged = work(body, {"go": str(go)}, gpus=1, name="orphan", training="orphan")
        assert ended.success
        assert pid in processes
        assert "joined orphan-1, which trains this already; its log follows" in said(logged)
        assert "has children" in said(logged)

        client = connect(cluster)
        left = client.submit_job(
            entrypoint="sleep 1000",
            metadata={"hoban/training": "of a run that ended", "dagster/run_id": ended.run_id},
        )
        wait_until(lambda: client.get_job_status(left).value == "RUNNING")
        ended, _, logged = work("pass", name="another", training="another")
        assert ended.success
        assert client.get_job_status(left).value == "STOPPED"
        assert f"stopping {left}: the run that started it ended" in said(logged)


def test_a_failure_shows_the_last_lines_and_nothing_of_ray_s_environment_was_there(work):
    body = """
for i in range(60): print("line", i)
print("Ray's:", [name for name in os.environ if name.startswith(("RAY", "OMP"))])
sys.exit(3)"""
    ended, _, logged = work(body, name="fails")
    assert "fails_worker.py failed with exit code 3" in reason_of(ended)
    assert "line 59" in reason_of(ended)
    assert "line 0" not in reason_of(ended)
    assert {"line 0", "Ray's: []"} <= set(said(logged))


def test_a_node_that_does_not_see_a_folder_says_so(work):
    ended, _, _ = work("pass", needs=[Path("/data/not here")])
    assert "of the Ray cluster does not see /data/not here" in reason_of(ended)
    assert "under the same path" in reason_of(ended)


def test_more_gpus_than_a_node_has_are_refused_at_once(work):
    ended, _, _ = work("pass", gpus=2)
    assert "2 GPU are asked for, but no node" in reason_of(ended)


def test_an_interpreter_that_the_node_lacks_is_named(work):
    ended, _, _ = work("pass", python=Path("/opt/none/python"))
    assert "has no interpreter /opt/none/python -> set HOBAN_RAY_PYTHON" in reason_of(ended)


def test_the_documented_commands_work(cluster):
    command = [part.replace("8265", cluster.rpartition(":")[2]) for part in documented("ray job")]
    listed = subprocess.run([str(BIN / command[0]), *command[1:]], capture_output=True, text=True)
    assert listed.returncode == 0, listed.stderr


@pytest.fixture
def raw(tmp_path):
    """Three photographs, one of them broken."""
    folder = tmp_path / "raw" / "source"
    folder.mkdir(parents=True)
    for index in range(2):
        coarse = np.random.default_rng(index).integers(0, 255, (6, 8, 3), np.uint8)
        Image.fromarray(coarse).resize((320, 240), Image.Resampling.BICUBIC).save(
            folder / f"{index} 사진.jpg"
        )
    (folder / "broken.jpg").write_bytes(b"\xff\xd8nothing")
    return folder.parent


def facts_of(settings: Settings, files: list[str], progress=None) -> pd.DataFrame:
    return read_facts(files, settings.raw_root, settings.cache / "image_facts.parquet", 1, progress)


def test_facts_read_on_the_cluster_are_those_read_here(cluster, raw):
    files = sorted(str(file.relative_to(raw)) for file in raw.rglob("*.jpg"))
    there, here = (data_settings(raw, where, cluster) for where in ("ray", "local"))
    with dg.DagsterInstance.ephemeral() as instance:
        _, logged = run_step(lambda c: Extractor(there, c).read_facts(files), instance, "full")
        assert any("image facts of 3 files" in record.user_message for record in logged)
        read_here = []
        found = facts_of(there, files, lambda done, of: read_here.append(done))
        assert read_here == []  # all of it was in the cache
        pd.testing.assert_frame_equal(found, facts_of(here, files))

        ended, logged = run_step(lambda c: Extractor(there, c).read_facts(files), instance, "full")
        assert ended.success
        assert not logged  # nothing to do: no job


def test_features_computed_on_the_cluster_are_those_computed_here(cluster, raw):
    if not data_settings(raw, "ray", cluster).fastdup_python.exists():
        pytest.skip("fastdup's environment is not made")
    files = sorted(str(file.relative_to(raw)) for file in raw.rglob("*사진.jpg"))
    images = pd.DataFrame({"file": files, "content_hash": ["a" * 32, "b" * 32]})
    samples = replace(Samples.empty(), images=images)
    found = {}

    def compute(where):
        def body(context):
            found[where] = Extractor(data_settings(raw, where, cluster), context)(samples)

        return body

    with dg.DagsterInstance.ephemeral() as instance:
        for where in ("ray", "local"):
            ended, logged = run_step(compute(where), instance, "full")
            assert ended.success
            on_ray = [r for r in logged if "Starting Ray job features-" in r.user_message]
            assert bool(on_ray) == (where == "ray")
    np.testing.assert_array_equal(found["ray"], found["local"])
