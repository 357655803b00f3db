"""`hybrid-rec demo`: a generated radio world, fitted, asked, saved and loaded, step by step."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hybrid_rec.cli.configuration import demo_config
from hybrid_rec.core.console import print_table, write, write_lines

if TYPE_CHECKING:
    from hybrid_rec.data.recommendations import Recommendations
    from hybrid_rec.data.synthetic import SyntheticDataset

_K = 8


def demo(
    seed: Annotated[int, typer.Option(help="Seed of the generated world.", min=0)] = 0,
) -> None:
    """Fit a generated world and show what the model answers.

    It works offline and takes less than a minute.

    Examples:
        hybrid-rec demo
    """
    config = demo_config().with_seed(seed)

    import numpy as np
    import pandas as pd

    from hybrid_rec.core.files import files_in
    from hybrid_rec.data.synthetic import synthetic_radio
    from hybrid_rec.recommender import HybridRecommender

    world = synthetic_radio(seed=seed)
    catalog, truth = world.catalog, world.truth
    held_out, training = (
        world.playlists.select(np.arange(100)),
        world.playlists.select(np.arange(100, len(world.playlists))),
    )
    artists = len({name for name in catalog.artists if name is not None})
    _headline("1. A world to learn from")
    write_lines(
        f"{len(catalog):,} invented songs by {artists:,} artists in {len(truth.genres)} genres "
        f"({', '.join(truth.genres)});\n{len(training):,} playlists to learn from and "
        f"{len(held_out)} held out. {int(truth.cold.sum()):,} songs were never played: they are "
        "cold.\nThe model never sees the genres; they are shown here to judge its answers."
    )

    _headline("2. Fit")
    recommender = HybridRecommender(config)
    recommender.fit(training, catalog, progress=True)
    model = recommender.model_
    for stage, seconds in model.timings.items():
        write(f"  {stage:<18}{seconds:6.2f} s")
    counts = ", ".join(f"{count:,} {source}" for source, count in model.source_counts().items())
    write(f"Where each song got its place: {counts}.")
    write("(Titles are encoded by TF-IDF here; `hybrid-rec fit` uses all-MiniLM-L6-v2.)")

    plays = training.play_counts
    popular = int(plays.argmax())
    _headline(f"3. Songs similar to the most played one: {_song(world, popular)}")
    _show(world, recommender.similar_items([catalog.item_ids[popular]], _K))

    number = next(n for n in range(len(held_out)) if len(held_out[n]) >= 12)
    rows = held_out[number]
    seeds, rest = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    _headline("4. A held-out playlist, continued")
    first = ", ".join(_quoted(world, row) for row in seeds[:4].tolist())
    write(f"Its first {len(seeds)} songs are given: {first}, ...")
    recommended = recommender.recommend(catalog.item_ids[seeds].tolist(), _K)
    _show(world, recommended, hits=set(catalog.item_ids[rest].tolist()))
    write("hit = the song does stand in the half that was kept back.")

    cold = int(np.flatnonzero(truth.cold & (model.sources == 1))[0])
    _headline(f"5. A song that nobody has played: {_song(world, cold)}")
    write("It has no history; its artist's other songs give it a place (source: artist).")
    _show(world, recommender.similar_items([catalog.item_ids[cold]], _K))

    new = pd.DataFrame({"title": ["Thunder on the Highway"], "artist": [None]})
    _headline('6. A song that is not even in the catalogue: "Thunder on the Highway", no artist')
    placed = recommender.recommend_for_new_items(new, _K)
    write(f"Only its title is known, so its words place it (source: {_first_source(placed)}).")
    _show(world, placed)

    _headline("7. Save, load, ask again")
    with tempfile.TemporaryDirectory() as folder:
        recommender.save(Path(folder) / "model")
        again = HybridRecommender.load(Path(folder) / "model")
        same = again.recommend(catalog.item_ids[seeds].tolist(), _K)
        files = files_in(Path(folder) / "model")
        size = sum((Path(folder) / "model" / name).stat().st_size for name in files) / 1e6
        alike = (same.item_ids == recommended.item_ids).all() and (
            same.scores == recommended.scores
        ).all()
        write(f"{len(files)} files, {size:.1f} MB, no pickle, every checksum verified on loading.")
        write(f"The loaded model gives {'the same' if alike else 'ANOTHER'} answer.")
    write()
    write("Next: hybrid-rec fit YOUR_PLAYS.csv --out model; hybrid-rec recommend model --item ID")


def _headline(text: str) -> None:
    write()
    write(text)
    write("-" * min(len(text), 100))


def _song(world: SyntheticDataset, row: int) -> str:
    title, artist = world.catalog.titles[row], world.catalog.artists[row]
    return f"{title or '(no title)'} by {artist or '(no artist)'} [{_genre(world, row)}]"


def _quoted(world: SyntheticDataset, row: int) -> str:
    return f'"{world.catalog.titles[row] or "(no title)"}"'


def _genre(world: SyntheticDataset, row: int) -> str:
    return str(world.truth.genres[world.truth.genre_of_item[row]])


def _first_source(recommendations: Recommendations) -> str:
    return "" if recommendations.query_sources is None else recommendations.query_sources[0]


def _show(
    world: SyntheticDataset, recommendations: Recommendations, hits: set[str] | None = None
) -> None:
    frame = recommendations.to_frame().drop(columns="query_id")
    frame["genre"] = [_genre(world, row) for row in world.catalog.rows(frame["item_id"])]
    if hits is not None:
        frame["hit"] = ["hit" if item_id in hits else "" for item_id in frame["item_id"]]
    print_table(frame, title="")
