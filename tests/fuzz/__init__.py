"""Campaigns of hostile inputs: mutated model folders, mutated data files, killed commands."""
