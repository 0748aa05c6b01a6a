"""What exists in the graph. A changed snapshot is a changed contract: docs/design.md knows it."""

import importlib.util
from pathlib import Path

import dagster as dg
import pytest
from road import Road

from hoban_assets import defs as declared

STAGE_CHECKS = [
    "boxes_inside_image",
    "conservation",
    "corrections_applied",
    "files_read",
    "folders_declared",
    "no_unknown_class",
    "rows_readable",
]
DATASET_CHECKS = [
    "boxes_inside_image",
    "conservation",
    "dedupe_certificate",
    "no_benchmark_inside",
    "no_leak_between_splits",
    "no_unknown_class",
    "quotas_reached",
    "sources_survive",
    "val_share",
]
VERSIONS = ("v5", "v6", "v7", "v8", "v9", "v10", "v11")
EARLIER = dict.fromkeys(("v5", "v6", "v7", "v8"), "earlier_versions")
SNAPSHOT = {
    "background": ("stages", STAGE_CHECKS),
    "coco_person": ("stages", STAGE_CHECKS),
    "fallen_pool": ("stages", sorted([*STAGE_CHECKS, "dedupe_certificate"])),
    "fallen_pool_events": ("stages", sorted([*STAGE_CHECKS, "dedupe_certificate"])),
    "coco_person_completed": ("stages", sorted([*STAGE_CHECKS, "labels_completed"])),
    "fallen_pool_events_completed": (
        "stages",
        sorted([*STAGE_CHECKS, "dedupe_certificate", "labels_completed"]),
    ),
    "helmet_60k_completed": ("stages", sorted([*STAGE_CHECKS, "labels_completed"])),
    "helmet_21k": ("stages", STAGE_CHECKS),
    "helmet_30k": ("stages", STAGE_CHECKS),
    "helmet_60k": ("stages", STAGE_CHECKS),
    "wider_person": ("stages", STAGE_CHECKS),
    **{f"dataset_{v}": (EARLIER.get(v, "datasets"), DATASET_CHECKS) for v in VERSIONS},
    **{f"model_{v}": (EARLIER.get(v, "models"), ["map50", "no_regression"]) for v in VERSIONS},
    **{
        f"{report}_{v}": (EARLIER.get(v, "reports"), [])
        for v in VERSIONS
        for report in ("gallery", "results")
    },
    **dict.fromkeys(
        ("data_quality", "dataset_status", "journal", "model_comparison"), ("reports", [])
    ),
}
WARN_ONLY = {
    "sources_survive",
    "val_share",
    "quotas_reached",
    "corrections_applied",
    "files_read",
    "folders_declared",
    "labels_completed",
    "map50",
    "no_regression",
}


@pytest.fixture(scope="module")
def definitions(tmp_path_factory) -> dg.Definitions:
    road = Road(tmp_path_factory.mktemp("raw"), tmp_path_factory.mktemp("data"))
    with road.environment():
        from hoban_assets.definitions import defs

        return defs()


@pytest.fixture(scope="module")
def graph(definitions):
    return definitions.resolve_asset_graph()


def test_the_graph_holds_exactly_these_assets_groups_and_checks(graph):
    found = {
        key.path[-1]: (
            graph.get(key).group_name,
            sorted(check.name for check in graph.get_check_keys_for_assets({key})),
        )
        for key in graph.materializable_asset_keys
    }
    assert found == SNAPSHOT


def test_the_raw_folders_are_observed_as_sources(graph):
    sources = graph.observable_asset_keys
    assert {key.path[0] for key in sources} == {"raw", "corrections"}
    assert len(sources) == 16
    assert {graph.get(key).group_name for key in sources} == {"sources"}
    assert all(graph.get(key).owners and graph.get(key).description for key in sources)


def test_every_asset_has_partitions_owner_kinds_description_and_code_version(graph):
    for key in graph.materializable_asset_keys:
        node = graph.get(key)
        assert node.partitions_def.get_partition_keys() == ["sub", "full"]
        assert node.owners
        assert node.kinds
        assert len(node.description) > 30
        assert node.code_version


def test_every_check_is_judged_by_partition_and_blocks_unless_it_warns(graph):
    for key in graph.asset_check_keys:
        spec = graph.get_check_spec(key)
        assert spec.partitions_def is not None
        assert spec.blocking == (spec.name not in WARN_ONLY)


def test_a_report_that_can_always_be_written_warns_of_nothing(graph):
    always = ("data_quality", "dataset_status", "journal", "model_comparison")
    assert {len(graph.get(dg.AssetKey(name)).parent_keys) for name in always} == {0}
    assert graph.get(dg.AssetKey("journal")).metadata["tells of"]


def test_the_model_holds_a_slot_of_the_gpu_pool(definitions):
    (model,) = [
        a
        for a in definitions.assets
        if isinstance(a, dg.AssetsDefinition) and a.key == dg.AssetKey("model_v9")
    ]
    assert model.op.pool == "gpu"


def test_the_dataset_depends_on_its_stages_and_the_stages_on_their_sources(graph):
    parents = {k.path[-1] for k in graph.get(dg.AssetKey("dataset_v9")).parent_keys}
    assert parents == {"helmet_60k", "coco_person", "fallen_pool", "background"}
    assert len(graph.get(dg.AssetKey("fallen_pool")).parent_keys) == 9  # with the corrections


def test_observing_a_source_gives_the_fingerprint_of_its_folder(sample, tmp_path):
    from hoban_assets.observing.fingerprint import fingerprint

    with Road(sample, tmp_path / "data").environment():
        from hoban_assets.definitions import defs

        key = dg.AssetKey(["raw", "coco"])
        job = defs().resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(asset_selection=[key])
    (event,) = [e for e in result.all_events if e.event_type_value == "ASSET_OBSERVATION"]
    observation = event.event_specific_data.asset_observation
    assert observation.tags["dagster/data_version"] == fingerprint(sample / "coco").version


def test_what_the_fork_server_loads_exists_and_no_part_of_the_definitions_is_left_out():
    """A missing name would only make every step slower, so nothing else would tell."""
    from hoban_assets.preload import DEFINITIONS, OF_DAGSTER

    assert all(importlib.util.find_spec(name) for name in (*DEFINITIONS, *OF_DAGSTER))
    (folder,) = declared.__path__
    parts = {file.stem for file in Path(folder).glob("*.py")} - {"__init__"}
    assert {name.rpartition(".")[2] for name in DEFINITIONS} == parts


def test_definitions_are_read_again_only_where_what_they_are_read_from_changed(tmp_path):
    from hoban_assets.definitions import defs

    road = Road(tmp_path / "raw", tmp_path / "data")
    with road.environment():
        without = defs()
        assert defs() is without
        (road.raw / "coco").mkdir(parents=True)
        assert defs() is not without
