"""What a fitted model knows of its items, without recommending any."""

from __future__ import annotations

import pandas as pd

from hybrid_rec.data.finding import check_asked, found_frame
from hybrid_rec.model.fitted_recommender import FittedRecommender


class ItemLookup(FittedRecommender):
    """A fitted recommender that is asked about its items."""

    def find(self, text: str, k: int = 5) -> pd.DataFrame:
        """Items that a text could mean: item_id, title, artist, score, plays.

        See `Catalog.find`. Of items that fit alike, those played more come first.

        Args:
            text: A title, an artist, both, or a part of them.
            k: Items wanted at most, from 1 to 1,000.

        Raises:
            DataError: If the text is none, or empty.
            ConfigError: If k is out of range.
            NotFittedError: Before `fit` or `load`.
        """
        model = self.model_
        check_asked(text, k)
        plays = model.playlists.play_counts
        rows, scores = model.catalog.finder.find(text, k, plays)
        return found_frame(model.catalog, rows, scores).assign(plays=plays[rows])
