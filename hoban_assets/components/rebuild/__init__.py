"""Which assets are out of date, and one run a layer until none is."""
