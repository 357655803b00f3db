"""Splits, metrics, baselines, comparison and reports for recommenders."""
