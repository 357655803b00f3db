"""Training of a network over the features of cases."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from hybrid_rec.core.arrays import Floats, Mask, Rows
from hybrid_rec.core.config import NetworkConfig
from hybrid_rec.core.linalg import reproducible
from hybrid_rec.core.progress import Advance
from hybrid_rec.ranking.cases import Case
from hybrid_rec.ranking.network import Network, with_roots

# Cases of a step, and the share of their candidates without a hit that a round looks at.
_BATCH, _NEGATIVES = 32, 0.2
# Share of the units whose values a step leaves out.
_DROPPED = 0.2
# Variance of the first weights of a unit, all together.
_FIRST_VARIANCE = 1 / 3
# Of Adam: how much of the slopes and of their squares is kept from step to step.
_KEPT, _KEPT_SQUARES, _SMALLEST = 0.9, 0.999, 1e-8
# Share of the steps in which they grow to their full length; then they get shorter again.
_GROWING = 0.3
# Deviations below this share of the mean are rounding; so are those below the smallest.
_CONSTANT, _SMALLEST_DEVIATION = 1e-5, 1e-9


@reproducible()
def train_network(
    cases: Sequence[Case],
    config: NetworkConfig,
    seed: int,
    ignored: Sequence[int],
    advance: Advance,
) -> Network:
    """A network that puts the hits of each case on top, its scores times the weight given to it.

    It lessens the cross entropy between the hits of a case and the softmax of its scores.

    Args:
        cases: What to learn from; each has a hit.
        config: Its size, and how long it is trained.
        seed: Draws its first weights and what each round looks at.
        ignored: Columns of features that it does not look at.
        advance: Told after every round.

    References:
        Cao et al., "Learning to Rank: From Pairwise Approach to Listwise Approach", ICML 2007;
        Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015;
        Srivastava et al., "Dropout", JMLR 2014.
    """
    rng = np.random.default_rng(seed)
    centre, scale = _standard(cases, ignored)
    sizes = (len(centre), *config.units, 1)
    layers = [
        (rng.standard_normal((n_in, n_out)) * np.sqrt(_FIRST_VARIANCE / n_in)).astype(np.float32)
        for n_in, n_out in pairwise(sizes)
    ]
    first, second, last = layers
    biases = [np.zeros(n, np.float32) for n in config.units]
    network = Network(centre, scale, first, biases[0], second, biases[1], last[:, 0])
    steps = _Adam([network.first, network.first_bias, network.second, network.second_bias,
                   network.last])  # fmt: skip
    for epoch in range(config.epochs):
        order = rng.permutation(len(cases))
        for start in range(0, len(cases), _BATCH):
            done = (epoch * len(cases) + start) / (config.epochs * len(cases))
            part = [cases[number] for number in order[start : start + _BATCH].tolist()]
            slopes = _slopes(network, *_drawn(part, rng), rng)
            steps.take(slopes, config.learning_rate * _length(done))
        advance(1)
    # Its weight is one of the last layer, so that nobody has to know of it later.
    network.last[:] *= np.float32(config.weight)
    return network


def _standard(cases: Sequence[Case], ignored: Sequence[int]) -> tuple[Floats, Floats]:
    """Means of the inputs, and one over their deviations; 0 for those that are ever the same."""
    n_inputs = 2 * cases[0].features.shape[1]
    count, sums, squares = 0, np.zeros(n_inputs), np.zeros(n_inputs)
    for case in cases:
        inputs = with_roots(case.features).astype(np.float64)
        count += len(inputs)
        sums += inputs.sum(axis=0)
        squares += (inputs * inputs).sum(axis=0)
    means = sums / count
    deviations = np.sqrt(np.maximum(squares / count - means * means, 0))
    varies = deviations > np.maximum(_CONSTANT * np.abs(means), _SMALLEST_DEVIATION)
    varies.reshape(2, -1)[:, list(ignored)] = False
    scale = np.divide(1, deviations, out=np.zeros(n_inputs), where=varies)
    return means.astype(np.float32), scale.astype(np.float32)


def _drawn(part: Sequence[Case], rng: np.random.Generator) -> tuple[Floats, Mask, Rows]:
    """Some candidates of some cases, which are hits, and where each case begins."""
    kept = [case.hits | (rng.random(len(case.hits)) < _NEGATIVES) for case in part]
    rows = [case.features[keep] for case, keep in zip(part, kept, strict=True)]
    hits = np.concatenate([case.hits[keep] for case, keep in zip(part, kept, strict=True)])
    starts = np.cumsum([0, *map(len, rows[:-1])])
    return np.concatenate(rows), hits, starts


def _slopes(
    network: Network, rows: Floats, hits: Mask, starts: Rows, rng: np.random.Generator
) -> list[Floats]:
    """How the loss of some cases grows with each weight."""
    inputs = network.inputs(rows)
    first = _units(inputs @ network.first + network.first_bias, rng)
    second = _units(first @ network.second + network.second_bias, rng)
    wrong = _wrong(second @ network.last, hits, starts)
    back_second = np.outer(wrong, network.last) * (second > 0) / np.float32(1 - _DROPPED)
    back_first = (back_second @ network.second.T) * (first > 0) / np.float32(1 - _DROPPED)
    return [
        inputs.T @ back_first,
        back_first.sum(axis=0),
        first.T @ back_second,
        back_second.sum(axis=0),
        second.T @ wrong,
    ]


def _units(values: Floats, rng: np.random.Generator) -> Floats:
    """Rectified values, of which some are left out and the others count for more."""
    values *= values > 0
    values *= rng.random(values.shape, np.float32) >= _DROPPED
    values /= np.float32(1 - _DROPPED)
    return values


def _wrong(scores: Floats, hits: Mask, starts: Rows) -> Floats:
    """How the loss grows with each score: softmax less the share of the hits, over the cases."""
    lengths = np.diff([*starts.tolist(), len(scores)])
    highest = np.maximum.reduceat(scores, starts)
    softmax = np.exp(scores - np.repeat(highest, lengths))
    softmax /= np.repeat(np.add.reduceat(softmax, starts), lengths)
    n_hits = np.add.reduceat(hits.astype(np.float32), starts)
    wrong: Floats = (softmax - hits / np.repeat(n_hits, lengths)) / np.float32(len(starts))
    return wrong.astype(np.float32)


def _length(done: float) -> float:
    """How long a step is, as a share of the longest, after a share of all steps was done."""
    return min((done + 0.01) / _GROWING, (1 - done) / (1 - _GROWING))


class _Adam:
    """Steps against slopes, longer where they are steady.

    Args:
        weights: What is changed in place.
    """

    def __init__(self, weights: Sequence[Floats]) -> None:
        self._weights = weights
        self._means = [np.zeros_like(one) for one in weights]
        self._squares = [np.zeros_like(one) for one in weights]
        self._taken = 0

    def take(self, slopes: Sequence[Floats], length: float) -> None:
        """One step of some length."""
        self._taken += 1
        grown = np.sqrt(1 - _KEPT_SQUARES**self._taken) / (1 - _KEPT**self._taken)
        step = np.float32(length * grown)
        for weight, slope, mean, square in zip(
            self._weights, slopes, self._means, self._squares, strict=True
        ):
            mean += np.float32(1 - _KEPT) * (slope - mean)
            square += np.float32(1 - _KEPT_SQUARES) * (slope * slope - square)
            weight -= step * mean / (np.sqrt(square) + np.float32(_SMALLEST))
