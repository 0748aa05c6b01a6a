"""What exists in the graph: graph_snapshot.yaml is reviewed, and made anew by graph_snapshot.py."""

import importlib.util
import re
from pathlib import Path

import dagster as dg
import pytest
import yaml
from graph_snapshot import FILE, described
from road import Road

from hoban_assets import defs as declared
from hoban_assets.reporting.metadata import in_english


@pytest.fixture(scope="module")
def definitions(tmp_path_factory) -> dg.Definitions:
    road = Road(tmp_path_factory.mktemp("raw"), tmp_path_factory.mktemp("data"))
    with road.environment():
        from hoban_assets.definitions import defs

        return defs()


@pytest.fixture(scope="module")
def graph(definitions):
    return definitions.resolve_asset_graph()


def test_the_graph_is_the_reviewed_one(definitions):
    found = yaml.safe_load(yaml.safe_dump(described(definitions)))
    assert found == yaml.safe_load(FILE.read_text(encoding="utf-8"))


def test_the_raw_folders_are_observed_as_sources(graph):
    sources = graph.observable_asset_keys
    assert len(sources) == 16
    assert {graph.get(key).group_name for key in sources} == {"sources"}
    assert all(graph.get(key).owners and graph.get(key).description for key in sources)


def test_what_an_asset_says_of_itself_reads_well_in_the_catalog_which_shows_it_raw(graph):
    raw = {key.to_user_string(): graph.get(key).description for key in graph.get_all_asset_keys()}
    assert raw
    assert {name: text for name, text in raw.items() if re.search(r"[`*|#]", text)} == {}


def test_every_asset_has_partitions_owner_kinds_description_and_code_version(graph):
    for key in graph.materializable_asset_keys:
        node = graph.get(key)
        assert node.partitions_def.get_partition_keys() == ["sub", "full"]
        assert node.owners
        assert node.kinds
        assert len(node.description) > 30
        assert node.code_version


def test_every_check_is_judged_by_partition(graph):
    specs = [graph.get_check_spec(key) for key in graph.asset_check_keys]
    assert all(spec.partitions_def is not None for spec in specs)


def test_a_report_that_can_always_be_written_warns_of_nothing(graph):
    always = ("data_quality", "dataset_status", "journal", "model_comparison")
    assert {len(graph.get(dg.AssetKey(name)).parent_keys) for name in always} == {0}
    assert in_english(graph.get(dg.AssetKey("journal")).metadata)["tells of"]


def test_the_model_holds_a_slot_of_the_gpu_pool(definitions):
    (model,) = [
        a
        for a in definitions.assets
        if isinstance(a, dg.AssetsDefinition) and a.key == dg.AssetKey("model_v9")
    ]
    assert model.op.pool == "gpu"


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
