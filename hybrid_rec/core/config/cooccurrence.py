"""Parameters of the co-occurrence vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

from pydantic import Field, model_validator

from hybrid_rec.core.config.section import Section

CooccurrencePreset = Literal["recommendation", "notebook", "skipgram"]

PRESETS: Mapping[CooccurrencePreset, Mapping[str, Any]] = {
    "recommendation": {},
    # The settings of the radio notebook that this project grew from.
    "notebook": {
        "vector_size": 32,
        "window": 20,
        "negative": 50,
        "min_count": 1,
        "skip_gram": False,
        "epochs": 5,
        "ns_exponent": 0.75,
        "learning_rate": 0.025,
        "shuffle": False,
    },
    # Skip-gram over listening queues, as Anghami describe it.
    "skipgram": {
        "vector_size": 64,
        "window": 5,
        "negative": 5,
        "min_count": 1,
        "skip_gram": True,
        "epochs": 5,
        "ns_exponent": 0.75,
        "learning_rate": 0.025,
        "shuffle": False,
    },
}


class CooccurrenceConfig(Section):
    """Word2Vec over playlists: which songs are played together."""

    preset: CooccurrencePreset = "recommendation"
    """Named settings that fill in whatever is not given: `recommendation` (the defaults shown
    here), `notebook` (the radio notebook's CBOW), `skipgram` (skip-gram on listening queues)."""
    vector_size: int = Field(64, ge=1, le=4096)
    """Dimensions of the co-occurrence vectors."""
    window: int | None = Field(None, ge=1, le=10_000)
    """Largest distance between two plays that count as together. With `shuffle`, a playlist
    longer than the window is sampled evenly, whatever the order of its plays. Left out, it is a
    quarter of the mean length of the playlists, from 5 to 20."""
    longest_playlist: int = Field(3000, ge=0)
    """Plays of a playlist that an epoch trains on at most, 0 for all of them. It is fewer, but at
    least 100, where they would be more than a thirtieth of all plays and than four playlists of
    mean length. Of a longer one every epoch takes others: first the latest, then those before, and
    so on in a circle."""
    epochs: int | None = Field(None, ge=1, le=1_000_000)
    """Passes over all playlists. Left out, it is the fewer the more plays there are, as each pass
    then tells more: 20 up to 10,000 plays, 10 for 40,000, 5 for 150,000, 3 from 400,000 on; but 10
    where items have two plays on average or fewer."""
    update_epochs: int = Field(5, ge=1, le=1_000_000)
    """Passes of an update, whose vectors start from those that are there; no more than `epochs`."""
    skip_gram: bool = True
    """Skip-gram if true, CBOW if false."""
    negative: int = Field(2, ge=1, le=1000)
    """Negative samples for each positive pair."""
    ns_exponent: float = Field(0.75, ge=-2.0, le=2.0)
    """Exponent of the popularity that negatives are drawn by: 1 draws by popularity, 0 evenly,
    below 0 rare items more often."""
    sample: float | None = Field(None, ge=0.0, le=1.0)
    """Share of all plays above which plays of frequent items are skipped at random; 0 skips none.
    Left out, it is 0.001, and in catalogues of fewer than 382 played items so much more that no
    play of an item of average popularity is skipped: 0.38 divided by the number of items."""
    repeats: int | None = Field(None, ge=1, le=1000)
    """How often each epoch reads a playlist, one copy behind the other, so that from 2 on an item
    also stands beside itself. Left out, it is 1; 2 where playlists have at most 3 plays on average;
    and 2 to 10, the fewer plays the more, in catalogues of fewer than 382 played items."""
    min_count: int = Field(1, ge=1)
    """Items with fewer plays get no vector of their own; the cold-start fallback places them."""
    learning_rate: float | None = Field(None, gt=0.0, le=1.0)
    """Initial learning rate; it falls linearly to a ten-thousandth of that. Items that are played
    once or twice get few updates and need larger ones than words do: left out, it is 0.05, and
    where items have fewer than two plays on average more, up to 0.2 for 1.25 plays."""
    shuffle: bool = True
    """Draw a new random order of each playlist for every epoch, so that order does not matter."""
    workers: int = Field(1, ge=1, le=1024)
    """Training threads. 1 gives the same bytes for the same seed; more is faster and is not
    reproducible, because threads race for the same vectors. More read the playlists from a
    temporary folder (`TMPDIR`), about 8 bytes a play."""

    @model_validator(mode="before")
    @classmethod
    def _fill_from_preset(cls, data: Any) -> Any:
        preset = data.get("preset") if isinstance(data, Mapping) else None
        if isinstance(preset, str) and preset in PRESETS:
            return {**PRESETS[cast("CooccurrencePreset", preset)], **data}
        return data
