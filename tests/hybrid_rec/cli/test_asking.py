"""Questions on the command line as people ask them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from hybrid_rec import ConfigError, DataError, HybridRecommender, UnknownItemError
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


@pytest.mark.parametrize("command", ["recommend", "similar", "radio", "similar-playlists"])
def test_a_title_is_as_good_as_an_id(
    command: str, model: str, fitted: HybridRecommender, capsys: pytest.CaptureFixture[str]
) -> None:
    item, title, artist = titled(fitted)
    size = "--length" if command == "radio" else "-k"
    assert run([command, model, "--item", item, size, "3"]) == 0
    by_id = capsys.readouterr()
    asked = [command, model, "--title", title.lower(), "--artist", artist.lower(), size, "3"]
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
        (["similar", "MODEL"], "--new-title TEXT or --new-items FILE, got none of them"),
        (["show", "MODEL"], "--item ID or --title TEXT, got neither"),
        (["similar", "MODEL", "--item", "a", "--new-title", "b"], "--item must not be given"),
        (["similar", "MODEL", "--new-column", "titel=x"], "'titel'; did you mean title?"),
        (["similar", "MODEL", "--new-column", "tags"], "--new-column must be NAME=VALUE"),
        (["similar", "MODEL", "--new-title", " "], "--new-title and --new-artist must be texts"),
        (["similar", "MODEL", "--new-items", "no.csv"], "no.csv"),
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


def test_where_and_files_of_ids_choose_what_comes_back(
    model: str, fitted: HybridRecommender, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    item, _, artist = titled(fitted)
    asked = ["recommend", model, "--item", item, "-k", "5", "--json"]
    assert run([*asked, "--where", f"artist != {artist!r} and title > 'M'"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == 5
    assert all(row["artist"] != artist and row["title"] > "M" for row in rows)
    ids = tmp_path / "ids.txt"
    ids.write_text("".join(f"{row['item_id']}\n" for row in rows[:2]))
    assert run([*asked, "--allow-file", str(ids)]) == 0
    kept = [json.loads(line)["item_id"] for line in capsys.readouterr().out.splitlines()]
    assert sorted(kept) == sorted(row["item_id"] for row in rows[:2])
    assert run([*asked, "--block-file", str(ids)]) == 0
    left = {json.loads(line)["item_id"] for line in capsys.readouterr().out.splitlines()}
    assert not left & set(kept)
    for wrong in (["--where", "year > 3"], ["--allow-file", str(tmp_path / "no.txt")]):
        assert run([*asked, *wrong]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_show_tells_all_of_an_item(
    model: str, fitted: HybridRecommender, capsys: pytest.CaptureFixture[str]
) -> None:
    item, title, artist = titled(fitted)
    assert run(["show", model, "--title", title, "--artist", artist, "--json"]) == 0
    card = json.loads(capsys.readouterr().out)
    playlists = fitted.model_.playlists
    row = fitted.model_.catalog.rows([item])[0]
    held = {str(playlists.playlist_ids[i]) for i in range(len(playlists)) if row in playlists[i]}
    assert {one["playlist_id"] for one in card["playlists"]} == held
    assert card["columns"]["title"] == title
    assert card["source"] == "hybrid"
    by_artist = card["neighbours"]["artist"]
    assert by_artist
    assert {one["artist"] for one in by_artist} == {artist}
    assert run(["show", model, "--item", item]) == 0
    printed = capsys.readouterr().out
    assert f"title          {title}\n" in printed
    assert "nearest by cooccurrence\n" in printed


def test_one_block_alone_and_new_items_as_dicts(fitted: HybridRecommender) -> None:
    item, title, artist = titled(fitted)
    alone = {"cooccurrence": 1, "popularity": 0, "title": 0, "artist": 0, "tags": 0}
    short = fitted.similar_items([item], weights="cooccurrence").item_ids
    assert (short == fitted.similar_items([item], weights=alone).item_ids).all()
    with pytest.raises(ConfigError, match="or one of the blocks cooccurrence, popularity"):
        fitted.similar_items([item], weights="cooc")
    new = {"title": title, "artist": artist}
    frame = fitted.recommend_for_new_items(pd.DataFrame([new]), k=5).item_ids
    assert (fitted.recommend_for_new_items(new, k=5).item_ids == frame).all()
    assert (
        fitted.recommend_for_new_items([new, {"title": title}], k=5).item_ids[:1] == frame
    ).all()
    with pytest.raises(DataError, match="a dict of one item or a list of dicts"):
        fitted.recommend_for_new_items([title])
    only = fitted.recommend_for_new_items(new, k=5, where=f"artist != {artist!r}")
    assert artist not in set(only.to_frame()["artist"])
    first = fitted.recommend_for_new_items(new, k=5).item_ids[0].tolist()
    blocked = fitted.recommend_for_new_items(new, k=5, block=first[:2]).item_ids
    assert not set(first[:2]) & set(blocked.ravel())
    allowed = fitted.recommend_for_new_items(new, k=2, allow=first[3:])
    assert [set(line) for line in allowed.item_ids] == [set(first[3:])] * len(allowed.item_ids)
    with pytest.raises(UnknownItemError):
        fitted.recommend_for_new_items(new, allow=["nobody knows"])


def test_new_items_come_from_options_or_a_file(
    model: str, fitted: HybridRecommender, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen, title, artist = titled(fitted)
    expected = fitted.recommend_for_new_items(
        {"title": f"{title} again", "artist": artist, "context": [seen]}, 4
    )
    ids = expected.item_ids[0].tolist()
    asked = ["similar", model, "-k", "4", "--json"]
    options = ["--new-title", f"{title} again", "--new-artist", artist]
    assert run([*asked, *options, "--new-column", f"context={seen}"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["item_id"] for row in rows] == ids
    assert {row["query_source"] for row in rows} == {"context"}
    kept_out = tmp_path / "out.txt"
    kept_out.write_text(f"{ids[0]}\n")
    assert run([*asked, *options, "--block-file", str(kept_out)]) == 0
    assert ids[0] not in capsys.readouterr().out
    file = tmp_path / "new.csv"
    file.write_text(f"item_id,title,artist,context\nx,{title} again,{artist},{seen}\ny,{title},,\n")
    assert run([*asked, "--new-items", str(file)]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row["query_id"] for row in rows} == {"x", "y"}
    assert [row["item_id"] for row in rows[:4]] == ids
    for text in ("item_id,title\n", "colour\nred\n", "item_id,title\nx,a\nx,b\n"):
        file.write_text(text)
        assert run([*asked, "--new-items", str(file)]) == 2
        assert capsys.readouterr().err.count("\n") == 1
