"""`hoban build`: assets made in the foreground, and what is said of it meanwhile."""
