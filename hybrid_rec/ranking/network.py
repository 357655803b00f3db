"""A small neural network over features, whose scores are added to those of the trees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from hybrid_rec.core.arrays import Doubles, Floats

# Standard deviations from the mean at which an input is cut off.
_FARTHEST = np.float32(4)
LARGEST_NUMBER = 1e10
"""Of a network; with such ones no score is infinite."""
# Inputs and what the units say are whole numbers of these parts, weights of those: sums of their
# products are exact in double precision, so that it does not matter in what order BLAS sums.
_PARTS, _WEIGHT_PARTS = float(1 << 12), float(1 << 16)
# Rows of one product, to bound memory.
_BLOCK = 256
# Points of the way from the mean candidate to one that is explained.
_POINTS = 32


@dataclass(frozen=True, eq=False)
class Network:
    """Two layers of rectified units over each feature and its root, both standardised.

    Trees cut a feature into steps; a network draws a line through what they leave apart.
    """

    centre: Floats
    """Means of the features and of their roots, `(2 n_features,)`."""
    scale: Floats
    """What is multiplied with what differs from them, `(2 n_features,)`; 0 looks at nothing."""
    first: Floats
    """Weights of the first layer, `(2 n_features, n_first)`."""
    first_bias: Floats
    """`(n_first,)`."""
    second: Floats
    """Weights of the second layer, `(n_first, n_second)`."""
    second_bias: Floats
    """`(n_second,)`."""
    last: Floats
    """Weights of its units in the score, `(n_second,)`."""

    def predict(self, rows: Floats) -> Doubles:
        """Scores of finite rows, `(n_rows,)`; the same to the last bit however many there are.

        Args:
            rows: `(n_rows, n_features)`.
        """
        blocks = [rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK)]
        scores = [self._of_inputs(self.inputs(block)) for block in blocks]
        return np.concatenate(scores) if scores else np.empty(0)

    def contributions(self, rows: Floats) -> Doubles:
        """What each feature adds to the scores, `(n_rows, n_features + 1)`, the base value last.

        The base value is the score of a mean candidate. What a feature adds is its slope in the
        mean of the way from there, times how far it goes.

        References:
            Sundararajan et al., "Axiomatic Attribution for Deep Networks", ICML 2017, for
            integrated gradients.
        """
        n_features = len(self.centre) // 2
        values = np.zeros((len(rows), n_features + 1))
        base = self._of_inputs(np.zeros((1, len(self.centre)), np.float32))[0]
        points = ((np.arange(_POINTS) + 0.5) / _POINTS).astype(np.float32)[:, None]
        for number, inputs in enumerate(self.inputs(rows)):
            added = self._slopes(points * inputs).mean(axis=0, dtype=np.float64) * inputs
            values[number, :n_features] = added.reshape(2, n_features).sum(axis=0)
        # What the points between miss is shared out by what was found.
        missed = self.predict(rows) - base - values.sum(axis=1)
        sizes = np.abs(values)
        sizes[:, -1] = ~sizes.any(axis=1)
        values += missed[:, None] * sizes / sizes.sum(axis=1, keepdims=True)
        values[:, -1] += base
        return values

    def inputs(self, rows: Floats) -> Floats:
        """What the first layer sees of some rows, `(n_rows, 2 n_features)`."""
        both = with_roots(rows)
        both -= self.centre
        both *= self.scale
        return np.clip(both, -_FARTHEST, _FARTHEST, out=both)

    def _of_inputs(self, inputs: Floats) -> Doubles:
        first, first_bias, second, second_bias, last = self._whole
        values = np.rint(inputs * np.float32(_PARTS)).astype(np.float64)
        for weights, bias in ((first, first_bias), (second, second_bias)):
            values = values @ weights
            values += bias
            np.maximum(values, 0, out=values)
            values *= 1 / _WEIGHT_PARTS
            np.rint(values, out=values)
        scores: Doubles = values @ last
        scores *= 1 / (_PARTS * _WEIGHT_PARTS)
        return scores

    @cached_property
    def _whole(self) -> tuple[Doubles, ...]:
        """Weights and biases as whole numbers of their parts."""
        weights = self.first, self.second, self.last
        first, second, last = (np.rint(one.astype(np.float64) * _WEIGHT_PARTS) for one in weights)
        biases = self.first_bias, self.second_bias
        one, two = (np.rint(b.astype(np.float64) * (_PARTS * _WEIGHT_PARTS)) for b in biases)
        return first, one, second, two, last

    def _slopes(self, inputs: Floats) -> Floats:
        """How the score of some inputs grows with each of them, `(n_rows, 2 n_features)`."""
        before = inputs @ self.first + self.first_bias
        above = np.maximum(before, 0) @ self.second + self.second_bias > 0
        slopes: Floats = (((above * self.last) @ self.second.T) * (before > 0)) @ self.first.T
        return slopes

    @property
    def numbers(self) -> Floats:
        """All of its numbers one after the other."""
        return np.concatenate([getattr(self, one.name).ravel() for one in fields(self)])

    @classmethod
    def of_numbers(cls, numbers: Floats, n_features: int, units: Sequence[int]) -> Network:
        """The network with these numbers.

        Args:
            numbers: As `numbers` gives them, `n_numbers(n_features, units)` of them.
            n_features: Features that it looks at.
            units: Units of its two layers.
        """
        shapes = _shapes(n_features, units)
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
        parts = np.split(numbers, ends[:-1])
        return cls(*(part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)))


def n_numbers(n_features: int, units: Sequence[int]) -> int:
    """How many numbers a network has.

    Args:
        n_features: Features that it looks at.
        units: Units of its two layers.
    """
    return sum(int(np.prod(shape)) for shape in _shapes(n_features, units))


def with_roots(rows: Floats) -> Floats:
    """Features, and behind them the roots of their sizes with their signs, `(n, 2 n_features)`."""
    n_features = rows.shape[1]
    both = np.empty((len(rows), 2 * n_features), np.float32)
    both[:, :n_features] = rows
    roots = both[:, n_features:]
    np.sqrt(np.abs(rows), out=roots)
    np.copysign(roots, rows, out=roots)
    return both


def _shapes(n_features: int, units: Sequence[int]) -> list[tuple[int, ...]]:
    first, second = units
    inputs = 2 * n_features
    return [(inputs,), (inputs,), (inputs, first), (first,), (first, second), (second,), (second,)]
