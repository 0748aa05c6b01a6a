"""Label-aware evaluation, shown on detections written down by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
from training_tools import WORKERS

NAMES = {0: "helmet", 1: "bare", 2: "person"}
HEAD, BODY, FAR = (0.3, 0.3, 0.2, 0.2), (0.6, 0.6, 0.4, 0.4), (0.15, 0.8, 0.1, 0.1)


@pytest.fixture
def evaluate(monkeypatch, ultralytics):
    monkeypatch.syspath_prepend(str(WORKERS))
    import yolo_evaluate

    return yolo_evaluate


class Images:
    """Images of 100x100 pixels with their boxes and what was detected on them."""

    def __init__(self, evaluate, manifest, folder, ruled_out=()):
        self.evaluate = evaluate
        import yolo_image_facts

        facts = yolo_image_facts.image_facts(manifest, NAMES)
        excludes = yolo_image_facts.excluding({"ruled_out": dict(ruled_out)}, NAMES)
        self.validator = evaluate.LabelAwareValidator(
            facts, {"task": "detect", "mode": "val", "plots": False}, folder, excludes
        )
        self.validator.device = "cpu"
        self.validator.data = {"val": ""}
        self.validator.args.split = "val"
        self.validator.training = False
        self.validator.dataloader = SimpleNamespace(dataset=SimpleNamespace())
        self.validator.init_metrics(SimpleNamespace(names=NAMES))

    def see(self, name, labels, detections):
        """Labels and detections as (class, (x, y, w, h), confidence)."""
        import torch

        def tensor(values, width):
            return torch.tensor(values, dtype=torch.float32).reshape(-1, width)

        centre = tensor([box for _, box, _ in detections], 4) * 100
        corners = torch.cat(
            [centre[:, :2] - centre[:, 2:] / 2, centre[:, :2] + centre[:, 2:] / 2], 1
        )
        pred = {
            "bboxes": corners,
            "cls": tensor([c for c, _, _ in detections], 1).squeeze(1),
            "conf": tensor([conf for _, _, conf in detections], 1).squeeze(1),
        }
        batch = {
            "img": torch.zeros(1, 3, 100, 100),
            "batch_idx": torch.zeros(len(labels)),
            "cls": tensor([c for c, _ in labels], 1),
            "bboxes": tensor([box for _, box in labels], 4),
            "ori_shape": [(100, 100)],
            "ratio_pad": [((1.0, 1.0), (0.0, 0.0))],
            "im_file": [f"/data/images/val/{name}"],
        }
        self.validator.update_metrics([pred], batch)

    def values(self, metric="mAP50"):
        """(split, source, class) -> value."""
        self.validator.get_stats()
        return {
            (row["split"], row["source"], row["class_name"]): row["value"]
            for row in self.validator.rows(epoch=1)
            if row["metric"] == metric
        }


def image(name, source, labelled, regions=()):
    return {
        "name": name,
        "source": source,
        "labelled_classes": list(labelled),
        "ignore_regions": [dict(zip(("class_id", *"xywh"), r, strict=True)) for r in regions],
    }


@pytest.fixture
def two_sources(evaluate, tmp_path):
    """Heads are labelled on a.jpg, bodies on b.jpg; the detector finds all of both on each."""
    images = Images(
        evaluate,
        [image("a.jpg", "heads", ["helmet", "bare"]), image("b.jpg", "bodies", ["person"])],
        tmp_path,
    )
    # On the image that does not label it a detection is surer: the stock count punishes that.
    images.see("a.jpg", [(0, HEAD)], [(0, HEAD, 0.6), (2, BODY, 0.9)])
    images.see("b.jpg", [(2, BODY)], [(2, BODY, 0.6), (0, HEAD, 0.9)])
    return images


def test_stock_counts_unlabelled_objects_as_mistakes_and_label_aware_does_not(two_sources):
    found = two_sources.values()
    for name in ("helmet", "person"):
        assert found["val", "all", name] == pytest.approx(0.5, abs=0.01)
        assert found["val_labelled", "all", name] == pytest.approx(1.0)


def test_there_are_rows_of_each_source_and_none_of_absent_classes(two_sources):
    found = two_sources.values()
    by_source = {key[1:] for key in found if key[0] == "val_labelled" and key[1] != "all"}
    assert by_source == {
        *[("heads", "all"), ("heads", "helmet")],
        *[("bodies", "all"), ("bodies", "person")],
    }
    assert ("val_labelled", "all", "bare") not in found


def test_images_are_those_that_a_class_was_judged_on(two_sources):
    found = two_sources.values("images")
    assert found["val", "all", "helmet"] == 2
    assert found["val_labelled", "all", "helmet"] == 1


def test_the_confusion_matrix_leaves_out_what_no_one_labelled(two_sources):
    two_sources.values()
    matrix = two_sources.validator.fair_confusion.matrix
    assert np.diag(matrix).tolist() == [1, 0, 1, 0]
    assert matrix.sum() == 2


def test_a_wrong_detection_of_a_labelled_class_stays_wrong(evaluate, tmp_path):
    images = Images(evaluate, [image("a.jpg", "heads", ["helmet"])], tmp_path)
    images.see("a.jpg", [(0, HEAD)], [(0, HEAD, 0.6), (0, FAR, 0.9)])
    assert images.values()["val_labelled", "all", "helmet"] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("place", "expected"), [(HEAD, 1.0), (BODY, 0.5), (FAR, 0.5)])
def test_what_a_label_rules_out_is_wrong_on_images_that_do_not_label_it(
    evaluate, tmp_path, place, expected
):
    """b.jpg labels bare heads alone: a surer helmet in the place of one is a false alarm."""
    manifest = [image("a.jpg", "heads", ["helmet"]), image("b.jpg", "bare ones", ["bare"])]
    images = Images(evaluate, manifest, tmp_path, [("bare", ["helmet"])])
    images.see("a.jpg", [(0, HEAD)], [(0, HEAD, 0.6)])
    images.see("b.jpg", [(1, BODY), (1, FAR)], [(0, place, 0.9)])
    assert images.values()["val_labelled", "all", "helmet"] == pytest.approx(expected, abs=0.01)
    taken = images.validator.fair_confusion.matrix[0, 1]  # a bare head that was called a helmet
    assert taken == (place != HEAD)


@pytest.mark.parametrize(("region_class", "expected"), [(0, 1.0), (1, 0.5)])
def test_a_detection_on_an_ignore_region_of_its_class_does_not_count(
    evaluate, tmp_path, region_class, expected
):
    manifest = [image("a.jpg", "heads", ["helmet", "bare"], [(region_class, *FAR)])]
    images = Images(evaluate, manifest, tmp_path)
    images.see("a.jpg", [(0, HEAD)], [(0, HEAD, 0.6), (0, FAR, 0.9)])
    assert images.values()["val_labelled", "all", "helmet"] == pytest.approx(expected, abs=0.01)


def test_a_right_detection_counts_although_an_ignore_region_covers_it(evaluate, tmp_path):
    images = Images(evaluate, [image("a.jpg", "heads", ["helmet"], [(0, *HEAD)])], tmp_path)
    images.see("a.jpg", [(0, HEAD)], [(0, HEAD, 0.6)])
    assert images.values()["val_labelled", "all", "helmet"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("region", "forgiven"), [((0.5, 0.5, 1, 1), 10), (HEAD, 6), ((0.9, 0.9, 0.1, 0.1), 0)]
)
def test_what_is_right_at_a_half_is_no_mistake_above_it_where_a_region_covers_it(
    evaluate, tmp_path, region, forgiven
):
    """Two labels; the surer detection has IoU 0.62 with one, the other detection is exact.

    At the first three thresholds both are right. Above, the first is a mistake, so the precision
    is a half up to half the recall; as far as its share in the region reaches (0.765 of it lies
    on HEAD, so up to 0.75), it does not count, and the precision is 1.
    """
    images = Images(evaluate, [image("a.jpg", "heads", ["helmet"], [(0, *region)])], tmp_path)
    beside = (HEAD[0] + HEAD[2] * 0.38 / 1.62, *HEAD[1:])
    images.see("a.jpg", [(0, HEAD), (0, FAR)], [(0, beside, 0.9), (0, FAR, 0.6)])
    expected = [51 / 101 if at < forgiven else 51 / 202 for at in range(10)]
    found = images.values("mAP50-95")["val_labelled", "all", "helmet"]
    assert found == pytest.approx(np.mean([1.0, 1.0, 1.0, *expected[3:]]))


def test_share_inside_is_of_the_detection_not_of_the_region(evaluate):
    small, half, outside = [0, 0, 10, 10], [95, 0, 105, 10], [200, 0, 210, 10]
    share = evaluate.share_inside(np.array([small, half, outside]), np.array([[0, 0, 100, 100]]))
    assert share[:, 0].tolist() == [1.0, 0.5, 0.0]
