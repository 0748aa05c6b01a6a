"""A rebuild in the foreground, as `hoban rebuild` does it."""

from typing import Any

import dagster as dg
import pytest
from toys import Toys

from hoban_assets.components.rebuild.by_hand import ByHand
from hoban_assets.declared.stages import STAGES
from hoban_assets.errors import HobanError

AT_WORK: list[Toys] = []


def layer_job() -> Any:
    """The job of a layer over the toys, which run in this process."""
    return AT_WORK[-1].definitions.resolve_job_def("rebuild_layer")


@pytest.fixture
def work(toys: Toys) -> ByHand:
    AT_WORK.append(toys)
    job = dg.build_reconstructable_job(__name__, "layer_job")
    graph = toys.repository.asset_graph
    return ByHand(toys.world.settings, toys.instance, "sub", job, graph)


def whole(toys: Toys, work: ByHand) -> list[dict[str, str]]:
    """Build until nothing is left: what came of each asset, layer by layer."""
    layers = []
    with toys.environment():
        work.look(STAGES, lambda line: None)
        while steps := work.next_layer():
            done = work.build(len(layers) + 1, steps)
            layers.append({d.step.asset: d.failure or ("same" if d.same else "new") for d in done})
            assert len(layers) < 9
    return layers


def test_it_builds_layer_after_layer_and_stops_where_the_rows_are_the_same(toys, work):
    toys.change("coco")
    toys.change("WiderPerson")
    toys.rows["coco_person"] = 2
    assert whole(toys, work) == [
        {"coco_person": "new", "wider_person": "same"},
        {"dataset_v9": "new"},
        {"model_v9": "new"},
    ]


def test_what_fails_is_told_once_and_what_waits_for_it_is_left(toys, work):
    toys.change("coco")
    toys.broken["coco_person"] = "disk full: make room"
    (layer,) = whole(toys, work)
    assert layer["coco_person"].startswith("disk full: make room (run ")
    with toys.environment():
        assert [step.asset for step in work.left().plan.ready] == ["coco_person"]


def test_it_is_refused_while_another_rebuild_of_the_partition_goes_on(toys, work):
    toys.change("coco")
    toys.look()
    with pytest.raises(HobanError, match="a rebuild of sub goes on already"):
        work.refuse_a_second()


def test_what_is_left_is_told_in_the_order_in_which_it_is_rebuilt(toys, work):
    toys.build("gallery_v9")
    toys.change("coco")
    with toys.environment():
        work.look(STAGES, lambda line: None)
        left = work.left()
        assert [step.asset for step in left.plan.ready] == ["coco_person"]
        assert [(order, name) for order, name, _ in work.order(left)] == [
            (2, "dataset_v9"),
            (3, "model_v9"),
            (4, "gallery_v9"),
        ]
