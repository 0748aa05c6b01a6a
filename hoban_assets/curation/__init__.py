"""Rows to fewer, better rows: pure functions `Samples -> Samples`, no dagster, no file access."""
