"""Documents that are written from the catalog, all of them with a command of `hoban` too."""

from functools import partial

from hoban_assets.components.describing import words
from hoban_assets.components.report_assets import report_asset
from hoban_assets.declared.recipes import declared_recipes
from hoban_assets.declared.stages import STAGES
from hoban_assets.reporting.comparison.writing import write_comparison
from hoban_assets.reporting.gallery.writing import write_gallery
from hoban_assets.reporting.journal.writing import write_journal
from hoban_assets.reporting.quality.writing import write_quality
from hoban_assets.reporting.results.document import write_results
from hoban_assets.reporting.status.document import write_status

RECIPES = declared_recipes()
DATASETS = [recipe.dataset for recipe in RECIPES]
MODELS = [recipe.model for recipe in RECIPES]
say = words()

dataset_status = report_asset(
    "dataset_status",
    say(
        "What exists, how each dataset is made up, what is stale and why, and how much disk it "
        "uses: DATASET_STATUS.md. Command: hoban status."
    ),
    [*DATASETS, *MODELS],
    write_status,
    needs_them=False,
)
data_quality = report_asset(
    "data_quality",
    say(
        "What is wrong with the labels of each source, and the recipe field that cures it: "
        "DATA_QUALITY_ISSUES.md and a page. Command: hoban quality."
    ),
    [stage.name for stage in STAGES],
    write_quality,
    needs_them=False,
)
journal = report_asset(
    "journal",
    say(
        "What was built hour by hour, from what, with which figures and failures. Command: "
        "hoban journal."
    ),
    [*DATASETS, *MODELS],
    write_journal,
    needs_them=False,
)
model_comparison = report_asset(
    "model_comparison",
    say(
        "All models side by side: per class, what changed between their recipes, and between "
        "their datasets. Command: hoban compare."
    ),
    MODELS,
    write_comparison,
    needs_them=False,
)
galleries = [
    report_asset(
        f"gallery_{recipe.version}",
        say(
            "Ten photographs of each class of {dataset} with their boxes drawn. Command: "
            "hoban gallery {dataset}.",
            dataset=recipe.dataset,
        ),
        [recipe.dataset],
        partial(write_gallery, asset=recipe.dataset),
        group=recipe.group("reports"),
    )
    for recipe in RECIPES
]
results = [
    report_asset(
        f"results_{recipe.version}",
        say(
            "How {model} does, class by class, what it confuses and misses, and what to do about "
            "it. Command: hoban results {model}.",
            model=recipe.model,
        ),
        [recipe.model],
        partial(write_results, model=recipe.model),
        group=recipe.group("reports"),
    )
    for recipe in RECIPES
]
