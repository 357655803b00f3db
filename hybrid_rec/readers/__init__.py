"""Readers of playlists, one file a format; `hybrid_rec.datasets` is their front door."""
