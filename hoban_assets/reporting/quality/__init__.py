"""What is wrong with the labels, and which recipe field cures it."""
