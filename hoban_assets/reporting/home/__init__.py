"""The first page: what exists, what is out of date, what to do next."""
