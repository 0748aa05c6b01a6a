"""Runs the workers as jobs of a Ray cluster."""
