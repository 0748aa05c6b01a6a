"""Lines inside an epoch: how many batches are done, how fast, and how long it will take."""

import pickle
from types import SimpleNamespace

import pytest
from training_tools import WORKERS


class Training:
    """A trainer of Ultralytics with 600 batches of 16, whose clock the test moves."""

    def __init__(self, progress_class, every_seconds=30.0):
        self.now = 0.0
        self.progress = progress_class(every_seconds, clock=lambda: self.now)
        self.trainer = SimpleNamespace(
            epoch=2,
            epochs=30,
            batch_size=16,
            train_loader=range(600),
            tloss={"box_loss": 1.234, "cls_loss": 0.5},
        )
        self.validator = SimpleNamespace(dataloader=_Loader(50, 32))

    def train(self, batches, seconds_a_batch):
        self.progress.begin(self.trainer)
        for _ in range(batches):
            self.now += seconds_a_batch
            self.progress.trained(self.trainer)

    def validate(self, batches, seconds_a_batch):
        self.progress.begin(self.validator)
        for _ in range(batches):
            self.now += seconds_a_batch
            self.progress.validated(self.validator)


class _Loader:
    def __init__(self, batches, batch_size):
        self.batches, self.batch_size = batches, batch_size

    def __len__(self):
        return self.batches


@pytest.fixture
def progress_class(monkeypatch):
    monkeypatch.syspath_prepend(str(WORKERS))
    from yolo_progress import BatchProgress

    return BatchProgress


@pytest.fixture
def training(progress_class):
    return Training(progress_class)


def test_a_long_epoch_says_where_it_is_every_half_minute(training, capsys):
    training.train(batches=600, seconds_a_batch=6)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 119  # one each 5 batches; the last one is the epoch's own
    assert lines[0] == "epoch 3/30: batch 5 of 600, 2.7 images/s, 59.5 min left  box 1.23 cls 0.5"
    assert lines[-1].startswith("epoch 3/30: batch 595 of 600, 2.7 images/s, 30 s left")


def test_a_quick_epoch_says_nothing(training, capsys):
    training.train(batches=600, seconds_a_batch=0.04)
    assert capsys.readouterr().out == ""


def test_validation_is_counted_apart(training, capsys):
    training.train(batches=10, seconds_a_batch=1)
    training.validate(batches=50, seconds_a_batch=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "validation: batch 15 of 50, 16.0 images/s, 70 s left"
    assert len(lines) == 3


def test_each_epoch_is_counted_from_its_own_begin(training, capsys):
    training.train(batches=600, seconds_a_batch=0.04)
    training.trainer.epoch = 3
    training.train(batches=40, seconds_a_batch=1)
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("epoch 4/30: batch 30 of 600, 16.0 images/s, 9.5 min left")


@pytest.mark.parametrize(("rank", "lines"), [("0", 1), ("1", 0)])
def test_with_several_gpus_the_first_rank_alone_speaks(training, capsys, monkeypatch, rank, lines):
    monkeypatch.setenv("RANK", rank)
    training.train(batches=40, seconds_a_batch=1)
    assert len(capsys.readouterr().out.splitlines()) == lines


def test_the_rate_of_a_validation_is_of_all_gpus_together(training, capsys, monkeypatch):
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    training.validate(batches=20, seconds_a_batch=2)
    assert "32.0 images/s" in capsys.readouterr().out


def test_callbacks_reach_the_ranks_of_several_gpus(progress_class):
    there = pickle.loads(pickle.dumps(progress_class().callbacks()))
    assert there.keys() == progress_class().callbacks().keys()
    assert there["on_train_batch_end"].__self__ is there["on_train_epoch_start"].__self__


def test_every_event_is_one_of_ultralytics(progress_class, ultralytics):
    from ultralytics.utils.callbacks.base import default_callbacks

    assert progress_class().callbacks().keys() <= default_callbacks.keys()
