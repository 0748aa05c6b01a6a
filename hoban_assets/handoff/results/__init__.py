"""The results that a server hands in."""
