"""The asset graph: what exists and what depends on what."""
