"""What a foreign split is worth: near-copies over its sides, and the split it should have."""
