"""Pictures with their boxes to the tools that people draw with, and back."""
