"""A code location that loads at once."""

import dagster as dg


@dg.asset
def something() -> int:
    return 1


defs = dg.Definitions(assets=[something])
