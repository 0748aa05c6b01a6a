"""The platform measured against its peers and physical floors: ``python -m benchmarks``.

Every row times both sides in the same run, in turn, each in a fresh process, and compares the
medians. Nothing here is a test: figures depend on the machine, so they are printed, not asserted
in the test suite.
"""
