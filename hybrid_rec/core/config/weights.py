"""Block weights of the linear score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, model_validator

from hybrid_rec.core.config.section import LARGEST_NUMBER, Section

Weight = Annotated[float, Field(ge=0.0, le=LARGEST_NUMBER, allow_inf_nan=False)]


class WeightsConfig(Section):
    """Block weights of the score by name; they can be changed at every call without a new index.

    A block that has no weight here takes the default of its kind.

    Examples:
        >>> WeightsConfig(lyrics=0.2).of("lyrics", default=0.05)
        0.2
    """

    # pydantic merges this with what the base class says.
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Weight]
    takes_any_name: ClassVar[bool] = True

    cooccurrence: Weight = 1.0
    """Weight of the cosine in co-occurrence space."""
    title: Weight = 0.05
    """Weight of the cosine of titles, where the catalogue has them."""
    artist: Weight = 0.1
    """Weight of the artist match, where the catalogue has artists."""
    tags: Weight = 0.05
    """Weight of the cosine of tags, where the catalogue has them."""
    popularity: Weight = 0.1
    """Weight of the prior `log(1 + plays)`, whatever the query."""
    similar_popularity: Weight = 0.03
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

    def of(self, block: str, default: float) -> float:
        """The weight of a block, or the default of its kind if none is given."""
        return float(self.values().get(block, default))

    def values(self) -> dict[str, float]:
        """All weights by the names of their blocks."""
        named = self.model_dump(exclude={"learned", "similar_popularity"})
        return {name: float(value) for name, value in named.items()}
