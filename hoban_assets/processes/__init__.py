"""Processes of runs and workers: which are alive, what they do, and how they end together."""
