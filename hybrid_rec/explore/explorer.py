"""A fitted recommender that can be listened to and taken elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hybrid_rec.core.checks import as_path
from hybrid_rec.core.choices import ExportTo
from hybrid_rec.core.progress import Progress, as_progress
from hybrid_rec.data.playlists import OnUnknown
from hybrid_rec.data.queries import Queries
from hybrid_rec.data.recommendations import Recommendations
from hybrid_rec.explore.broadcast import play_radio
from hybrid_rec.explore.export import export
from hybrid_rec.explore.transitions import Transitions
from hybrid_rec.model.fitted import Model
from hybrid_rec.model.nearest import NearestItems


class ExploringRecommender(NearestItems):
    """A fitted recommender that plays a radio, draws maps and exports its vectors."""

    _transitions: tuple[Model, Transitions] | None = None

    def radio(
        self,
        seeds: Sequence[Any] | pd.Series[Any] | pd.Index[Any] | np.ndarray[Any, Any],
        length: int = 25,
        *,
        drift: float = 0.3,
        seed: int = 0,
        on_unknown: OnUnknown = "raise",
        allow: Iterable[Any] | None = None,
        block: Iterable[Any] | None = None,
        where: str | None = None,
        dislike: Queries | None = None,
    ) -> Recommendations:
        """An order of items to be listened to: each goes well with the last ones and the seeds.

        No item comes twice, nor another release of a song that was played or is a seed, and no
        artist (group) again within five places as long as there are others. Items without history
        have the share that they have in the best recommendations for the seeds. A radio has
        `length` items while there are so many; the rest of the line is None, -inf and "".

        Args:
            seeds: Item ids that it begins with and does not repeat; `[]` begins with popular items.
            length: Items wanted, from 1 to the size of the catalogue.
            drift: From 0, the seeds alone say what is relevant, to 1, the last items alone do.
            seed: 0 for the order that suits best; any other number for another one, which is the
                same whenever it is asked.
            on_unknown: "raise" or "skip" for ids that the catalogue lacks, in seeds and filters.
            allow: Ids of the only items that may come; None for all.
            block: Ids of items that may not come.
            where: Only items whose columns pass; see `recommend`.
            dislike: Ids of items that are not wanted, nor what is like them; see `recommend`.

        Returns:
            One line in the order of play. The scores are log probabilities of each item at its
            place, and do not descend.

        Raises:
            UnknownItemError: For an unknown id, if `on_unknown` is "raise".
            DataError: If no item is allowed, or an id is neither a string nor an integer.
            ConfigError: If `length`, `drift` or `seed` is out of range, or `where` is no such
                expression.
            NotFittedError: Before `fit` or `load`.
        """
        return play_radio(
            self.model_, self._in_a_row, seeds, length, drift=drift, seed=seed,
            on_unknown=on_unknown, allow=allow, block=block, where=where, dislike=dislike,
        )  # fmt: skip

    def export(
        self,
        folder: str | Path,
        to: ExportTo,
        *,
        block: str | None = None,
        playlists: bool = False,
        sample: int | None = None,
        seed: int = 0,
    ) -> int:
        """Write vectors and what is known of their items to a folder that other tools read.

        The folder appears whole or not at all; an export that is there is replaced. Removed items
        are left out.

        Args:
            folder: New, empty, or that of an export.
            to: "projector" (TensorBoard's Embedding Projector), "word2vec" (text that gensim
                reads), "parquet", or "lance" (LanceDB; extra `explore`).
            block: A block whose rows are dense; None for "cooccurrence", or with "parquet" and
                "lance" for all of them, each in a column `BLOCK_vector`.
            playlists: Whether to write the training playlists instead of the items.
            sample: How many, drawn at random; None for all.
            seed: Seed of the draw.

        Returns:
            How many were written.

        Raises:
            ConfigError: If the model has no such dense block, a number is out of range, or LanceDB
                is not installed.
            DataError: If `to` is no format, an id does not fit it, or a column of the catalogue is
                called like one of vectors.
            ArtifactError: If the folder holds something else, or cannot be written.
            NotFittedError: Before `fit` or `load`.
        """
        return export(
            self.model_, as_path(folder, "the folder of an export"), to,
            block=block, playlists=playlists, sample=sample, seed=seed,
        )  # fmt: skip

    def map(
        self,
        path: str | Path,
        *,
        block: str | None = None,
        playlists: bool = False,
        seed: int = 0,
        progress: bool | Progress = False,
    ) -> int:
        """Write a map of all items to one HTML file, which a browser opens without a network.

        Near items are alike, by t-SNE; fewer than 30 are laid out by two principal components.
        The page has search, names of regions, colours by columns, and for each item its
        neighbours by each block, which are those of `similar_items`, and its playlists. A file
        that is there is replaced once the map is whole. Removed items are left out.

        Args:
            path: The file, such as "map.html".
            block: The block by which items are near; None for the whole linear score without
                popularity. What it says nothing of stands below all others.
            playlists: Whether the training playlists have places, too.
            seed: The same seed gives the same file.
            progress: True for progress bars on standard error.

        Returns:
            How many points the map has.

        Raises:
            ConfigError: If the model has no such block, `seed` is out of range, or openTSNE is not
                installed (extra `explore`).
            ArtifactError: If the file cannot be written.
            NotFittedError: Before `fit` or `load`.
        """
        # Loaded late: only maps need what finds regions.
        from hybrid_rec.explore.map.drawn import draw

        return draw(
            self, as_path(path, "the file of a map"), block=block, playlists=playlists, seed=seed,
            progress=as_progress(progress),
        )  # fmt: skip

    def _in_a_row(self) -> Transitions:
        """How well items follow each other, counted when it is first asked for."""
        model = self.model_
        if self._transitions is None or self._transitions[0] is not model:
            self._transitions = (model, Transitions.of(model.playlists, model.index))
        return self._transitions[1]
