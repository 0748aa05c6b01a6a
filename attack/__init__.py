"""Tries to break the platform from outside: ``python -m attack`` (see `__main__`)."""
