"""Texts to vectors: titles, lyrics, descriptions."""

from hybrid_rec.blocks.text import block  # noqa: F401  # it registers the kind
