"""Text: titles, lyrics, descriptions. Texts that say the like have near rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa

from hybrid_rec.blocks.base import _SILENT, Block, BlockPlan, ColumnKind
from hybrid_rec.blocks.registry import register_block
from hybrid_rec.blocks.text.cleaning import Clean, clean_text, clean_title, distinct_texts
from hybrid_rec.blocks.text.encoders import TextEncoder, load_text_encoder, make_text_encoder
from hybrid_rec.blocks.text.sentences import SentenceEncoder
from hybrid_rec.core.arrays import Floats, Objects
from hybrid_rec.core.config import BlockConfig, HybridConfig, TextBlockConfig
from hybrid_rec.core.progress import Progress
from hybrid_rec.core.quoting import quoted
from hybrid_rec.data.arrow_types import is_string

# Texts that are encoded for a plan.
_SAMPLE = 256


@register_block
class TextBlock(Block):
    """Texts as unit vectors of an encoder; several columns are joined by line ends."""

    kind = "text"
    config_type = TextBlockConfig
    # Texts weigh little, are most of the dimensions, and are a feature anyway.
    finds_candidates = False
    # Below it real titles have nothing in common that a reader would see ("Purple Haze" and
    # "Yellow" have 0.42), above it most do ("Sweet Dreams" and "The Marvelous Dream" have 0.65).
    least_alike = 0.6
    config: TextBlockConfig

    def __init__(self, name: str, config: BlockConfig, settings: HybridConfig) -> None:
        super().__init__(name, config, settings)
        self._clean: Clean = clean_title if self.config.cleaning == "title" else clean_text
        self._text_config = self.config.resolved(settings.titles)
        self._encoder: TextEncoder = make_text_encoder(
            self._text_config, settings.seed, self._clean
        )

    @property
    def column_kind(self) -> ColumnKind:
        """See `Block.column_kind`."""
        return "text"

    @property
    def width(self) -> int:
        """Dimensions of the encoder."""
        return self._encoder.dim

    @property
    def encoder(self) -> TextEncoder:
        """What turns texts into vectors."""
        return self._encoder

    def fit(self, items: pa.Table, progress: Progress = _SILENT) -> Self:
        """Fit the encoder, where it learns from the texts."""
        del progress
        for name in self.config.columns:
            self.required_column(items, name)
        self._encoder = self._encoder.fit(self.texts(items))
        return self

    def encode(self, items: pa.Table, progress: Progress = _SILENT) -> Floats:
        """See `Block.encode`.

        Raises:
            ModelUnavailableError: If a sentence model cannot be found.
        """
        return self._encoder.encode(self.texts(items), progress)

    def plan(self, items: pa.Table) -> BlockPlan:
        """See `Block.plan`; of many texts only some are encoded, and the rest is counted."""
        texts = self.texts(items)
        distinct, _ = distinct_texts(texts, self._clean)
        encoder, mapped = self._encoder, 0
        todo = distinct
        if isinstance(encoder, SentenceEncoder):
            todo, mapped = encoder.not_cached(distinct)
        rng = np.random.default_rng(0)
        sample = [todo[i] for i in np.sort(rng.permutation(len(todo))[:_SAMPLE]).tolist()]
        # What is encoded for a plan is not kept, so that it can be measured again.
        apart = self._text_config.model_copy(update={"cache": False})
        trial = make_text_encoder(apart, self.settings.seed, self._clean)
        seconds = load = 0.0
        if sample:
            load = _seconds(lambda: trial.fit(sample[:1]).encode(sample[:1]))
            seconds = _seconds(lambda: trial.fit(sample).encode(sample))
        return BlockPlan(
            self.width,
            self.width * items.num_rows,
            0.0,
            load + seconds * len(todo) / max(len(sample), 1),
            len(todo),
            mapped,
            bool(todo) and isinstance(encoder, SentenceEncoder),
        )

    def save(self, folder: Path) -> None:
        """Write the encoder, but for a sentence model, which is named."""
        self._encoder.save(folder)

    @classmethod
    def load(cls, name: str, config: BlockConfig, settings: HybridConfig, folder: Path) -> Self:
        """See `Block.load`."""
        block = cls(name, config, settings)
        block._encoder = load_text_encoder(folder, block._text_config, block._clean)
        return block

    def texts(self, items: pa.Table) -> Objects:
        """The text of each item, `(n_items,)` strings or None where all columns are missing."""
        columns = []
        for name in self.config.columns:
            column = self.column(items, name)
            if column is None:
                continue
            if not is_string(column.type):
                row = next(row for row, value in enumerate(column) if value.is_valid)
                raise self.wrong(
                    name, "hold texts", row, quoted(column[row].as_py()), "convert the column"
                )
            columns.append(column.to_pylist())
        texts: Objects = np.full(items.num_rows, None, dtype=object)
        if len(columns) == 1:
            texts[:] = columns[0]
        elif columns:
            texts[:] = [
                "\n".join(part for part in parts if part) or None
                for parts in zip(*columns, strict=True)
            ]
        return texts


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
