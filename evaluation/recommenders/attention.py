"""The network of SASRec, and how it is trained; the only import of torch here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import nn

from hybrid_rec.core.arrays import Floats, Rows

_BATCH = 64
_RATE = 1e-3


class Attention(nn.Module):
    """Causal self-attention over item numbers from 1; 0 is padding.

    Args:
        n_items: Highest number.
        size: Dimensions.
        heads: Heads of the attention.
        blocks: Blocks of attention.
        longest: Items that are read, the latest.
        dropout: Share of what is dropped in training.
        seed: Seed of the start.
    """

    def __init__(
        self, n_items: int, size: int, heads: int, blocks: int, longest: int, dropout: float,
        seed: int,
    ) -> None:  # fmt: skip
        super().__init__()
        self.longest = longest
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.items = nn.Embedding(n_items + 1, size, padding_idx=0)
            self.places = nn.Embedding(longest, size)
            nn.init.normal_(self.items.weight, std=0.02)
            nn.init.normal_(self.places.weight, std=0.02)
            self.dropout = nn.Dropout(dropout)
            layer = nn.TransformerEncoderLayer(
                size, heads, size * 4, dropout, "gelu", batch_first=True, norm_first=True
            )
            self.layers = nn.TransformerEncoder(layer, blocks, enable_nested_tensor=False)
            self.norm = nn.LayerNorm(size)

    def forward(self, places: torch.Tensor) -> torch.Tensor:
        """The hidden state after each item, `(n_lists, length, size)`; padding stands behind."""
        length = places.shape[1]
        states = self.items(places) + self.places.weight[:length]
        ahead = nn.Transformer.generate_square_subsequent_mask(length)
        hidden = self.layers(self.dropout(states), mask=ahead, is_causal=True)
        normed: torch.Tensor = self.norm(hidden)
        return normed

    def item_vectors(self) -> Floats:
        """The embedding of each item, `(n_items, size)`."""
        vectors: Floats = self.items.weight.detach().numpy()[1:].copy()
        return vectors

    def state_of(self, places: Rows) -> Floats:
        """The hidden state after the last item of one list, `(size,)`."""
        with torch.no_grad():
            latest = torch.from_numpy(places[-self.longest :].copy())[None]
            state: Floats = self(latest)[0, -1].numpy()
        return state


def trained(
    model: Attention, lists: Sequence[Rows], epochs: int, negatives: int, seed: int
) -> None:
    """Train a model to tell each next item of some lists of item numbers.

    Args:
        model: What is trained.
        lists: Numbers from 1.
        epochs: Passes.
        negatives: Items that each batch is told apart from.
        seed: Seed of all that is drawn.
    """
    if not lists:
        model.eval()
        return
    rng = np.random.default_rng(seed)
    n_items = model.items.num_embeddings - 1
    model.train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=_RATE, weight_decay=1e-4)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for _ in range(epochs):
            for given, wanted in _batches(lists, model.longest, rng):
                hidden = model(given)[wanted > 0]
                targets = wanted[wanted > 0]
                drawn = torch.from_numpy(rng.integers(1, n_items + 1, negatives))
                own = (hidden * model.items(targets)).sum(-1, keepdim=True)
                others = hidden @ model.items(drawn).T
                others = others.masked_fill(drawn[None] == targets[:, None], -torch.inf)
                scores = torch.cat([own, others], dim=1)
                first = torch.zeros(len(scores), dtype=torch.int64)
                loss = nn.functional.cross_entropy(scores, first)
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]  # torch has no type here
                optimiser.step()
    model.eval()


def _batches(
    lists: Sequence[Rows], longest: int, rng: np.random.Generator
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Excerpts in random order, and what follows each of their items; 0 where nothing does."""
    order = rng.permutation(len(lists)).tolist()
    for start in range(0, len(order), _BATCH):
        parts = []
        for number in order[start : start + _BATCH]:
            rows = lists[number]
            last = (
                len(rows) if len(rows) <= longest + 1 else rng.integers(longest + 1, len(rows) + 1)
            )
            parts.append(rows[max(0, last - longest - 1) : last])
        width = max(map(len, parts)) - 1
        given = np.zeros((len(parts), width), np.int64)
        wanted = np.zeros((len(parts), width), np.int64)
        for line, part in enumerate(parts):
            given[line, : len(part) - 1] = part[:-1]
            wanted[line, : len(part) - 1] = part[1:]
        yield torch.from_numpy(given), torch.from_numpy(wanted)
