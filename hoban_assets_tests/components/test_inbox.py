"""What a server handed in becomes a materialisation like any other, once and as a whole."""

import dagster as dg
import numpy as np
import pytest
from bringing_in import RECIPES, bring_in, made_in
from builders import samples_of
from dagster._core.definitions.data_version import CachingStaleStatusResolver
from handed_in_runs import DATASET, KEY, MODEL, PARTITION, VERSION, HandedIn

from hoban_assets.catalog.answers import asking
from hoban_assets.catalog.store import Build, Catalog
from hoban_assets.classes import CLASS_NAMES
from hoban_assets.components import inbox, inbox_events, model_judging
from hoban_assets.components.common import PARTITIONS_DEF
from hoban_assets.components.model_assets import MODEL_CODE, model_asset, model_metadata
from hoban_assets.evaluation.confidences import stored
from hoban_assets.evaluation.detections import Detections
from hoban_assets.evaluation.judging import Confidences
from hoban_assets.reporting.metadata import in_english
from hoban_assets.reporting.results.asking import model_results
from hoban_assets.upkeep.reasons_to_stay import references
from hoban_assets.upkeep.survey import survey


@pytest.fixture
def home(tmp_path):
    with made_in(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """A home with one import, and what was said of it; only looked at."""
    with made_in(tmp_path_factory.mktemp("imported")) as made:
        yield made, bring_in(made)


def test_the_catalog_knows_it_as_any_trained_model(imported):
    home, found = imported
    assert (found.since, found.run_dir, found.result.epochs) == (None, home.run_dir, 30)
    (line,) = home.models()
    assert line["is_current"]
    assert line["data_version"] == KEY
    assert line["path"] == str(home.run_dir)
    assert line["code_version"].startswith(f"{MODEL_CODE}-")
    with asking(home.settings.catalog_path) as ask:
        (used,) = ask("SELECT input, data_version FROM inputs WHERE asset = ?", [MODEL])
        assert used == {"input": DATASET, "data_version": VERSION}
        results = model_results(ask, MODEL, PARTITION)
    assert results.overall.ap50 == pytest.approx(0.801)
    assert results.dataset_is_current
    assert results.weights == "yolo26m.pt"
    assert results.epochs_planned == 300
    assert {check["name"]: check["passed"] for check in results.checks} == {
        "map50": False,  # 0.801 is below the gate
        "no_regression": True,
    }


def test_it_is_judged_on_the_benchmarks_of_here(home, monkeypatch):
    labels = {f"benchmark_site/{n}.jpg": [("person", 0.1)] for n in range(6)}
    rows = samples_of(labels, content_hash=[f"{n:032x}" for n in range(6)])
    home.catalog.record("benchmark_site", PARTITION, Build("key", samples=rows))
    seen = []

    def look(subject, pictures, settings, classes, progress=None):
        seen.append((subject.file, pictures.title))
        return Detections(pictures.labels, np.full(len(pictures.labels), 0.8)), 640

    monkeypatch.setattr(model_judging, "look", look)
    monkeypatch.setattr(
        model_judging, "confidences_of", lambda *_: Confidences.usual_ones(CLASS_NAMES)
    )
    bring_in(home)
    assert seen == [(home.run_dir / "best.pt", "benchmark_site")]
    told = home.catalog.query(
        "SELECT metric, value FROM metrics WHERE split = 'benchmark_site' "
        "AND source = 'all' AND class_name = 'person' AND metric IN ('mAP50', 'recall/low')"
    )
    assert dict(zip(told.metric, told.value, strict=True)) == {"mAP50": 1.0, "recall/low": 1.0}
    assert stored(home.run_dir).chosen_on == "benchmark_site"


def test_dagster_shows_its_figures_pictures_and_checks(imported):
    home, found = imported
    (event,) = home.events()
    assert event.partition == PARTITION
    plan = inbox.plan_of(inbox.local_plan(*_manifest(home), "x"))
    metadata = in_english(event.metadata)
    assert set(model_metadata(plan, found.result, home.settings)) <= set(metadata)
    assert metadata["mAP50"].value == 0.801
    assert metadata["picture/results"].value.startswith("![")
    table = metadata["per_class"].value.records
    assert [next(iter(row.data.values())) for row in table][:2] == ["all", "person_with_helmet"]
    assert metadata["handed_in"].value == f"results_{MODEL}_{PARTITION}_{KEY}.tar"
    assert "NVIDIA H200" in metadata["trained_with"].value
    checks = {c.check_name: c for c in home.checks()}
    assert {c.partition for c in checks.values()} == {PARTITION}
    assert not checks["map50"].passed
    assert checks["map50"].severity == dg.AssetCheckSeverity.WARN
    assert "mAP50 0.801 against" in checks["map50"].description
    assert in_english(checks["map50"].metadata)["label_aware"].value == 0.801


def _manifest(home):
    with inbox.opened(HandedIn().tar(home.root / "usb")) as archive:
        return inbox.read_manifest(archive), home.settings


def test_dagster_takes_it_for_fresh_until_the_dataset_changes(home):
    @dg.asset(name=DATASET, partitions_def=PARTITIONS_DEF, code_version="1")
    def dataset() -> None: ...

    def status():
        graph = dg.Definitions(
            assets=[dataset, model_asset(RECIPES[MODEL])],
            resources={"platform": inbox_platform(), "samples": dg.mem_io_manager},
        ).resolve_asset_graph()
        return CachingStaleStatusResolver(home.instance, graph, _loading(home.instance)).get_status(
            dg.AssetKey(MODEL), PARTITION
        )

    bring_in(home)
    assert status().value == "FRESH"
    home.build_dataset("other rows")
    assert status().value == "STALE"


def inbox_platform():
    from hoban_assets.components.platform import Platform

    return Platform()


def _loading(instance):
    from dagster._core.loader import LoadingContextForTest

    return LoadingContextForTest(instance)


def test_a_second_import_doubles_nothing_and_puts_back_what_was_lost(home):
    bring_in(home)
    before = home.state()
    again = bring_in(home)
    assert again.since is not None
    assert not again.fixed
    assert home.state() == before

    home.run_dir.rename(home.root / "lost")
    bring_in(home)
    assert (home.run_dir / "best.pt").is_file(), "a lost run folder is put back"
    assert home.state()[1:] == before[1:]


class Killed(BaseException):
    """As SIGKILL: nothing catches it."""


def killed(*arguments, **options):
    raise Killed


@pytest.mark.parametrize(
    ("owner", "step"),
    [
        (Catalog, "record"),
        (inbox_events, "report"),
        (dg.DagsterEvent, "asset_materialization"),
    ],
    ids=["before the catalog", "before Dagster", "after the checks"],
)
def test_a_second_import_does_what_a_kill_left_undone(home, monkeypatch, owner, step):
    with monkeypatch.context() as patch:
        patch.setattr(owner, step, killed)
        with pytest.raises(Killed):
            bring_in(home)
    assert home.run_dir.is_dir()
    assert home.events() == []

    found = bring_in(home)

    assert found.fixed == (owner is not Catalog)
    assert len(home.models()) == len(home.events()) == 1
    assert {c.check_name for c in home.checks()} == {"map50", "no_regression"}
    assert in_english(home.events()[0].metadata)["materialization_id"].value == 2


def test_an_import_that_was_replaced_does_not_come_back_and_can_be_pruned(home):
    first = HandedIn()
    bring_in(home, first)
    bring_in(home, HandedIn(key="feedfeedfeedfeed"))
    before = home.state()
    found = bring_in(home, first)
    assert found.since is not None
    assert found.result is None
    assert home.state() == before
    current = [line["data_version"] for line in home.models() if line["is_current"]]
    assert current == ["feedfeedfeedfeed"]
    assert [c.partition for c in home.checks()] == [PARTITION] * 4  # of both, each with its own

    def say(text, **values):
        return text.format(**values)

    with asking(home.settings.catalog_path) as ask:
        found = survey(references(ask, home.settings, say), home.settings, say)
    assert [item.path.name for item in found.unused] == [KEY], "prune knows its every file"
    assert current[0] in [item.path.name for item in found.live]
