"""Rows to files: what a trainer or another machine can use without this package."""
