from pathlib import Path

from quality_catalog import BARE, FALLEN, HEAD, PERSON, facts_of, heads, recorded

import hoban_assets
from hoban_assets.language import korean, speaker
from hoban_assets.reporting.blocks import Heading
from hoban_assets.reporting.quality import text as quality_text
from hoban_assets.reporting.quality.document import document
from hoban_assets.reporting.quality.findings import find_problems
from hoban_assets.reporting.quality.judgement import judged
from hoban_assets.reporting.quality.problems import LIMITS, Remedy

PACKAGE = Path(hoban_assets.__file__).parent


def test_every_kind_of_problem_has_words_and_something_to_do():
    with_remedy = {"small", "crowded", "outlier", "whole", "duplicates", "backgrounds"}
    assert set(quality_text.TITLES) == set(quality_text.SENTENCES) == set(LIMITS)
    assert set(quality_text.ADVICE) | with_remedy == set(LIMITS)


def test_a_problem_is_told_with_its_numbers_in_both_languages(tmp_path):
    catalog = recorded(tmp_path, {"helmet_60k": heads(a=[0.001] * 10, b=[0.05] * 10)}, v8={})
    problem = next(p for p in find_problems(facts_of(catalog, "helmet_60k")) if p.kind == "small")
    remedy = problem.remedy
    assert isinstance(remedy, Remedy)
    english, say = speaker("en"), speaker("ko")
    assert "10 of 20 labels (50.0 %) cover less than 2 %" in quality_text.sentence(english, problem)
    assert "20개 중 10개(50.0 %)" in quality_text.sentence(say, problem)
    assert quality_text.effect(english, problem, remedy).endswith(
        "into ignore regions and drops 1 photographs that no label is left on"
    )
    assert quality_text.versions(english, remedy) == "lacks it: v8"
    assert quality_text.look(problem, "full") == (
        "hoban gallery helmet_60k --class person_with_helmet --order smallest --partition full"
    )


def test_the_document_has_the_same_chapters_in_both_languages(tmp_path):
    facts = facts_of(recorded(tmp_path, {"stage": heads(a=[0.05] * 12)}), "stage")
    told = [list(document(judged(facts), speaker(language))) for language in ("en", "ko")]
    english, ours = ([b for b in blocks if isinstance(b, Heading)] for blocks in told)
    assert [h.anchor for h in english] == [h.anchor for h in ours]
    assert english[0].text != ours[0].text
    assert {HEAD, BARE, PERSON, FALLEN} <= set(korean())
