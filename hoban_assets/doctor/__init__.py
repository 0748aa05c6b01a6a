"""`hoban doctor`: has this machine all that is needed, and what fixes what is missing."""
