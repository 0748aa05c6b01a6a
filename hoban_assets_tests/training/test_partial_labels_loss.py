"""The class loss counts a 'no' only where a class is labelled; all else is the stock loss."""

from types import SimpleNamespace

import numpy as np
import pytest
from training_tools import WORKERS

SIZE, CLASSES, STRIDES = 64, 4, (8, 16, 32)
ANCHORS = 64 + 16 + 4
NOTHING = np.zeros((CLASSES, CLASSES), bool)
"""No label rules anything out."""
HEADS = ("one2many", "one2one")


@pytest.fixture(scope="module")
def masked(ultralytics):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(WORKERS))
        import yolo_masked
        import yolo_support
        import yolo_tiles

        yield SimpleNamespace(worker=yolo_masked, tiles=yolo_tiles, Failure=yolo_support.Failure)


@pytest.fixture(scope="module")
def model(masked):
    import torch
    from ultralytics.cfg import get_cfg
    from ultralytics.nn.tasks import DetectionModel

    torch.manual_seed(0)
    made = DetectionModel("yolo26n.yaml", nc=CLASSES, verbose=False)
    made.args = get_cfg()
    return made


@pytest.fixture
def predictions(model):
    """Leaves to be differentiated by: scores and boxes of each head, random but always the same."""
    import torch

    generator = torch.Generator().manual_seed(3)
    feats = [torch.zeros(2, 1, SIZE // s, SIZE // s) for s in STRIDES]
    width = 4 * model.model[-1].reg_max

    def leaf(channels):
        return torch.randn(2, channels, ANCHORS, generator=generator).requires_grad_()

    return {head: {"scores": leaf(CLASSES), "boxes": leaf(width), "feats": feats} for head in HEADS}


@pytest.fixture
def batch():
    """Two images: three labels on the first one, none on the second."""
    import torch

    return {
        "img": torch.zeros(2, 3, SIZE, SIZE),
        "batch_idx": torch.zeros(3),
        "cls": torch.tensor([[0.0], [2.0], [1.0]]),
        "bboxes": torch.tensor([[0.3, 0.3, 0.4, 0.4], [0.7, 0.6, 0.3, 0.5], [0.5, 0.2, 0.3, 0.2]]),
    }


@pytest.fixture
def bits():
    """Every anchor has bits of its own; two of the labelled classes are unlabelled all over."""
    import torch

    drawn = np.random.default_rng(1).integers(0, 16, (2, ANCHORS), np.uint8)
    drawn[0] |= 0b0101
    return torch.from_numpy(drawn)


def gradients(criterion, predictions, batch):
    """{head: (of scores, of boxes)}, each (images, anchors, channels), and the loss items."""
    for head in predictions.values():
        head["scores"].grad = head["boxes"].grad = None
    loss, items = criterion(predictions, batch)
    loss.sum().backward()
    return {
        name: (head["scores"].grad.permute(0, 2, 1), head["boxes"].grad)
        for name, head in predictions.items()
    }, items


def targets(model, predictions, batch, head):
    """Positive (image, anchor, class) of a head, as the stock loss assigns them."""
    criterion = model.init_criterion()
    noted = []
    part = getattr(criterion, head)
    stock = part.bce
    part.bce = lambda scores, wanted: noted.append(wanted > 0) or stock(scores, wanted)
    criterion(predictions, batch)
    return noted[0]


@pytest.mark.parametrize("head", HEADS)
def test_gradients_are_zero_where_masked_and_bit_equal_elsewhere(
    masked, model, predictions, batch, bits, head
):
    import torch

    stock, _ = gradients(model.init_criterion(), predictions, batch)
    loss = masked.worker.MaskedLoss(model.init_criterion(), STRIDES, NOTHING)
    ours, _ = gradients(loss, predictions, {**batch, masked.worker.UNLABELLED: bits})
    unlabelled = torch.stack([bits >> c & 1 for c in range(CLASSES)], 2).bool()
    positive = targets(model, predictions, batch, head)
    assert (unlabelled & positive).any()
    silent = unlabelled & ~positive
    assert (ours[head][0][silent] == 0).all()
    assert (stock[head][0][silent] != 0).all()
    assert torch.equal(ours[head][0][~silent], stock[head][0][~silent])
    assert torch.equal(ours[head][1], stock[head][1])


@pytest.mark.parametrize("head", HEADS)
def test_where_a_label_rules_a_class_out_its_no_counts_although_nobody_labels_it(
    masked, model, predictions, batch, bits, head
):
    import torch

    nothing = {**batch, masked.worker.UNLABELLED: bits | 0b1111}
    positive = targets(model, predictions, batch, head)
    labelled = int(positive.any(0).any(0).nonzero()[0])
    other = (labelled + 1) % CLASSES
    stock, _ = gradients(model.init_criterion(), predictions, batch)
    excludes = NOTHING.copy()
    excludes[labelled, other] = True
    loss = masked.worker.MaskedLoss(model.init_criterion(), STRIDES, excludes)
    ours, _ = gradients(loss, predictions, nothing)
    counted = positive.clone()
    counted[..., other] |= positive[..., labelled]
    assert counted.sum() > positive.sum()
    assert torch.equal(ours[head][0][counted], stock[head][0][counted])
    assert (ours[head][0][~counted] == 0).all()


def test_what_is_ruled_out_is_named_in_the_plan(masked):
    from yolo_image_facts import excluding

    names = {0: "with", 1: "person", 2: "fallen"}
    plan = {"ruled_out": {"fallen": ["person"], "with": ["without"]}}
    assert np.argwhere(excluding(plan, names)).tolist() == [[2, 1]]
    assert not excluding({}, names).any()


def test_where_everything_is_labelled_it_is_the_stock_loss(masked, model, predictions, batch, bits):
    import torch

    stock = model.init_criterion()(predictions, batch)
    loss = masked.worker.MaskedLoss(model.init_criterion(), STRIDES, NOTHING)
    ours = loss(predictions, {**batch, masked.worker.UNLABELLED: bits * 0})
    assert torch.equal(ours[0], stock[0])
    assert ours[1] == stock[1]


def test_more_than_eight_classes_fit_into_wider_numbers(masked):
    photographs = masked.tiles.Photographs(
        {"a.jpg": SimpleNamespace(labelled=np.arange(20) < 2, regions=np.zeros((0, 5)))}, 20
    )
    bits = masked.tiles.at_anchors(photographs.canvas("a.jpg", 64, 64), 64, 64, STRIDES)
    assert set(bits.tolist()) == {2**20 - 4}


def test_a_batch_of_another_size_is_asked_at_the_places_that_its_anchors_came_from(
    masked, model, batch, bits
):
    import torch

    half = masked.tiles.Pasted(
        [
            ((0, 0, 32, 64), (0, 0), masked.tiles.Photograph(np.uint8(1), (), 64, 64)),
            ((32, 0, 64, 64), (0, 0), masked.tiles.Photograph(np.uint8(2), (), 64, 64)),
        ]
    )
    loss = masked.worker.MaskedLoss(model.init_criterion(), STRIDES, NOTHING)
    resized = {"img": torch.zeros(1, 3, 96, 128), masked.worker.UNLABELLED: [(half, (64, 64))]}
    found = loss._bits(resized)[0, : 12 * 16].reshape(12, 16)
    assert (found[:, :8] == 1).all()
    assert (found[:, 8:] == 2).all()


def test_the_weights_of_the_heads_go_on_changing(masked, model):
    loss = masked.worker.MaskedLoss(model.init_criterion(), STRIDES, NOTHING)
    before = loss.o2m
    loss.update()
    assert loss.updates == 1
    assert loss.criterion.o2m == loss.o2m <= before


def test_nothing_of_it_is_kept_in_the_memory_of_a_gpu(masked, model, predictions, batch, bits):
    loss = masked.worker.MaskedLoss(model.init_criterion(), STRIDES, NOTHING)
    loss(predictions, {**batch, masked.worker.UNLABELLED: bits})
    assert not any(vars(counted).get("negatives") is not None for counted in loss.counted)


class TestAnUltralyticsWithoutThePlaceForIt:
    def test_its_loss_has_no_bce_any_more(self, masked, model):
        criterion = model.init_criterion()
        del criterion.one2one.bce
        with pytest.raises(masked.Failure, match="v8DetectionLoss has no `bce`"):
            masked.worker.MaskedLoss(criterion, STRIDES, NOTHING)

    def test_its_bce_sums_up(self, masked, model):
        import torch

        criterion = model.init_criterion()
        criterion.one2many.bce = torch.nn.BCEWithLogitsLoss()
        with pytest.raises(masked.Failure, match="of single losses"):
            masked.worker.MaskedLoss(criterion, STRIDES, NOTHING)

    def test_its_class_loss_is_made_elsewhere(self, masked, model, monkeypatch):
        loss = masked.worker.MaskedLoss(model.init_criterion(), STRIDES, NOTHING)
        monkeypatch.setattr(model, "criterion", loss, raising=False)
        masked.worker.probe(model)
        for counted in loss.counted:
            monkeypatch.setattr(type(counted), "__call__", lambda self, s, t: self.bce(s, t))
        with pytest.raises(masked.Failure, match="does not come from `bce`"):
            masked.worker.probe(model)

    def test_its_message_names_the_release_and_the_way_out(self, masked, model):
        import ultralytics

        criterion = model.init_criterion()
        del criterion.one2many.bce
        with pytest.raises(masked.Failure) as failure:
            masked.worker.MaskedLoss(criterion, STRIDES, NOTHING)
        assert ultralytics.__version__ in failure.value.problem
        assert "partial_labels: naive" in failure.value.way_out
