"""Features are kept part by part: a killed run goes on behind its last part. With a stand-in."""

import json
import sys
from pathlib import Path

import dagster as dg
import numpy as np
import pytest
from external_runs import WORKERS

from hoban_assets.components import extractor
from hoban_assets.samples import Samples
from hoban_assets.settings import Settings

STAND_IN = """
import json, os, pathlib, signal, sys
sys.path.insert(0, {workers!r})
import numpy as np
from dagster_pipes import open_dagster_pipes
home = pathlib.Path({home!r})
with open_dagster_pipes() as pipes:
    images = json.loads(pathlib.Path(pipes.get_extra("input")).read_text())
    with (home / "calls").open("a") as calls:
        calls.write(json.dumps([len(images), pipes.get_extra("done"), pipes.get_extra("total")]))
        calls.write(chr(10))
    if pipes.get_extra("done") and (home / "deadly").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    out = pathlib.Path(pipes.get_extra("out"))
    rows = np.zeros((len(images), 8), np.float32)
    rows[range(len(images)), [int(h) % 8 for h in images]] = 1
    np.save(out, rows)
    out.with_name(out.name + ".txt").write_text(chr(10).join(images))
    out.with_name(out.name + ".json").write_text(json.dumps({{"bad": {{}}}}))
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A stand-in for fastdup that writes down each call, and dies of the second if told to."""
    (tmp_path / "model.ort").write_bytes(b"model")
    script = tmp_path / "stand_in.py"
    script.write_text(STAND_IN.format(workers=str(WORKERS), home=str(tmp_path)))
    python = tmp_path / "python"
    python.write_text(
        "#!/bin/sh\n"
        f'if [ "$1" = -c ]; then echo \'["2.54", "{tmp_path}/model.ort"]\'; exit 0; fi\n'
        f'exec "{sys.executable}" "{script}"\n'
    )
    python.chmod(0o755)
    monkeypatch.setattr(extractor, "PART", 4)
    return Settings.from_env(
        {
            "HOBAN_DATA_ROOT": str(tmp_path / "data"),
            "HOBAN_RAW_ROOT": str(tmp_path / "raw"),
            "HOBAN_FASTDUP_PYTHON": str(python),
            "HOBAN_FEATURE_ENGINE": "fastdup",
        }
    )


def extracted(settings: Settings, n: int) -> np.ndarray | None:
    """Features of `n` images as a step gets them; None where the step failed."""
    ids = [str(i) for i in range(n)]
    pool = Samples.of(
        images={
            "image_id": ids,
            "source": ["cam"] * n,
            "file": [f"{i}.jpg" for i in ids],
            "width": [64] * n,
            "height": [64] * n,
            "content_hash": ids,
        }
    )
    got: list[np.ndarray] = []

    @dg.asset
    def step(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        got.append(np.asarray(extractor.Extractor(settings, context)(pool)))
        return dg.MaterializeResult()

    with dg.DagsterInstance.ephemeral() as instance:
        done = dg.materialize([step], instance=instance, raise_on_error=False)
    return got[0] if done.success else None


def calls(folder: Path) -> list[list[int]]:
    return [json.loads(line) for line in (folder / "calls").read_text().splitlines()]


def test_a_worker_killed_between_parts_leaves_what_was_done(
    tmp_path: Path, settings: Settings
) -> None:
    (tmp_path / "deadly").touch()
    assert extracted(settings, 10) is None
    assert calls(tmp_path) == [[4, 0, 10], [4, 4, 10]]
    (tmp_path / "deadly").unlink()
    features = extracted(settings, 10)
    assert calls(tmp_path)[2:] == [[4, 0, 6], [2, 4, 6]]  # the first four are not computed again
    assert features is not None
    assert features.argmax(axis=1).tolist() == [i % 8 for i in range(10)]
    assert not list((tmp_path / "data" / "cache").glob(".fastdup-*"))


def test_the_worker_tells_minutes_after_a_small_first_piece() -> None:
    sys.path.insert(0, str(WORKERS))
    try:
        import fastdup_features as worker  # type: ignore[import-not-found]
    finally:
        sys.path.remove(str(WORKERS))
    sizes = [len(piece) for piece in worker.pieces([str(i) for i in range(1200)])]
    assert sizes == [64, 500, 500, 136]
    assert worker.progress_text(64, 60_000, 100.0) == (
        "features: 64 of 60,000 images, 100/s, about 10 minutes left"
    )


def test_fastdup_is_looked_for_beside_the_checkout_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hoban_assets import settings as module

    elsewhere, checkout = tmp_path / "somewhere", tmp_path / "code" / "checkout"
    elsewhere.mkdir()
    monkeypatch.setattr(module, "__file__", str(checkout / "hoban_assets" / "settings.py"))
    given = {"DAGSTER_HOME": str(elsewhere)}
    assert Settings.from_env(given).fastdup_python == elsewhere / ".venv-fastdup"
    for place in (checkout.parent, checkout, elsewhere):  # the nearest one counts
        (place / ".venv-fastdup").mkdir(parents=True)
        found = Settings.from_env(given).fastdup_python
        assert found == place / ".venv-fastdup" / "bin" / "python"
