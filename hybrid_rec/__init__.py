"""Hybrid recommendations from playlists, titles and artists, cold items included."""
