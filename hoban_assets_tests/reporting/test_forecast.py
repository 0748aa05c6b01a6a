"""`hoban plan`: what grows with the images and what with their square, and where it is told."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import EVERY
from hoban_assets import workers
from hoban_assets.cli import app
from hoban_assets.curation.copies.sketch import LENGTH
from hoban_assets.curation.features import THUMBNAIL_SIDE
from hoban_assets.language import plain, speaker
from hoban_assets.reporting.blocks import Block, Finding
from hoban_assets.reporting.forecast.costs import COSTS, KEPT
from hoban_assets.reporting.forecast.document import document
from hoban_assets.reporting.forecast.figures import Forecast, forecast
from hoban_assets.reporting.markdown import markdown
from hoban_assets.settings import FEATURE_ENGINES

LOTS = 10**18


def findings(blocks: Sequence[Block]) -> list[Finding]:
    return [block for block in blocks if isinstance(block, Finding)]


def hours(found: Forecast) -> dict[str, float]:
    return {step.what: step.hours for step in found.steps}


@pytest.mark.parametrize("engine", FEATURE_ENGINES)
def test_pairs_grow_as_the_square_and_the_rest_as_the_images(engine: str) -> None:
    one, two = hours(forecast(10**6, engine, 4)), hours(forecast(2 * 10**6, engine, 4))
    quadratic = {cost.what for cost in COSTS if cost.law == "pairs" and engine in cost.engines}
    assert quadratic
    for what, spent in one.items():
        assert two[what] / spent == pytest.approx(4 if what in quadratic else 2, rel=1e-5), what


@pytest.mark.parametrize("engine", FEATURE_ENGINES)
def test_more_cores_shorten_what_they_work_on_and_nothing_else(engine: str) -> None:
    few, many = forecast(10**6, engine, 2), forecast(10**6, engine, 64, machine=8)
    for before, after in zip(few.steps, many.steps, strict=True):
        assert before.hours / after.hours == pytest.approx(after.cores / before.cores)
    who = {cost.what: cost.who for cost in COSTS}
    assert {(who[step.what], step.cores) for step in many.steps} == {
        ("one", 1),
        ("machine", 8),
        ("cluster", 64),
    }
    assert few.hours == pytest.approx(sum(step.hours for step in few.steps))
    assert few.disk == many.disk > 10**6 * KEPT[engine]
    assert few.memory == max(step.memory for step in few.steps)


def test_what_is_said_of_engines_is_what_they_keep() -> None:
    worker = (Path(workers.__file__).parent / "fastdup_features.py").read_text(encoding="utf-8")
    [dimensions] = re.findall(r"^DIMENSIONS = (\d+)$", worker, re.M)

    assert set(KEPT) == set(FEATURE_ENGINES)
    assert KEPT["copies"] == LENGTH
    assert KEPT["thumbnail"] == 4 * (THUMBNAIL_SIDE**2 + 1)
    assert KEPT["fastdup"] == 4 * int(dimensions)


def test_every_cost_names_rows_of_the_bench_that_measure_it() -> None:
    for cost in COSTS:
        command, _, rows = cost.by.rpartition(" ")
        assert command == "python -m benchmarks --rows"
        assert set(rows.split(",")) <= set(EVERY), cost
        assert cost.seconds > 0 and cost.measured > 0


def test_what_the_machine_lacks_is_told_with_a_way_out() -> None:
    found = forecast(10**7, "fastdup", 2)
    assert [f.level for f in findings(document(found, LOTS, LOTS, plain))] == ["info"]
    bad = findings(document(found, 8 * 10**9, 10**9, plain))
    assert [f.level for f in bad] == ["bad", "bad", "info"]
    assert "8 GB" in bad[0].text and str(found.memory) in bad[0].text
    assert "1 GB" in bad[1].text and str(found.disk) in bad[1].text
    assert findings(document(forecast(1, "fastdup", 2), LOTS, LOTS, plain)) == []


def test_it_is_told_in_korean() -> None:
    told = markdown(document(forecast(10**6, "copies", 64), 10**9, 10**9, speaker("ko")))
    english = {cost.what for cost in COSTS} | {cost.step for cost in COSTS}
    assert not [words for words in english if f"| {words} |" in told]


def test_the_command_prints_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOBAN_FEATURE_ENGINE", "thumbnail")
    done = CliRunner().invoke(app, ["plan", "--images", "1000000", "--cores", "8", "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.output)
    assert (said["engine"], said["cores"]) == ("thumbnail", 8)
    assert said["total"]["hours"] == pytest.approx(sum(step["hours"] for step in said["steps"]))
