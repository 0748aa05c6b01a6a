"""Parts of `benchmarks.prove_partial_labels`."""
