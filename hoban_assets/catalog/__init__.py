"""The DuckDB catalog: every row and every decision of every materialisation."""
