"""What a detector is worth on pictures, as text."""
