"""Questions on the command line as people ask them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hybrid_rec import HybridRecommender
from hybrid_rec.cli.app import run


@pytest.fixture(scope="module")
def model(fitted: HybridRecommender, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("asked") / "model"
    fitted.save(folder)
    return str(folder)


def titled(fitted: HybridRecommender) -> tuple[str, str, str]:
    """Id, title and artist of an item that has both."""
    catalog = fitted.model_.catalog
    row = next(r for r in range(len(catalog)) if catalog.titles[r] and catalog.artists[r])
    return catalog.item_ids[row], catalog.titles[row], catalog.artists[row]


def test_find_prints_ids_and_plays(
    model: str, fitted: HybridRecommender, capsys: pytest.CaptureFixture[str]
) -> None:
    item, title, artist = titled(fitted)
    assert run(["find", model, f"{title.upper()} {artist}", "-k", "2", "--json"]) == 0
    best = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (best["item_id"], best["title"], best["artist"]) == (item, title, artist)
    plays = fitted.model_.playlists.play_counts[fitted.model_.catalog.rows([item])[0]]
    assert best["plays"] == plays
    assert run(["find", model, "qqqqq"]) == 0
    assert "nothing is like 'qqqqq'" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["recommend", "similar"])
def test_a_title_is_as_good_as_an_id(
    command: str, model: str, fitted: HybridRecommender, capsys: pytest.CaptureFixture[str]
) -> None:
    item, title, artist = titled(fitted)
    assert run([command, model, "--item", item, "-k", "3"]) == 0
    by_id = capsys.readouterr()
    asked = [command, model, "--title", title.lower(), "--artist", artist.lower(), "-k", "3"]
    assert run(asked) == 0
    by_title = capsys.readouterr()
    assert by_title.out == by_id.out
    assert by_title.err == (
        f"hybrid-rec: {title.lower()!r} by {artist.lower()!r} is taken for {item} "
        f"({title} by {artist}).\n"
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["similar", "MODEL"], "--item ID or --title TEXT, got neither"),
        (["recommend", "MODEL"], "--item ID, --title TEXT or --name TEXT, got none of them"),
        (["similar", "MODEL", "--title", "qqqq"], "nothing is like 'qqqq'"),
        (["similar", "MODEL", "--title", " "], "--title and --artist must be texts"),
        (["similar", "MODEL", "--item", "song-0001x"], "Did you mean song-000"),
        (
            ["similar", "MODEL", "--title", "a", "--artist", "b", "--artist", "c"],
            "once for each of 1, got 2",
        ),
    ],
)
def test_mistakes_are_one_line(
    arguments: list[str], told: str, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([model if word == "MODEL" else word for word in arguments]) == 2
    printed = capsys.readouterr()
    assert told in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""


def test_an_artist_of_several_items_lists_at_most_five(
    model: str, fitted: HybridRecommender, capsys: pytest.CaptureFixture[str]
) -> None:
    _, _, artist = titled(fitted)
    assert run(["similar", model, "--artist", artist]) == 2
    told = capsys.readouterr().err
    assert "fits several: song-" in told
    assert 1 < told.count(f"by {artist})") <= 5
