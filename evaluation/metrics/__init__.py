"""Metrics of lists, with formula and source."""
