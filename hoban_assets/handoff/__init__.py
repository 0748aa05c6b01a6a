"""To a GPU server without network and without Dagster, and back."""
