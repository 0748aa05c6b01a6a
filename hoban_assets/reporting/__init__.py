"""Documents, tables and pictures made from rows."""
