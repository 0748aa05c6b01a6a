"""Scripts that a bundle takes to the server. They import nothing of the rest, and no library."""
