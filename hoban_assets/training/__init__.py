"""What a training run is (`plan`), where it runs (`trainer`), and what came out (`metrics`)."""
