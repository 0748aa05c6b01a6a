"""Stages in their order: which pure functions make a stage asset, and which make a dataset."""
