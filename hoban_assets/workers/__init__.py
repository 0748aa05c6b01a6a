"""Scripts for other processes and environments. They import nothing of the rest."""
