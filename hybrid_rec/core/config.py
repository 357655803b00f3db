"""Every parameter of hybrid-rec: declared, documented and validated here and nowhere else."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, Self, get_args

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hybrid_rec.core.errors import ConfigError

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
        "sample": 1e-3,
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
        "sample": 1e-3,
        "ns_exponent": 0.75,
        "learning_rate": 0.025,
        "shuffle": False,
    },
}


LARGEST_SEED = 2**32 - 1
_LARGEST = 1e6
"""Of weights and penalties: float32 has no digits left for what is beside larger ones."""


class Section(BaseModel):
    """Base of all configuration: frozen, typed, and clear about what it refuses."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @model_validator(mode="wrap")
    @classmethod
    def _check(cls, data: Any, handler: Callable[[Any], Self]) -> Self:
        # ConfigError is no ValueError, so it leaves nested pydantic models as it is.
        if isinstance(data, Mapping):
            for key in data:
                if key not in cls.model_fields:
                    raise ConfigError(_unknown_key(cls, str(key)))
        try:
            return handler(data)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            subject = f"The {name!r} parameter of {cls.__name__}" if name else cls.__name__
            rule = first["msg"].removeprefix("Input should be ")
            raise ConfigError(
                f"{subject} must be {rule}, got {first['input']!r} instead."
            ) from None


