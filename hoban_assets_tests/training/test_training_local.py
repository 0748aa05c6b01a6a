"""A training as a Dagster step."""

import dagster as dg
import pytest
from training_tools import plan_for, publish_squares

from hoban_assets.errors import HobanError
from hoban_assets.settings import Settings
from hoban_assets.training.run import read_result
from hoban_assets.training.trainer import LocalTrainer


def materialise(plan):
    results = []

    @dg.asset
    def model(context: dg.AssetExecutionContext):
        results.append(LocalTrainer(Settings.from_env()).train(context, plan))
        return dg.MaterializeResult()

    with dg.DagsterInstance.ephemeral() as instance:
        ended = dg.materialize([model], instance=instance, raise_on_error=False)
        logged = [record.user_message for record in instance.all_logs(ended.run_id)]
    return results, ended, logged


def test_a_step_returns_the_run_and_logs_the_worker_s_words(trained):
    (result,), ended, logged = materialise(trained.plan)
    assert ended.success
    assert result.best == trained.plan.run_dir / "best.pt"
    assert result.best.is_file()
    assert (result.epochs, result.best_epoch in (1, 2)) == (2, True)
    assert {"confusion_matrix.png", "results.png"} <= {file.name for file in result.pictures}
    assert all(file.is_file() for file in result.pictures)
    assert not result.metrics.empty
    assert result.command.startswith("yolo detect train")
    assert any("nothing to train" in line for line in logged)


def test_a_failed_step_shows_the_worker_s_reason_and_way_out(tmp_path):
    dataset = publish_squares(tmp_path / "dataset_v9")
    plan = plan_for(tmp_path, dataset)
    (dataset / "manifest.parquet").write_bytes(b"PAR1")
    _, ended, _ = materialise(plan)
    assert not ended.success
    (failed,) = ended.get_step_failure_events()
    cause = failed.step_failure_data.error.cause
    assert cause.cls_name == "HobanError"
    assert "manifest.parquet cannot be read" in cause.message
    assert "materialise the dataset again" in cause.message


def test_an_unfinished_run_has_no_result(tmp_path, squares):
    with pytest.raises(HobanError, match="is not finished"):
        read_result(plan_for(tmp_path, squares))
