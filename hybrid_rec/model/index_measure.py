"""What the approximate index of a model misses, and what it saves."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hybrid_rec.blocks.pooling import candidate_weights, take
from hybrid_rec.core.arrays import Doubles
from hybrid_rec.core.errors import ConfigError
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.model.fit import reindexed
from hybrid_rec.model.fitted import Model
from hybrid_rec.model.weights import similar_weights
from indexes.base import SearchResult

_CUTS = (10, 100)
_DEPTH = 100
_SHORTEST = 2


@dataclass(frozen=True, eq=False)
class _Asked:
    """Queries of one kind."""

    seeds: Playlists
    targets: Playlists | None
    weights: Mapping[str, float]


def measure_index(model: Model, n_queries: int = 200, *, seed: int = 0) -> dict[str, Any]:
    """The model's index beside exact search over the vectors that it gives back.

    The queries are items, as `similar_items` asks them, and first halves of training playlists, as
    `recommend` does. In a model with ranking that is the search for candidates, among which the
    ranking has others, too; in one without it is the linear score. Queries are asked one by one.

    Args:
        model: What is measured; its vectors are held twice meanwhile.
        n_queries: Queries of each kind; fewer if there are not so many.
        seed: Draws them.

    Returns:
        `factory`, `queries`, `seed`, and `rows`, one for each kind of query: `recall@10` and
        `recall@100` (share of the exact list; rows with equal scores are as good as each other),
        for playlists `hit_rate@10` (the second half of the playlist as targets), `exact
        hit_rate@10` and `hit_rate@10 loss`; `p50_ms` and `p99_ms`, and the same for exact search.

    Raises:
        ConfigError: If the number of queries is below 1.
    """
    if n_queries < 1:
        raise ConfigError(f"the number of queries must be at least 1, got {n_queries}.")
    rng = np.random.default_rng(seed)
    exact = reindexed(model, "Flat")
    rows = []
    for kind, asked in (
        ("items", _items(model, n_queries, rng)),
        ("playlists", _playlists(model, n_queries, rng)),
    ):
        if len(asked.seeds):
            rows.append({"queries": kind, **_compare(model, exact, asked)})
    return {
        "factory": (model.choice.factory if model.choice else model.config.index.factory),
        "queries": n_queries,
        "seed": seed,
        "rows": rows,
    }


def _items(model: Model, n_queries: int, rng: np.random.Generator) -> _Asked:
    n_items = len(model.catalog)
    rows = rng.choice(n_items, min(n_queries, n_items), replace=False)
    alike = similar_weights(model, None)
    return _Asked(Playlists.from_rows(np.ones(len(rows), np.int64), rows, n_items), None, alike)


def _playlists(model: Model, n_queries: int, rng: np.random.Generator) -> _Asked:
    distinct = model.playlists.distinct()
    usable = np.flatnonzero(distinct.lengths >= _SHORTEST)
    drawn = distinct.select(rng.permutation(usable)[:n_queries])
    place = np.arange(drawn.n_plays) - drawn.offsets[drawn.owners]
    first = place < (drawn.lengths // 2)[drawn.owners]
    weights = model.given_weights
    if model.ranking is not None:
        weights = candidate_weights(model.blocks, weights)
    return _Asked(drawn.select_plays(first), drawn.select_plays(~first), weights)


def _compare(near: Model, exact: Model, asked: _Asked) -> dict[str, Any]:
    """One row of the measurement."""
    truth, exact_ms = _ask(exact, asked)
    found, near_ms = _ask(near, asked)
    row: dict[str, Any] = {}
    for cut in _CUTS:
        row[f"recall@{cut}"] = float(
            np.mean([_recall(*pair, cut) for pair in zip(truth, found, strict=True)])
        )
    if asked.targets is not None:
        for name, results in (("hit_rate@10", found), ("exact hit_rate@10", truth)):
            row[name] = float(
                np.mean(
                    [
                        np.isin(result.rows[0, : _CUTS[0]], targets).any()
                        for result, targets in zip(results, asked.targets, strict=True)
                    ]
                )
            )
        row["hit_rate@10 loss"] = row["exact hit_rate@10"] - row["hit_rate@10"]
    for name, times in (("", near_ms), ("exact ", exact_ms)):
        row[f"{name}p50_ms"] = round(float(np.percentile(times, 50)), 3)
        row[f"{name}p99_ms"] = round(float(np.percentile(times, 99)), 3)
    return row


def _ask(model: Model, asked: _Asked) -> tuple[list[SearchResult], Doubles]:
    """The answers to the queries, one by one, and the milliseconds of each."""
    queries = model.queries(asked.seeds)
    answers, times = [], []
    for number, seeds in enumerate(asked.seeds):
        one = take(queries, np.array([number]))
        started = time.perf_counter()
        answers.append(model.index.search(one, _DEPTH, asked.weights, exclude=[seeds]))
        times.append((time.perf_counter() - started) * 1e3)
    return answers, np.array(times)


def _recall(truth: SearchResult, found: SearchResult, k: int) -> float:
    """Share of the k best that were found; what scores as high as the last of them is as good."""
    best = truth.scores[0, :k][truth.rows[0, :k] >= 0]
    return float((found.scores[0, :k] >= best[-1]).sum() / len(best)) if len(best) else 1.0