def _unknown_key(section: type[Section], key: str) -> str:
    valid = list(section.model_fields)
    near = difflib.get_close_matches(key, valid, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"valid are {', '.join(valid)}."
    return f"{section.__name__} has no parameter {key!r}; {hint}"


class CooccurrenceConfig(Section):
    """Word2Vec over playlists: which songs are played together."""

    preset: CooccurrencePreset = "recommendation"
    """Named settings that fill in whatever is not given: `recommendation` (the defaults shown
    here), `notebook` (the radio notebook's CBOW), `skipgram` (skip-gram on listening queues)."""
    vector_size: int = Field(128, ge=1, le=4096)
    """Dimensions of the co-occurrence vectors."""
    window: int = Field(30, ge=1, le=10_000)
    """Largest distance between two plays that count as together. With `shuffle`, a playlist
    longer than the window is sampled evenly, whatever the order of its plays."""
    epochs: int = Field(20, ge=1, le=1_000_000)
    """Passes over all playlists."""
    update_epochs: int = Field(5, ge=1, le=1_000_000)
    """Passes of an update, whose vectors start from those that are there; no more than `epochs`."""
    skip_gram: bool = True
    """Skip-gram if true, CBOW if false."""
    negative: int = Field(5, ge=1, le=1000)
    """Negative samples for each positive pair."""
    ns_exponent: float = Field(0.75, ge=-2.0, le=2.0)
    """Exponent of the popularity that negatives are drawn by: 1 draws by popularity, 0 evenly,
    below 0 rare items more often."""
    sample: float = Field(1e-3, ge=0.0, le=1.0)
    """Threshold above which plays of frequent items are skipped at random; 0 skips none."""
    min_count: int = Field(1, ge=1)
    """Items with fewer plays get no vector of their own; the cold-start ladder places them."""
    learning_rate: float = Field(0.05, gt=0.0, le=1.0)
    """Initial learning rate; it falls linearly to a ten-thousandth of that. Items that are played
    once or twice get few updates and need larger ones than words do."""
    shuffle: bool = True
    """Draw a new random order of each playlist for every epoch, so that order does not matter."""
    workers: int = Field(1, ge=1, le=1024)
    """Training threads. 1 gives the same bytes for the same seed; more is faster and is not
    reproducible, because threads race for the same vectors. More read the playlists from a
    temporary folder (`TMPDIR`), about 8 bytes a play."""

    @model_validator(mode="before")
    @classmethod
    def _fill_from_preset(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and data.get("preset") in PRESETS:
            return {**PRESETS[data["preset"]], **data}
        return data


class TitleConfig(Section):
    """Title embeddings: what the words of a title say."""

    encoder: Literal["sentence-transformers", "tfidf"] = "sentence-transformers"
    """`sentence-transformers` for a language model, `tfidf` for character n-grams reduced by
    truncated SVD, which needs no torch and no model file."""
    model: str = "sentence-transformers/all-MiniLM-L6-v2"
    """Sentence model: a local folder, or a name on the Hugging Face hub."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """In what precision the sentence model multiplies. `auto` is `bfloat16` on processors that
    have instructions for it (avx512_bf16 or amx_bf16, on Linux), which halves the time again, and
    else `float32`. The two differ by less than 0.001 in cosine."""
    batch_size: int = Field(256, ge=1)
    """Titles encoded at once by the sentence model, at most; of long ones it takes fewer."""
    tfidf_size: int = Field(128, ge=1, le=4096)
    """Dimensions of the `tfidf` encoder."""
    cache: bool = True
    """Keep encoded titles on disk, so that a second fit need not encode them again."""
    cache_dir: Path | None = None
    """Folder of that cache; None for `$HYBRID_REC_CACHE`, or else the user's cache folder."""


class ColdStartConfig(Section):
    """How items with little or no history are placed among those that have one."""

    shrinkage: float = Field(1.0, ge=0.0, le=_LARGEST, allow_inf_nan=False)
    """`k` in `(n c + k a) / (n + k)`: an item with `n` plays is drawn towards the mean `a` of its
    artist as if the artist's mean had been played `k` times. 0 leaves every item where it is."""
    ladder: bool = True
    """Give items without history a place in co-occurrence space, by their artist or their title;
    without it they have their title, artist and tags alone."""
    ridge: float = Field(10.0, gt=0.0, le=_LARGEST, allow_inf_nan=False)
    """Strength of the L2 penalty of the map from titles (and tags) to co-occurrence space."""
    max_training_items: int = Field(50_000, ge=1)
    """The map is learned on at most so many items with history, the most played first."""


class WeightsConfig(Section):
    """Block weights of the score; they can be changed at every call without a new index."""

    cooccurrence: float = Field(1.0, ge=0.0, le=_LARGEST, allow_inf_nan=False)
    """Weight of the cosine in co-occurrence space."""
    title: float = Field(0.05, ge=0.0, le=_LARGEST, allow_inf_nan=False)
    """Weight of the cosine of titles."""
    artist: float = Field(0.1, ge=0.0, le=_LARGEST, allow_inf_nan=False)
    """Weight of the artist match."""
    tags: float = Field(0.05, ge=0.0, le=_LARGEST, allow_inf_nan=False)
    """Weight of the cosine of tags, where the catalogue has them."""
    popularity: float = Field(0.1, ge=0.0, le=_LARGEST, allow_inf_nan=False)
    """Weight of the prior `log(1 + plays)`, whatever the query."""
    similar_popularity: float = Field(0.03, ge=0.0, le=_LARGEST, allow_inf_nan=False)
    """The same for `similar_items`: what is like an item depends less on what is played much."""
    learned: bool = True
    """Learn the weights of `recommend`'s linear score on the playlists that the ranking holds out;
    those given here are then where learning begins. Where there is no ranking, or any weight is
    given and this is not, those given here count."""

    @model_validator(mode="before")
    @classmethod
    def _keep_what_is_given(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and data and "learned" not in data:
            return {**data, "learned": False}
        return data


class IndexConfig(Section):
    """The vector index."""

    factory: str = Field("auto", min_length=1)
    """FAISS factory string: `Flat` is exact; `HNSW32` or `IVF1024,SQ8` are approximate. `auto`
    chooses by the number of items, `goal` and `memory_gb`, and says why."""
    goal: Literal["exact", "fast"] = "exact"
    """What `auto` is to choose: `exact` is Flat up to 500,000 items; `fast` is it up to 20,000
    and a graph beyond, which answers single queries sooner and misses some items."""
    memory_gb: float = Field(4.0, gt=0.0, le=_LARGEST, allow_inf_nan=False)
    """Most memory that `auto` may take for the index, in 10^9 bytes; with less than the vectors
    take it chooses a compressed index."""
    compact_share: float = Field(0.1, ge=0.0, le=1.0)
    """An update leaves new and moved rows in a flat delta beside an approximate index, until they
    are more than this share of all; then the index is built anew. 0 does so at every update."""


class FactorsConfig(Section):
    """Matrix factorisation by alternating least squares, one of the ranking's witnesses."""

    size: int = Field(64, ge=1, le=1024)
    """Dimensions of the factors."""
    alpha: float = Field(10.0, ge=1.0, le=1e6)
    """Confidence in what a playlist holds; 1 is the confidence in what it lacks."""
    regularisation: float = Field(0.01, ge=0.0, le=1e6)
    """Strength of the L2 penalty."""
    iterations: int = Field(15, ge=1, le=1000)
    """Rounds of solving for playlists and items in turn."""


class EvidenceConfig(Section):
    """What the ranking keeps of the playlists, beside the vectors."""

    item_neighbours: int = Field(200, ge=1)
    """Items kept of each item, by shared playlists and by EASE."""
    artist_neighbours: int = Field(100, ge=1)
    """Artists kept of each artist."""
    ease_l2: float = Field(200.0, gt=0.0, le=1e9)
    """Strength of the L2 penalty of EASE."""
    factors: FactorsConfig = FactorsConfig()
    """Alternating least squares; its factors also tell which playlists are alike."""
    factors_few: FactorsConfig = FactorsConfig(size=32, alpha=20.0, regularisation=1.0)
    """The same with fewer dimensions, which sees what is common."""
    factors_many: FactorsConfig = FactorsConfig(size=128)
    """The same with more dimensions, which sees what is special."""


CandidateSource = Literal[
    "linear", "popular", "playlists", "items", "ease", "artists", "artist_playlists",
    "voted_artists", "cold",
]  # fmt: skip


class RankingConfig(Section):
    """The learned second stage, which orders candidates by all that speaks for them."""

    enabled: bool = True
    """Rank where there are enough playlists; false leaves the linear score."""
    min_playlists: int = Field(50, ge=10)
    """Fewest playlists of at least four items that are learned from; with fewer the linear score
    orders."""
    candidates: int = Field(500, ge=10)
    """Candidates that the widest sources bring; there are about twice as many in all."""
    sources: tuple[CandidateSource, ...] = Field(get_args(CandidateSource), min_length=1)
    """Where candidates come from: the linear score, the most played items, playlists that share
    items with the query, neighbours of its items, EASE, its artists' items, playlists that share
    artists with it, the items of the artists that those hold, and items without history that are
    near to it. A list that is longer than all of these bring is filled up from the linear score."""
    without: tuple[str, ...] = ()
    """Features that the ranker does not look at; `features.FEATURES` has their names."""
    cases: int = Field(1000, ge=10)
    """Held-out playlists wanted; folds are added, up to five, until there are so many."""
    held_out: float = Field(0.2, gt=0.0, le=0.5)
    """Share of the playlists that a fold holds out, but no more than `cases`."""
    holdout: Literal["auto", "random", "latest"] = "auto"
    """Which playlists are held out: random ones, or the latest. `auto` takes the latest where
    there are times and they bring many more items without history than random ones do."""
    hidden_share: float = Field(0.05, ge=0.0, le=0.5)
    """Share of the items whose history is hidden from a fold."""
    known_share: float = Field(3.0, ge=0.0, le=10.0)
    """Playlists that are in training but for hidden items, as a share of those held out: the order
    of items without history for such playlists is learned from them."""
    new_share: float = Field(0.2, ge=0.0, le=1.0)
    """Share of the places from the top that items without history have at least in the list of a
    playlist that the model was trained on; 0 lets them stand where the order for new playlists
    puts them, which is behind nearly all others where playlists are alike."""
    trees: int = Field(80, ge=1, le=10_000)
    """Trees of the ranker."""
    leaves: int = Field(15, ge=2, le=1024)
    """Leaves of a tree."""
    learning_rate: float = Field(0.12, gt=0.0, le=1.0)
    """Weight of a tree."""
    min_leaf: int = Field(100, ge=1)
    """Fewest candidates in a leaf."""
    evidence: EvidenceConfig = EvidenceConfig()
    """What is kept of the playlists."""


class DiversityConfig(Section):
    """Reordering of what `recommend` returns; off by default. See `diversity.Diversifier`."""

    mmr: float = Field(0.0, ge=0.0, le=1.0)
    """Strength of maximal marginal relevance: 0 orders by score alone, 1 by difference from what
    stands above."""
    artist_cap: int | None = Field(None, ge=1)
    """Most items of one artist in a list; None for no limit. It is exceeded only where a list
    could not be filled otherwise, at its end. Items without an artist are not counted."""
    pool: int = Field(100, ge=1, le=2000)
    """So many of the best items are reordered by `mmr`."""

    @property
    def active(self) -> bool:
        """Whether anything is reordered."""
        return self.mmr > 0 or self.artist_cap is not None


class HybridConfig(Section):
    """All parameters of a `HybridRecommender`.

    Raises:
        ConfigError: For an unknown key, naming the nearest valid one, or a value out of range.

    Examples:
        >>> HybridConfig(seed=7).weights.cooccurrence
        1.0
        >>> HybridConfig(cooccurrence={"preset": "notebook"}).cooccurrence.vector_size
        32
    """

    cooccurrence: CooccurrenceConfig = CooccurrenceConfig()
    """Word2Vec over playlists."""
    titles: TitleConfig = TitleConfig()
    """Title embeddings."""
    cold_start: ColdStartConfig = ColdStartConfig()
    """Items with little or no history."""
    weights: WeightsConfig = WeightsConfig()
    """Block weights of the score."""
    index: IndexConfig = IndexConfig()
    """The vector index."""
    ranking: RankingConfig = RankingConfig()
    """The learned second stage."""
    diversity: DiversityConfig = DiversityConfig()
    """Reordering of what `recommend` returns."""
    seed: int = Field(0, ge=0, le=LARGEST_SEED)
    """Seed of everything random. Same seed, same data, same machine: same bytes."""

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """The configuration that a TOML file holds; what it leaves out keeps its default.

        Raises:
            ConfigError: If the file is missing, is no TOML, or holds an unknown key or bad value.
        """
        try:
            data = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(
                f"config file must be readable, got {path}: {error.strerror}."
            ) from None
        except ValueError as error:  # no TOML, no UTF-8, or a NUL in the path
            raise ConfigError(f"config file must be TOML, got {path}: {error}.") from None
        try:
            return cls(**data)
        except ConfigError as error:
            raise ConfigError(f"{path}: {error}") from None

    def with_seed(self, seed: int) -> Self:
        """The same configuration with another seed.

        Raises:
            ConfigError: If the seed is out of range.
        """
        return type(self)(**{**self.model_dump(), "seed": seed})

    def to_toml(self) -> str:
        """The whole configuration as TOML, such that `from_toml` gives an equal one."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))
