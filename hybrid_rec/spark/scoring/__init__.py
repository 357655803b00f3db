"""Scoring on a cluster: the code of `batch`, a chunk of queries at a time, in Python workers."""
