"""What people changed in labels by hand: append-only rows below the data root, never raw files."""
