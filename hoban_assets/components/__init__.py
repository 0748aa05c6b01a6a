"""Dagster components: what a YAML file can ask for."""
