"""Parameters of the blocks that describe items, and of the cold-start fallback."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

from hybrid_rec.core.config.section import LARGEST_NUMBER, Section, likely
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.core.plugins import load_plugins
from hybrid_rec.core.quoting import quoted, shortened

COOCCURRENCE, POPULARITY = "cooccurrence", "popularity"
"""Blocks that are made from plays, and always there."""
RESERVED = frozenset(
    {COOCCURRENCE, POPULARITY, "similar_popularity", "learned", "plays", "index"}
    # Explanations tell parts of a score under these names.
    | {"base", "place", "query", "age", "history", "factors"}
)
"""Names that no block of the configuration may have."""

Encoder = Literal["sentence-transformers", "tfidf", "word2vec"]

_NAME = re.compile("[a-z][a-z0-9_]{0,63}")


class TextConfig(Section):
    """How texts become vectors: what all blocks of the kind `text` do unless they say otherwise."""

    encoder: Encoder = "sentence-transformers"
    """`sentence-transformers` for a language model; `tfidf` for character n-grams reduced by
    truncated SVD, which needs no torch and no model file; `word2vec` for the mean of word vectors
    that are learned on the texts themselves, which suits long ones such as lyrics."""
    model: str = "sentence-transformers/all-MiniLM-L6-v2"
    """Sentence model: a local folder, or a name on the Hugging Face hub."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """In what precision the sentence model multiplies. `auto` is `bfloat16` on processors that
    have instructions for it (avx512_bf16 or amx_bf16, on Linux), which halves the time again, and
    else `float32`. The two differ by less than 0.001 in cosine."""
    batch_size: int = Field(256, ge=1)
    """Texts encoded at once by the sentence model, at most; of long ones it takes fewer."""
    tfidf_size: int = Field(128, ge=1, le=4096)
    """Dimensions of the `tfidf` encoder."""
    word2vec_size: int = Field(100, ge=1, le=4096)
    """Dimensions of the `word2vec` encoder."""
    cache: bool = True
    """Keep texts encoded by a sentence model on disk, so that a second fit need not encode them."""
    cache_dir: Path | None = None
    """Folder of that cache; None for `$HYBRID_REC_CACHE`, or else the user's cache folder."""


class BlockConfig(Section):
    """What the parameters of every block share; each kind of block has a class of its own."""

    kind: str
    """Kind of the block."""
    enabled: bool = True
    """False leaves the block out."""
    columns: tuple[str, ...] = Field(min_length=1)
    """Columns of the catalogue that it is made from."""
    cold_start: bool = True
    """Whether it may predict the place of an item without history; see `ColdStartConfig`."""

    most_columns: ClassVar[int | None] = None
    """Columns that a block of this kind is made from, at most; None for any number."""

    @field_validator("columns", mode="before")
    @classmethod
    def _check_columns(cls, given: Any) -> Any:
        if isinstance(given, list | tuple) and given and all(isinstance(c, str) for c in given):
            return given
        example = given if isinstance(given, str) and given else "tempo"
        raise ConfigError(
            f"'columns' must be a list of at least 1 name of a column, got {quoted(given)}; "
            f'write columns = ["{shortened(example)}"].'
        )


class TextBlockConfig(BlockConfig):
    """Texts (titles, lyrics, descriptions) as dense vectors; several columns are joined."""

    kind: Literal["text"] = "text"
    """Kind of the block."""
    encoder: Encoder | None = None
    """See `TextConfig`; None for the encoder of `titles`."""
    model: str | None = None
    """Sentence model; None for the model of `titles`."""
    size: int | None = Field(None, ge=1, le=4096)
    """Dimensions of `tfidf` or `word2vec`; None for those of `titles`."""
    cleaning: Literal["title", "plain"] = "plain"
    """`title` leaves out what only tells releases of a song apart, such as "(2009 Remaster)";
    `plain` only puts Unicode and white space in order."""

    def resolved(self, usual: TextConfig) -> TextConfig:
        """How this block encodes its texts."""
        named = {"encoder": self.encoder, "model": self.model}
        sizes = {"tfidf_size": self.size, "word2vec_size": self.size}
        given = {name: value for name, value in {**named, **sizes}.items() if value is not None}
        return usual.model_copy(update=given)


class CategoriesBlockConfig(BlockConfig):
    """A column of strings (artist, label) or of lists of strings (tags, genres), one-hot."""

    kind: Literal["categories"] = "categories"
    """Kind of the block."""
    separator: str | None = Field(None, min_length=1)
    """What stands between several labels in one string, such as "|" in CSV; None for one label."""
    credits: bool = False
    """Read a string as a credit that may name several ("A feat. B", "A & B"): the first is its
    group, and all have a column."""

    most_columns = 1


