"""Files whose every text is meant for the terminal, and a command line of each command on them.

The command lines are derived from the commands themselves: a new one is tried as soon as it is
registered, and one with a required parameter of a new name says so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import typer

from hybrid_rec import Catalog, HybridConfig, HybridRecommender, Playlists
from hybrid_rec.cli.app import app
from hybrid_rec.model.manifest import as_text

# Writes the clipboard, clears the screen in two ways, turns text, ends lines, hides itself.
NASTY = (
    "\x1b]52;c;Zm9v\x07\x1b[2J\x9b2J\u202eabc\u2066\u200f\u061c\r\b\x7f\x85\u2028\u2029\ufeff"
    "\U000e0041[/red] | `x`"
)
SAFE_WIDE = "日本語の歌 👩\u200d🎤 e\u0301"
NAME = f"name {NASTY}\nsaved to nowhere\tx".replace("/", "")
TOML = (
    '[titles]\nencoder = "tfidf"\ntfidf_size = 8\n[cooccurrence]\nepochs = 1\nvector_size = 8\n'
    "[ranking]\nenabled = false\n"
)


@dataclass(frozen=True)
class World:
    """Where everything is."""

    folder: Path
    plays: Path
    items: Path
    config: Path
    model: Path
    item_id: str


def hostile_world(folder: Path, *, plain: bool = False) -> World:
    """Make the files, and a model of them, in a folder.

    Args:
        folder: Where to.
        plain: Whether the texts are harmless instead.
    """
    nasty = "" if plain else NASTY
    home = folder / ("name" if plain else NAME)
    home.mkdir()
    rng = np.random.default_rng(0)
    ids = [f"{number}{nasty}" for number in range(30)]
    items = pd.DataFrame(
        {
            "item_id": ids,
            "title": [f"song {n % 7} {nasty}\n{SAFE_WIDE}\tend" for n in range(30)],
            "artist": [f"artist {n % 5} {nasty}" for n in range(30)],
            "tags": [[f"tag {n % 3} {nasty}"] for n in range(30)],
            f"column {nasty}": [f"value {nasty}"] * 30,
        }
    )
    # Two tastes, so that there is something to be learned.
    lists = [(n % 2 * 15 + rng.permutation(15)[:12]).tolist() for n in range(150)]
    plays = pd.DataFrame(
        [(f"list {n}{nasty}", ids[row]) for n, rows in enumerate(lists) for row in rows],
        columns=["playlist_id", "item_id"],
    )
    world = World(
        folder, home / "plays.parquet", home / "items.parquet", home / "hybrid.toml",
        home / "model", ids[0],
    )  # fmt: skip
    plays.to_parquet(world.plays)
    items.to_parquet(world.items)
    world.config.write_text(TOML)
    catalog = Catalog.from_frame(items)
    config = HybridConfig.from_toml(world.config)
    recommender = HybridRecommender(config)
    recommender.fit(Playlists.from_frame(plays, catalog), catalog).save(world.model)
    if not plain:
        spoil_manifest(world.model)
    return world


def spoil_manifest(model: Path) -> None:
    """Put such texts into a manifest, with a digest that fits."""
    path = model / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["libraries"] |= {f"lib{NASTY}": f"1{NASTY}"}
    manifest["index"]["reason"] = f"because {NASTY}\nof this"
    path.write_text(as_text(manifest))


def arguments_of(command: str, world: World, out: Path) -> list[str]:
    """A command line that does the work of the command on the files of the world."""
    group: Any = typer.main.get_command(app)
    values: dict[str, list[str]] = {
        "model": [str(world.model)],
        "dataset": [str(world.plays)],
        "paths": [str(world.plays), str(out / "scores")],
        "playlists": [str(world.plays)],
        "items": [str(world.items)],
        "config": [str(world.config)],
        "item": [world.item_id],
        "budget": ["0.001"],
        "trials": ["1"],
        "k": ["5"],
        "baselines": ["popularity"],
        "min_length": ["4"],
        "report": [str(out / "report")],
        "out": [str(out / "made")],
        "to": ["parquet"],
        "text": ["song"],
        "length": ["5"],
        "explain": [], "extend": [], "measure": [],
    }  # fmt: skip
    options: list[str] = []
    places: list[str] = []
    for parameter in group.commands[command].params:
        # `score` has a switch of the same name as a file elsewhere.
        given = values.get(parameter.name)
        flag = bool(getattr(parameter, "is_flag", False))
        if given is None or flag != (not given):
            assert not parameter.required, f"tests need a value for {parameter.name} of {command}"
        elif parameter.param_type_name == "argument":
            places += given
        else:
            options += [parameter.opts[0], *given]
    return [command, *options, "--", *places]
