"""FittedRecommender: holds a fitted model, keeps it in a folder and shows its vectors."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from hybrid_rec.core.arrays import Floats
from hybrid_rec.core.checks import as_path, check_block
from hybrid_rec.core.config import COOCCURRENCE, HybridConfig
from hybrid_rec.core.config.parameters import parameters, with_parameters
from hybrid_rec.core.errors import ConfigError, NotFittedError
from hybrid_rec.core.progress import Progress, as_progress
from hybrid_rec.core.quoting import joined, quoted
from hybrid_rec.core.words import how_many
from hybrid_rec.data.ids import as_item_ids
from hybrid_rec.data.playlists import OnUnknown
from hybrid_rec.data.queries import parse_queries
from hybrid_rec.data.short_html import short_html
from hybrid_rec.model import storage
from hybrid_rec.model.explainer import Explainer
from hybrid_rec.model.fit import reindexed
from hybrid_rec.model.fitted import Model
from hybrid_rec.model.learning import learned_model


class FittedRecommender:
    """What every recommender over a fitted model shares: the model, its folder, its vectors.

    Args:
        config: All parameters; None for the defaults.
    """

    def __init__(self, config: HybridConfig | None = None) -> None:
        self.config = HybridConfig() if config is None else _checked(config)
        self._model: Model | None = None
        self._explainer: Explainer | None = None

    def __repr__(self) -> str:
        if self._model is None:
            return f"{type(self).__name__}(not fitted)"
        blocks = joined([COOCCURRENCE, *self._model.blocks.names])
        return (
            f"{type(self).__name__}({how_many(len(self._model.catalog), 'items')}, "
            f"{how_many(len(self._model.playlists), 'playlists')}, blocks: {blocks})"
        )

    def _repr_html_(self) -> str:
        if self._model is None:
            return f"<p>{escape(repr(self))}</p>"
        model = self._model
        told = {
            "items": f"{len(model.catalog):,}",
            "playlists": f"{len(model.playlists):,}",
            "plays": f"{model.playlists.n_plays:,}",
            "blocks": joined([COOCCURRENCE, *model.blocks.names]),
            "places": ", ".join(f"{n:,} {name}" for name, n in model.source_counts().items() if n),
            "ranking": "linear score alone" if model.ranking is None else "learned",
            "index": "" if model.choice is None else str(model.choice),
            "learned": str(model.held_out or ""),
        }
        frame = pd.DataFrame({"of the model": list(told), "": list(told.values())})
        return short_html(repr(self), frame)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name, as scikit-learn asks for them.

        Args:
            deep: Whether to name those of the configuration, too: `seed`, `ranking__trees`, ...
        """
        return {"config": self.config, **(parameters(self.config) if deep else {})}

    def set_params(self, **params: Any) -> Self:
        """Change parameters for the next fit; a fitted model stays fitted.

        Args:
            params: `config`, or parameters of it by the names of `get_params`.

        Raises:
            ConfigError: For an unknown name, naming the nearest one, or a value out of range.
        """
        config = params.pop("config", self.config)
        self.config = with_parameters(_checked(config), params) if params else _checked(config)
        return self

    @property
    def model_(self) -> Model:
        """The fitted parts: catalogue, index, sources, timings.

        Raises:
            NotFittedError: Before `fit` or `load`.
        """
        if self._model is None:
            raise NotFittedError("This HybridRecommender is not fitted; call fit or load first.")
        return self._model

    def save(self, folder: str | Path) -> None:
        """Write the model to a folder; a model that is there is replaced once this one is whole.

        Raises:
            ArtifactError: If the folder holds something else, or cannot be written.
            NotFittedError: Before `fit` or `load`.
        """
        storage.save(self.model_, as_path(folder, "the model folder"))

    @classmethod
    def load(cls, folder: str | Path, *, mmap: bool = False) -> Self:
        """The model that `save` wrote, every checksum and count verified.

        Args:
            folder: Where it is.
            mmap: Map the index into memory instead of reading it, so that processes share it.

        Raises:
            ArtifactError: If a file is missing or damaged, or the format is another.
            RunError: If memory runs out.
        """
        model = storage.load(as_path(folder, "the model folder"), mmap=mmap)
        recommender = cls(model.config)
        recommender._set(model)
        return recommender

    def learned(
        self,
        queries: Any,
        *,
        on_unknown: OnUnknown = "raise",
        progress: bool | Progress = False,
    ) -> Self:
        """The same model after it has learned from queries, to be asked them; this one stays.

        Where playlists are scored offline, all queries are there beforehand, and what they hold
        tells of the items that have come since the fit. No query's own items are learned from for
        its answer twice: what was learned from a query itself is left out of its neighbours. In
        what order the queries come changes nothing. It takes about as long as an update. With
        `ranking.learn` a fit learns how to order the candidates of such queries, too.

        Args:
            queries: See `recommend`.
            on_unknown: "raise" or "skip" for ids that the catalogue lacks.
            progress: True for progress bars on standard error.

        Raises:
            UnknownItemError: For an unknown id, if `on_unknown` is "raise".
            DataError: For ids that are neither strings nor integers.
            NotFittedError: Before `fit` or `load`.
        """
        playlists, _ = parse_queries(queries, self.model_.catalog, on_unknown)
        other = type(self)(self.config)
        other._set(learned_model(self.model_, playlists.liked(), as_progress(progress)))
        return other

    def with_index(self, factory: str) -> Self:
        """The same model with another dense index over the vectors that this one gives back.

        Args:
            factory: FAISS factory string.

        Raises:
            ConfigError: If it does not suit the data.
            NotFittedError: Before `fit` or `load`.
        """
        if not isinstance(factory, str):
            raise ConfigError(
                f"The 'factory' parameter must be a FAISS factory string, got {quoted(factory)} "
                "instead."
            )
        model = reindexed(self.model_, factory)
        other = type(self)(model.config)
        other._set(model)
        return other

    def item_vectors(self, item_ids: Sequence[Any], block: str = COOCCURRENCE) -> Floats:
        """The rows of items in one dense block.

        Args:
            item_ids: Ids of the catalogue.
            block: A block whose rows are dense, such as "cooccurrence" or "title".

        Returns:
            `(len(item_ids), dim)` float32 of length 1, or 0 where nothing is known of an item.

        Raises:
            UnknownItemError: For an unknown id.
            ConfigError: If the model has no such dense block.
            NotFittedError: Before `fit` or `load`.
        """
        model = self.model_
        check_block(block, model.index.layout)
        rows = model.catalog.rows(as_item_ids(item_ids))
        return model.index.blocks(rows)[block]

    def playlist_vectors(self, playlists: Any, *, on_unknown: OnUnknown = "raise") -> Floats:
        """Places of playlists in co-occurrence space, `(n_playlists, dim)` float32.

        Args:
            playlists: See the queries of `recommend`. One that says nothing is a row of zeros.
            on_unknown: "raise" or "skip" for ids that the catalogue lacks.

        Raises:
            UnknownItemError: For an unknown id, if `on_unknown` is "raise".
            NotFittedError: Before `fit` or `load`.
        """
        parsed, _ = parse_queries(playlists, self.model_.catalog, on_unknown)
        return np.asarray(self.model_.queries(parsed).dense[COOCCURRENCE], dtype=np.float32)

    def similarity(self, a: Any, b: Any, block: str = COOCCURRENCE) -> float:
        """The cosine of two items in one dense block, in [-1, 1]; 0 where nothing is known of one.

        Args:
            a: Id of an item.
            b: Id of another.
            block: See `item_vectors`.

        Raises:
            UnknownItemError: For an unknown id.
            ConfigError: If the model has no such dense block.
            NotFittedError: Before `fit` or `load`.
        """
        one, other = self.item_vectors([a, b], block)
        return float(one @ other)

    def _set(self, model: Model) -> None:
        self._model, self._explainer = model, None

    def _explains(self) -> Explainer:
        if self._explainer is None:
            self._explainer = Explainer(self.model_)
        return self._explainer


def _checked(config: Any) -> HybridConfig:
    if not isinstance(config, HybridConfig):
        raise ConfigError(f"config must be a HybridConfig, got {type(config).__name__}.")
    return config
