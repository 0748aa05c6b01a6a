"""What exists, and whether it is up to date."""
