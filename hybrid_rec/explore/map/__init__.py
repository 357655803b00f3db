"""Map: items and playlists in two dimensions, in one page that a browser opens offline."""
