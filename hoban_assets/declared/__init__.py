"""What exists, declared: sources, stages, and the recipes of versions. No Dagster."""