class NumbersBlockConfig(BlockConfig):
    """Numeric columns (tempo, energy, year), standardised; a missing number is the mean."""

    kind: Literal["numbers"] = "numbers"
    """Kind of the block."""
    clip: float = Field(0.005, ge=0.0, lt=0.5)
    """Share of the smallest and of the largest numbers of a column that count as the next one
    towards the middle, so that a few outliers do not press all others together."""


class VectorsBlockConfig(BlockConfig):
    """A column of equally long lists of floats, such as audio embeddings made elsewhere."""

    kind: Literal["vectors"] = "vectors"
    """Kind of the block."""

    most_columns = 1


class ColdStartConfig(Section):
    """How items with little or no history are placed among those that have one."""

    renamed: ClassVar[Mapping[str, str]] = {"ladder": "fallback"}

    shrinkage: float = Field(1.0, ge=0.0, le=LARGEST_NUMBER, allow_inf_nan=False)
    """`k` in `(n c + k a) / (n + k)`: an item with `n` plays is drawn towards the mean `a` of its
    group as if that mean had been played `k` times. 0 leaves every item where it is."""
    fallback: bool = True
    """Give items without history a place in co-occurrence space, by their group (artist) or by the
    blocks that describe them; without it these blocks speak alone."""
    ridge: float = Field(10.0, gt=0.0, le=LARGEST_NUMBER, allow_inf_nan=False)
    """Strength of the L2 penalty of the map from describing blocks to co-occurrence space; with
    fewer than 1,000 items to learn from it is weaker, in proportion."""
    max_training_items: int = Field(50_000, ge=1)
    """The map is learned on at most so many items with history, the most played first."""


DEFAULT_BLOCKS: Mapping[str, BlockConfig] = {
    "title": TextBlockConfig(columns=("title",), cleaning="title"),
    "artist": CategoriesBlockConfig(columns=("artist",), credits=True),
    "tags": CategoriesBlockConfig(columns=("tags",)),
}
"""Blocks that are there without being asked for, where the catalogue has their columns."""

# The classes above, each by the default of its `kind`.
_KINDS: dict[str, type[BlockConfig]] = {
    one.model_fields["kind"].default: one for one in BlockConfig.__subclasses__()
}


def register_config(kind: str, config: type[BlockConfig]) -> None:
    """Make a kind of block known to the configuration; see `blocks.registry.register_block`."""
    _KINDS[kind] = config


def block_configs(given: Any) -> dict[str, BlockConfig]:
    """The blocks of a configuration by name: those that are there by default, then those given.

    Args:
        given: Name -> `BlockConfig` or a mapping of its parameters. Of a default block only what
            differs need be given.

    Raises:
        ConfigError: For a name that is reserved or no name, an unknown kind, or a wrong parameter.
    """
    if not isinstance(given, Mapping):
        raise ConfigError(f"blocks must be a mapping of names to parameters, got {quoted(given)}.")
    return {**DEFAULT_BLOCKS, **{name: _block_config(name, it) for name, it in given.items()}}


def _block_config(name: Any, given: Any) -> BlockConfig:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigError(
            f"a block must be named by small letters, digits and underscores, at most 64 and a "
            f"letter first, got {quoted(name)}; rename it."
        )
    if name in RESERVED:
        raise ConfigError(f"a block cannot be named {quoted(name)}, which is reserved; rename it.")
    if isinstance(given, BlockConfig):
        return _checked(name, given)
    if not isinstance(given, Mapping):
        raise ConfigError(
            f"block {quoted(name)} must be a mapping of parameters, got {quoted(given)}."
        )
    usual = DEFAULT_BLOCKS.get(name)
    kind = given.get("kind", None if usual is None else usual.kind)
    if isinstance(kind, str) and kind not in _KINDS:
        load_plugins()
    if not isinstance(kind, str) or kind not in _KINDS:
        lacks = "has no kind" if kind is None else f"has the unknown kind {quoted(kind)}"
        raise ConfigError(
            f"block {quoted(name)} {lacks}; set kind to one of {', '.join(sorted(_KINDS))}, or "
            "import the module that registers it first."
        )
    same = usual is not None and usual.kind == kind
    try:
        settings = {**(usual.model_dump() if usual and same else {}), **given}
        config = _KINDS[kind].model_validate(settings)
    except ConfigError as error:
        raise ConfigError(f"block {quoted(name)}: {error}") from None
    return _checked(name, config)


def _checked(name: str, config: BlockConfig) -> BlockConfig:
    most = config.most_columns
    if most is not None and len(config.columns) > most:
        raise ConfigError(
            f"block {quoted(name)} must be made from {most} column, got "
            f"{', '.join(config.columns)}; make a block of each."
        )
    return config


def check_names(names: Any, valid: Any, what: str) -> None:
    """Raise a ConfigError for the first of `names` that is no block among `valid`."""
    for name in names:
        if not isinstance(name, str) or name not in valid:
            raise ConfigError(
                f"{what} must name blocks that are there, but there is no block {quoted(name)}; "
                f"{likely(name, valid)}"
            )
