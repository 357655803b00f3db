"""Formats of an export: one file each, whose `write(taken, folder)` fills a folder."""
