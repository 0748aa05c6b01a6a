"""What was built, hour by hour."""
