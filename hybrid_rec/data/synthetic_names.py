"""Names of a generated radio world: titles and artists whose words tell the genre."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

# Genre -> words of its titles and names, which no other genre has.
_WORDS = {
    "metal": "iron thunder hammer wrath skull dragon blood steel crypt doom fury raven serpent "
    "anvil plague reaper blade venom inferno tomb warlord chains ashes oath",
    "country": "truck whiskey dusty boots porch creek saddle barn gravel tennessee pickup fiddle "
    "rodeo cornfield holler prairie denim banjo hayride wagon county tailgate mule lantern",
    "electronic": "neon pulse laser circuit signal voltage cyber pixel static binary orbit "
    "hologram strobe modem chrome android glitch frequency matrix vector turbo plasma synth robot",
    "jazz": "blue velvet swing saxophone smoke harlem midnight bebop cocktail trumpet lounge "
    "avenue savoy ivory brass quartet ballroom martini autumn parisian satin taxi piano cigar",
    "hip hop": "hustle block cypher crown flow grind boulevard platinum mic corner gold rhyme "
    "cadillac sneakers freestyle bounce empire paper diamond turntable cash borough vault throne",
    "folk": "willow river meadow sparrow harvest cabin maple shepherd orchard candle robin valley "
    "mill cottage heather thistle ferry weaver acorn clover brook hearth wren hillside",
    "latin": "fiesta luna corazon fuego salsa havana tropical rumba guitarra carnaval mambo tango "
    "caliente sabor palmera bongo plaza rosa bolero cumbia isla verano conga flamenca",
    "surf": "wave sunset beach ocean palm lagoon coral breaker tide longboard malibu seagull "
    "pier dune shoreline reef bikini marina barrel driftwood harbor swell pelican sandbar",
}
GENRES = tuple(_WORDS)
_SHARED = (
    "night heart love time dream road light home baby world summer rain girl town fire morning "
    "tonight story song forever"
)
# Each takes two words of a genre and one that all genres share.
_Template = Callable[[str, str, str], str]
_TITLES: Sequence[_Template] = (
    lambda one, two, _: f"{one} {two}",
    lambda one, two, _: f"{one} of the {two}",
    lambda one, two, _: f"{one} and {two}",
    lambda one, _, shared: f"{one} {shared}",
    lambda one, two, shared: f"{shared} of the {one} {two}",
    lambda one, two, shared: f"{one} {two} {shared}",
    lambda one, _, shared: f"My {one} {shared}",
)
_ARTISTS: Sequence[_Template] = (
    lambda one, two, _: f"The {one} {two}",
    lambda one, _, first: f"{first} {one}",
    lambda one, two, first: f"{first} and the {one} {two}",
    lambda one, two, _: f"{one} {two} Band",
)
_FIRST_NAMES = (
    "ada bo cleo dara eli fay gus hana ivan june kit lena milo nora otis pia quinn rosa sam tess "
    "uma vera wes yara"
)


def song_titles(rng: np.random.Generator, n_titles: int, genre: str) -> list[str]:
    """Different titles of songs of a genre, in random order."""
    return _names(rng, n_titles, _TITLES, _WORDS[genre].split(), _SHARED.split())


def artist_names(rng: np.random.Generator, n_artists: int, genre: str) -> list[str]:
    """Different names of artists of a genre, in random order."""
    return _names(rng, n_artists, _ARTISTS, _WORDS[genre].split(), _FIRST_NAMES.split())


def _names(
    rng: np.random.Generator,
    n_names: int,
    templates: Sequence[_Template],
    words: Sequence[str],
    shared: Sequence[str],
) -> list[str]:
    """Different names, in random order; where words run out, they get "Part 2" and so on."""
    names: dict[str, None] = {}
    part = 1
    while len(names) < n_names:
        n_drawn = 2 * (n_names - len(names))
        ending = "" if part == 1 else f" Part {part}"
        first = rng.integers(len(words), size=n_drawn)
        second = (first + rng.integers(1, len(words), size=n_drawn)) % len(words)
        draws = zip(
            rng.integers(len(templates), size=n_drawn).tolist(),
            first.tolist(),
            second.tolist(),
            rng.integers(len(shared), size=n_drawn).tolist(),
            strict=True,
        )
        for template, one, two, other in draws:
            name = templates[template](
                words[one].capitalize(), words[two].capitalize(), shared[other].capitalize()
            )
            names[name + ending] = None
        part += 1
    return list(names)[:n_names]
