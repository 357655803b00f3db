"""Catalogue and playlists, and the readers that bring them."""
