"""20,000 features compared on a cluster of two nodes, one of which dies: `make test-ray`."""

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import numpy as np
import psutil
import pytest
from training.ray_tools import BIN, free_port, ray_cluster, run_step, wait_until

from hoban_assets.components import extractor
from hoban_assets.curation.block_pairs import search, tasks
from hoban_assets.curation.graphs import keep_best
from hoban_assets.curation.similarity import PairList, similarity_graph
from hoban_assets.settings import Settings

pytestmark = pytest.mark.skipif(
    os.environ.get("HOBAN_HEAVY") != "ray", reason="takes a minute or more: make test-ray"
)
FEATURES, DIMENSIONS, ROWS, THRESHOLD = 20_000, 576, 1_024, 0.9


@contextmanager
def one_more_node(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A second node of the cluster whose head listens at `port`, with one processor."""
    node = subprocess.Popen(
        [
            *(str(BIN / "ray"), "start", "--address", f"127.0.0.2:{port}", "--block"),
            *("--num-cpus", "1", "--node-ip-address", "127.0.0.3"),
            *("--object-store-memory", "100000000", "--disable-usage-stats"),
            *("--dashboard-agent-listen-port", str(free_port())),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield node
    finally:
        kill_all(node)


def kill_all(node: subprocess.Popen[bytes]) -> None:
    """As when its power fails."""
    if node.poll() is None:
        family = psutil.Process(node.pid).children(recursive=True)
        for process in (psutil.Process(node.pid), *family):
            if process.is_running():
                process.send_signal(signal.SIGKILL)
        node.wait()


def clusters() -> np.ndarray:
    draw = np.random.default_rng(0)
    centres = draw.standard_normal((FEATURES // 4, DIMENSIONS), np.float32)
    rows = centres[draw.integers(len(centres), size=FEATURES)]
    rows += np.float32(0.3) * draw.standard_normal(rows.shape, np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_a_search_outlives_a_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extractor, "ALONE", 0)
    monkeypatch.setattr(extractor, "ROWS", ROWS)
    features, port = clusters(), free_port()
    wanted = search(features, THRESHOLD, 10**9)
    assert wanted is not None and len(wanted.i) > FEATURES // 4
    found, alive = [], []

    with ray_cluster(port, cpus=1) as address, one_more_node(port) as node:
        from ray.util.state import list_nodes

        wait_until(lambda: len(list_nodes(address)) == 2, "the second node's start")
        settings = Settings.from_env(
            {
                "HOBAN_DATA_ROOT": str(tmp_path),
                "HOBAN_DATA_STEPS_FULL": "ray",
                "HOBAN_FEATURE_ENGINE": "thumbnail",
                "RAY_ADDRESS": address,
            }
        )

        def answered() -> int:
            return len(list((tmp_path / "cache" / "pair_search").glob("*/*.npz")))

        def dies_after_a_few() -> None:
            wait_until(lambda: answered() >= 20, "the first answers")
            alive.append(answered())
            kill_all(node)

        def body(context: dg.AssetExecutionContext) -> None:
            killer.start()
            executor = extractor.Extractor(settings, context).pairs
            found.append(similarity_graph(features, THRESHOLD, executor=executor))

        killer = threading.Thread(target=dies_after_a_few)
        with dg.DagsterInstance.ephemeral() as instance:
            ended, logged = run_step(body, instance, "full")
        killer.join()
    assert ended.success, [record.user_message for record in logged][-5:]
    assert 20 <= alive[0] < len(tasks(FEATURES, ROWS)) == 210  # it died in the middle
    [graph] = found
    assert isinstance(graph, PairList)
    np.testing.assert_array_equal(graph.pairs.i, wanted.i)
    np.testing.assert_array_equal(graph.pairs.j, wanted.j)
    order = np.random.default_rng(1).permutation(FEATURES)
    alone = PairList(FEATURES, wanted, THRESHOLD, features)
    for there, here in zip(
        keep_best(graph, order, THRESHOLD), keep_best(alone, order, THRESHOLD), strict=True
    ):
        np.testing.assert_array_equal(there, here)
    assert not list((tmp_path / "cache" / "pair_search").iterdir())  # nothing is left
