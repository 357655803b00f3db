"""Scans of all rows at a fraction of the time, to the same result."""
