"""Texts that are longer than a sentence model reads, cut into windows that overlap."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from hybrid_rec.core.arrays import Rows

_OVERLAP = 8
"""A window shares an eighth of its tokens with the next, so that no phrase is always cut."""
_LOT = 4096
"""Texts that are split into tokens at once, to bound memory."""


@dataclass(frozen=True, eq=False)
class Windows:
    """Pieces of texts that a model can read whole; a text that fits is its own only piece."""

    pieces: list[str]
    """The pieces, those of a text in order."""
    owners: Rows
    """Place of the text that each piece is from, `(n_pieces,)`."""
    lengths: Rows
    """Tokens of each piece, `(n_pieces,)`, or characters where the model has no tokenizer."""


def split_texts(texts: list[str], model: Any) -> Windows:
    """The texts as pieces of at most `model.max_seq_length` tokens, special tokens included.

    Pieces begin and end between words, where the text has any gap within an eighth of a piece, or
    else between tokens. A tokenizer that cannot tell where its tokens stand leaves long texts as
    they are, to be cut by the model; that is warned of once with their number.
    """
    tokenizer = model.tokenizer
    if not callable(tokenizer):
        lengths = np.array([len(text) for text in texts], np.int64)
        return Windows(texts, np.arange(len(texts)), lengths)
    longest = model.max_seq_length
    limit = {"truncation": True, "max_length": longest + 1} if longest else {}
    pieces: list[str] = []
    owners: list[int] = []
    lengths_of: list[int] = []
    n_cut = 0
    for start in range(0, len(texts), _LOT):
        lot = texts[start : start + _LOT]
        for place, ids in enumerate(tokenizer(lot, **limit)["input_ids"], start):
            parts = [(texts[place], len(ids))]
            if longest and len(ids) > longest:
                if getattr(tokenizer, "is_fast", False):
                    parts = _windows(texts[place], tokenizer, longest)
                else:
                    n_cut += 1
                    parts = [(texts[place], longest)]
            for piece, length in parts:
                pieces.append(piece)
                owners.append(place)
                lengths_of.append(length)
    if n_cut:
        warnings.warn(
            f"{n_cut} of {len(texts)} texts have more than the {longest} tokens that the text "
            "model reads, and are cut there: its tokenizer cannot tell where tokens stand in a "
            "text. Choose a model with a fast tokenizer to have them read whole.",
            stacklevel=2,
        )
    return Windows(pieces, np.array(owners, np.int64), np.array(lengths_of, np.int64))


def _windows(text: str, tokenizer: Any, longest: int) -> list[tuple[str, int]]:
    """The windows of a long text, each with its number of tokens."""
    special = tokenizer.num_special_tokens_to_add()
    spans = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)[
        "offset_mapping"
    ]
    size = max(1, longest - special)
    overlap = size // _OVERLAP
    parts = []
    start = 0
    while True:
        end = min(start + size, len(spans))
        if end < len(spans):
            end = _between_words(text, spans, end, max(start + 1, end - overlap))
        piece = text[spans[start][0] : spans[end - 1][1]]
        parts.append((piece, min(longest, end - start + special)))
        if end == len(spans):
            return parts
        # The next one must get farther than this one.
        start = _between_words(
            text, spans, max(start + 1, end - overlap), max(start + 1, end - 2 * overlap)
        )


def _between_words(text: str, spans: list[tuple[int, int]], place: int, least: int) -> int:
    """The last token from `place` back to `least` that begins a word, or `place` if none does."""
    for token in range(place, least - 1, -1):
        begin = spans[token][0]
        # Some tokenizers count the space to the word that follows.
        if any(character.isspace() for character in text[max(begin - 1, 0) : begin + 1]):
            return token
    return place
