"""Vectors in, nearest rows out. This package knows nothing of items, titles or playlists."""
