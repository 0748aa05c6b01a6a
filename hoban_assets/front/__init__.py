"""The web UI behind a guard: no page of another origin may use it through somebody's browser."""
