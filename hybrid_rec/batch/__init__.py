"""Batch scoring: Parquet in, Parquet out, chunk by chunk."""
