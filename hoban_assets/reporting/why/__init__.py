"""What became of one image, and why (`hoban why`)."""
