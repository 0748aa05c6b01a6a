"""A small raw tree, drawn: every raw format, every known defect, no download."""

from hoban_assets.sample_data.generate import SampleSummary, generate

__all__ = ["SampleSummary", "generate"]
