"""Who is named in a credit: "A feat. B" names two, "Simon & Garfunkel" names one."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hybrid_rec.blocks.labels import fold

Names = tuple[str, ...]

# "Little Feat" has nobody behind it. Behind a number it may be a height: "MC 900 Ft. Jesus".
_GUEST = r"(?:feat\.\s*|(?:feat|featuring)\s+|(?<!\d\s)ft(?:\.\s*|\s+)|w/\s*)"
_IN_BRACKETS = re.compile(rf"[(\[{{]\s*{_GUEST}(?=\w)([^)\]}}]+)[)\]}}]?", re.I)
# In "t;dy t;wns" the semicolon is a letter, in "#x26;" a damaged "&".
_CERTAIN = re.compile(
    rf"\s*(?<![#&]\w{{3}});(?:\s+|(?-i:(?=[^\Wa-z])))|(?<=[^\s,])[\s,]+(?:&\s+)?{_GUEST}(?=\S)",
    re.I,
)
_PERHAPS = re.compile(
    r",\s+(?:&|and)(?=\s)|,(?=\s)|/|(?<=\s)(?:&|and|with|x|vs\.?|\+|y|e|(?<=\d\s)ft\.?)(?=\s)",
    re.I,
)
# Where these stand between single words, they part two artists; "&" and "and" make a duo's name.
_PARTS_WORDS = re.compile(r"/|x", re.I)
# The name behind these joints is that of a singer's band, or no name at all: "& The Bad Seeds",
# "Tyler, the Creator", "Jags, The", "Y Su Banda", "Hank Williams, Jr.".
_JOINT = re.compile(r",.*|&|and|\+|y|e", re.I)
_BAND = re.compile(
    r"(?:the|his|her|their|tha|da|los|las|la|el|su|sus|os|as|i|les|le|die|der|das)\b"
    r"|(?:[js]r|inc|ltd|esq|ph\.?d|md|i{2,3}|iv)\.?$"
)
_NO_NAME = frozenset(
    {"friends", "friend", "others", "other", "family", "company", "co", "crew", "more", "all"}
    | {"band", "orchestra", "strings", "chorus", "choir", "trio", "quartet", "ensemble", "group"}
    | {"his orchestra", "guest", "guests", "special guest", "special guests", "artists"}
    | {"various", "various artists", "unknown", "unknown artist", "me", "you", "i", "us", "them"}
    | {"interview", "interviews", "conversation", "live session"}
)
_MOST_JOINTS = 30
"""A text with more is no credit but a story, and is left whole."""
_SHORTEST = 3
"""Letters of a name beside a slash, so that AC/DC stays whole."""


def credit_names(column: Sequence[str | None], known: Collection[str] = ()) -> list[Names]:
    """The names in each credit, the first one first; none for a missing credit.

    Guests (feat., ft., featuring, w/) and names between semicolons are always told apart. What
    stands between commas, "&", "and", "+", "y", "e", "with", "x", "vs" and "/" is told apart only
    if all of it stands alone somewhere: as a whole credit, before a guest, or in `known`. Even so
    a credit stays whole if that would cut off a band ("& The Bad Seeds", ", the Creator"), if all
    names are single words ("Simon & Garfunkel"; but "Isis / Boris" is two), or if a single word
    stands alone more seldom than the whole credit.

    Args:
        column: A credit an item, as a catalogue has it; None where there is none.
        known: Names that were found before. A credit that is one of them stays whole.

    Examples:
        >>> alone = ["Jay-Z", "Kanye West", "Simon", "Garfunkel", "Nick Cave"]
        >>> for names in credit_names(
        ...     ["Jay-Z & Kanye West", "Simon & Garfunkel", "Drake feat. Kanye West"], alone
        ... ):
        ...     print(names)
        ('Jay-Z', 'Kanye West')
        ('Simon & Garfunkel',)
        ('Drake', 'Kanye West')
    """
    return CreditBook(frozenset(map(fold, known))).extended(column).names(column)


@dataclass(frozen=True, eq=False)
class CreditBook:
    """What was decided on each credit, for ever: items that come later change none of it."""

    known: frozenset[str] = frozenset()
    """All names, folded."""
    decided: Mapping[str, Names] = field(default_factory=dict)
    """Names of each credit that could be read in two ways, by the folded credit."""

    def extended(self, column: Iterable[str | None]) -> CreditBook:
        """A book that has decided on these credits as well; what is decided stays.

        The order of credits does not matter, their number does: see `credit_names`.
        """
        counts = Counter(_plain(credit) for credit in column if credit)
        alone: Counter[str] = Counter()
        clauses = {credit: _clauses(credit) for credit in counts}
        for credit, count in counts.items():
            if clauses[credit]:
                alone[fold(clauses[credit][0])] += count
        decided = dict(self.decided)
        known = set(self.known)
        for credit in sorted(counts):
            names = decided.get(fold(credit))
            if names is None:
                names = _names(clauses[credit], self.known, alone)
                if len(clauses[credit]) > 1 or _PERHAPS.search(credit):
                    decided[fold(credit)] = names
            known.update(map(fold, names))
        return CreditBook(frozenset(known), decided)

    def names(self, column: Iterable[str | None]) -> list[Names]:
        """The names in each credit; on those that are not in the book it decides by `known`."""
        found: dict[str | None, Names] = {None: ()}
        nobody: Counter[str] = Counter()
        rows = []
        for credit in column:
            names = found.get(credit)
            if names is None and credit is not None:
                plain = _plain(credit)
                names = self.decided.get(fold(plain))
                if names is None:
                    names = _names(_clauses(plain), self.known, nobody)
                found[credit] = names
            rows.append(names or ())
        return rows


def _plain(credit: str) -> str:
    """The credit with its spaces in order and without what files put around characters."""
    return " ".join(html.unescape(credit).replace("\\/", "/").split())


def _clauses(credit: str) -> list[str]:
    """The credit cut where there is no doubt; what is first may hold several names, too."""
    guests: list[str] = []

    def cut(match: re.Match[str]) -> str:
        guests.append(match[1])
        return " "

    head = _IN_BRACKETS.sub(cut, credit)
    parts = [*_CERTAIN.split(head), *(part for guest in guests for part in _CERTAIN.split(guest))]
    parts = [" ".join(part.split()).strip(" ,;") for part in parts]
    parts = [part for part in parts if any(map(str.isalnum, part))]
    return parts if len(parts) > 1 else [credit] if credit else []


def _names(clauses: list[str], known: frozenset[str], alone: Mapping[str, int]) -> Names:
    found: dict[str, str] = {}
    for clause in clauses:
        for name in _told_apart(clause, known, alone):
            found.setdefault(fold(name), name)
    return tuple(found.values())


def _told_apart(clause: str, known: frozenset[str], alone: Mapping[str, int]) -> Iterator[str]:
    """The names in a clause, or the clause itself where it must stay whole."""
    joints = list(_PERHAPS.finditer(clause))
    if not joints or len(joints) > _MOST_JOINTS or fold(clause) in known:
        yield clause
        return
    cuts = _fewest_cuts(clause, joints, known, alone)
    names = _between(clause, cuts)
    if not cuts or not _is_believed(fold(clause), names, cuts, known, alone):
        yield clause
        return
    for name in names:
        yield from _told_apart(name, known, alone)


def _fewest_cuts(
    clause: str, joints: list[re.Match[str]], known: frozenset[str], alone: Mapping[str, int]
) -> list[re.Match[str]]:
    """The fewest joints, one at least, between which every name stands alone; perhaps none.

    The fewest, because no part of a longer name that stands alone is a name by itself.
    """
    starts = [0, *(joint.end() for joint in joints)]
    ends = [*(joint.start() for joint in joints), len(clause)]
    best: list[list[int] | None] = [[], *([None] * len(ends))]
    for last in range(1, len(ends) + 1):
        for first in range(last):
            so_far = best[first]
            found = best[last]
            if so_far is None or (first == 0 and last == len(ends)):
                continue
            if found is not None and len(found) <= len(so_far) + 1:
                continue
            joint = joints[first - 1] if first else None
            name = clause[starts[first] : ends[last - 1]].strip(" ,")
            if _may_be_name(fold(name), joint) and (fold(name) in known or fold(name) in alone):
                best[last] = [*so_far, last - 1]
    return [joints[place] for place in (best[-1] or [])[:-1]]


def _may_be_name(name: str, joint: re.Match[str] | None) -> bool:
    """Whether a folded name can be cut off behind this joint."""
    if name in _NO_NAME or not any(map(str.isalnum, name)):
        return False
    return joint is None or not (_JOINT.fullmatch(joint[0]) and _BAND.match(name))


def _is_believed(
    whole: str,
    names: list[str],
    cuts: list[re.Match[str]],
    known: frozenset[str],
    alone: Mapping[str, int],
) -> bool:
    """Whether names that stand alone somewhere are meant here, too."""
    folded = [fold(name) for name in names]
    if len(set(folded)) < len(folded):  # "Miguel y Miguel"
        return False
    for cut, before, behind in zip(cuts, folded, folded[1:], strict=False):
        if cut[0] == "/" and min(len(before), len(behind)) < _SHORTEST:
            return False
    words = [name for name in folded if _is_word(name)]
    if len(words) == len(folded) and not all(_PARTS_WORDS.fullmatch(cut[0]) for cut in cuts):
        return False
    if any(name not in known and alone[name] < alone.get(whole, 0) for name in words):
        return False
    if folded[-1] in words:
        return True
    # "BeBe & CeCe Winans" are BeBe Winans and CeCe Winans, if there is a BeBe Winans.
    kin = [f"{name} {folded[-1].split()[-1]}" for name in words]
    return not any(name in known or name in alone for name in kin)


def _is_word(name: str) -> bool:
    """Whether all that a name consists of are single words."""
    return all(len(part.split()) == 1 for part in _PERHAPS.split(name) if part.strip())


def _between(clause: str, cuts: list[re.Match[str]]) -> list[str]:
    starts = [0, *(cut.end() for cut in cuts)]
    ends = [*(cut.start() for cut in cuts), len(clause)]
    pairs = zip(starts, ends, strict=True)
    return [clause[start:end].strip(" ,") for start, end in pairs]
