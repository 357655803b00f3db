"""Readers of playlists, one file a format; `hybrid_rec.data.datasets` is their front door."""
