"""Backup and restore of a data root."""
