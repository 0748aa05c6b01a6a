"""hoban_assets: construction-safety datasets and detectors as a Dagster asset graph."""
