"""What a training run is (`plan`), where it runs (`local`), and what came out (`metrics`)."""
