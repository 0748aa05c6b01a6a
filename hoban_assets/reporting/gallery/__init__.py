"""Photographs with their boxes drawn."""
