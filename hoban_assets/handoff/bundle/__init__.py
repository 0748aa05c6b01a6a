"""The archive that a server is given."""
