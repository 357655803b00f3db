"""Tuner: a search for better settings on the validation part of a split."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from evaluation.harness import evaluate
from evaluation.metrics.registry import MetricAtK
from evaluation.significance import bootstrap_interval
from evaluation.splits.split import Split
from evaluation.tuning.proposer import FIT_STARTUP, WEIGHT_STARTUP, Proposer
from evaluation.tuning.spaces import (
    Settings,
    fit_cost,
    fit_settings,
    fit_space,
    settings_of,
    weight_space,
    with_settings,
)
from evaluation.tuning.trials import Trial
from evaluation.tuning.watch import TooLateError, Watch
from hybrid_rec.blocks.block_set import BlockSet, columns_of
from hybrid_rec.core.config import HybridConfig
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.core.progress import Progress
from hybrid_rec.data.training import check_training
from hybrid_rec.model.fit import describe_items, fuse
from hybrid_rec.model.fitted import Model
from hybrid_rec.model.training import Learned, learn_vectors
from hybrid_rec.recommender import HybridRecommender

DEFAULT_WEIGHT_TRIALS = 12
# The dearest fit that is tried, as a multiple of what the base or the defaults take, whichever is
# more. One such fit costs as much as five others.
DEAREST_FIT = 5.0
# With fewer cases, the best of many trials is merely the luckiest.
FEWEST_CASES = 10


class Tuner:
    """A search in two levels: fits of Word2Vec, and cheap trials of block weights on each fit.

    One sampler proposes settings of Word2Vec; it learns from the best trial of each fit. Another
    proposes block weights and cold start; it learns from all trials of all fits. To make trials of
    different fits comparable, the first trial of each fit repeats the best weights so far. If the
    new vectors score higher, the lead of that first trial is subtracted from all trials of the fit.
    If they score lower, nothing is added: weights that help poor vectors, such as a high one for
    popularity, do not help good ones. The very first trial is the base configuration.

    Args:
        split: Training playlists and cases; of a validation part, see `make_validation_split`.
        base: Where the search starts; what is not searched stays as it is here.
        metric: What is to become better.
        deadline: Reading of `clock` at which the search must be over. No trial begins that would
            take longer, judged by the mean so far, and a fit that turns out to take longer is
            given up. The rest of the time goes to weights of the best fit. The first trial always
            runs.
        most: Trials at most; None for no limit. Without a deadline that matters, the same seed
            and number give the same trials.
        weight_trials: Trials of weights with the same vectors, for each fit.
        ranking: Whether to measure with the learned second stage, which each trial then learns
            anew, rather than by the linear score. It takes many times longer.
        progress: Told of every stage.
        tell: Called with messages for the user.
        clock: A monotonic clock, in seconds.

    Raises:
        ConfigError: If there would be no trial, or no ranking to measure with.
        DataError: If the split has no training plays or too few cases.
        HybridRecError: If Optuna is not installed.
    """

    def __init__(
        self,
        split: Split,
        base: HybridConfig,
        metric: MetricAtK,
        *,
        deadline: float = float("inf"),
        most: int | None = None,
        weight_trials: int = DEFAULT_WEIGHT_TRIALS,
        ranking: bool = False,
        progress: Progress | None = None,
        tell: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        for name, value in (("trials", most), ("weight trials", weight_trials)):
            if value is not None and value < 1:
                raise ConfigError(f"{name} must be at least 1, got {value}.")
        if ranking and not base.ranking.enabled:
            raise ConfigError(
                "to measure with the learned ranking, ranking.enabled must be true in the config."
            )
        check_training(split.train, split.catalog)
        split = split.without_near_copies()
        if len(split) < FEWEST_CASES:
            raise DataError(
                f"tuning must have at least {FEWEST_CASES} held-out playlists, but {split.name} "
                f"has {len(split)}; give more playlists or a lower minimum length."
            )
        self.split = split
        """What is measured on: the split without near-copies of training playlists."""
        self._base = base
        self._metric = metric
        self._deadline = deadline
        self._most = most
        self._weight_trials = weight_trials
        self._ranking = ranking
        self._progress = progress or Progress()
        self._tell = tell or (lambda _text: None)
        self._clock = clock
        self._fits = Proposer(fit_space(split.train), base.seed, FIT_STARTUP, self._affordable)
        self._weights = Proposer(weight_space(base, split.catalog), base.seed, WEIGHT_STARTUP)

    def trials(self) -> Iterator[Trial]:
        """Run the search, one trial at a time; stop iterating to end it.

        Raises:
            ModelUnavailableError: If the title model cannot be found.
            ConfigError: If the index factory does not suit the data.
        """
        catalog = self.split.catalog
        blocks = BlockSet.of(self._base, columns_of(catalog.table))
        self._items = describe_items(blocks, catalog, self._progress)
        self._n_trials = 0
        self._seconds: dict[str, list[float]] = {"fit": [], "weights": []}
        self._first: Trial | None = None
        self._best = _Best(settings_of(self._base, self._weights.space))
        settings = fit_settings(self._base, self._fits.space, self.split.train)
        number = 0
        while (fitted := self._fit(number, settings)) is not None:
            yield from self._try_weights(fitted, self._weight_trials)
            self._fits.learn(settings, fitted.best)
            settings = self._fits.propose()
            number += 1
        # Time that is too short for another fit may do for more weights.
        assert self._best.fitted is not None
        yield from self._try_weights(self._best.fitted, None)

    def _fit(self, number: int, settings: Settings) -> _Fitted | None:
        """New vectors; None if there is no time for them, or no trial left."""
        if number and not self._may("fit", "weights"):
            return None
        config = self._measured(with_settings(self._base, settings))
        started = self._clock()
        watch = Watch(self._progress, self._deadline, self._clock) if number else self._progress
        try:
            learned = learn_vectors(self.split.train, config, watch)
        except TooLateError:
            self._tell(
                f"fit {number} would have lasted beyond the budget and was given up after "
                f"{self._clock() - started:.0f} s"
            )
            return None
        seconds = self._clock() - started
        self._seconds["fit"].append(seconds)
        return _Fitted(number, settings, learned, seconds)

    def _try_weights(self, fitted: _Fitted, count: int | None) -> Iterator[Trial]:
        """Trials of weights with some vectors: `count` of them, or as many as there is time for."""
        done = 0
        while done != count and (self._first is None or self._may("weights")):
            settings = self._best.settings if fitted.offset is None else self._weights.propose()
            trial = self._try(fitted, settings)
            score = self._metric.sign * trial.value
            if fitted.offset is None:
                fitted.offset = min(0.0, self._best.level - score)
            level = score + fitted.offset
            self._weights.learn(settings, level)
            fitted.best = max(fitted.best, score)
            if score > self._best.score:
                self._best = _Best(settings, level, score, fitted)
            done += 1
            yield trial

    def _try(self, fitted: _Fitted, settings: Settings) -> Trial:
        started = self._clock()
        chosen = {**fitted.settings, **settings}
        config = with_settings(self._base, chosen)
        split = self.split
        # The linear score takes a moment, and its bars would only hide the lines of the trials.
        told = self._progress if self._ranking else Progress()
        model = fuse(
            split.train, split.catalog, self._measured(config), fitted.learned, self._items, told
        )
        found = evaluate(_Fused(model), split, (self._metric.k,), fit=False, progress=told)
        cases = found.cases[str(self._metric)].to_numpy(dtype=np.float64)
        difference = cases - (cases if self._first is None else self._first.cases)
        low, high = bootstrap_interval(difference[None, :], self._base.seed)
        seconds = self._clock() - started
        self._seconds["weights"].append(seconds)
        trial = Trial(
            number=self._n_trials,
            fit=fitted.number,
            settings=chosen,
            config=config,
            cases=cases,
            gain=float(difference.mean()),
            low=float(low[0]),
            high=float(high[0]),
            seconds=seconds + (fitted.seconds if fitted.offset is None else 0),
        )
        self._first = self._first or trial
        self._n_trials += 1
        return trial

    def _affordable(self, settings: Settings) -> bool:
        """Whether a fit is not far slower than usual; a few settings would use up the budget."""
        train = self.split.train
        usual = max(fit_cost(config, train) for config in (self._base, HybridConfig()))
        return fit_cost(with_settings(self._base, settings), train) <= DEAREST_FIT * usual

    def _may(self, *stages: str) -> bool:
        """Whether trials are left, and time for these stages, judged by their mean so far."""
        if self._most is not None and self._n_trials >= self._most:
            return False
        expected = sum(float(np.mean(self._seconds[stage])) for stage in stages)
        return self._clock() + expected <= self._deadline

    def _measured(self, config: HybridConfig) -> HybridConfig:
        ranking = config.ranking.model_copy(update={"enabled": self._ranking})
        return config.model_copy(update={"ranking": ranking})


@dataclass(eq=False)
class _Fitted:
    """Learned vectors, and how to compare their trials with those of other vectors."""

    number: int
    settings: Settings
    learned: Learned
    seconds: float
    best: float = float("-inf")
    offset: float | None = None
    """Added to the scores of these vectors to compare them; None before the first trial."""


@dataclass(frozen=True, eq=False)
class _Best:
    """The best trial so far; before the first one, the weights of the base."""

    settings: Settings
    level: float = float("inf")
    """What its weights would score with the vectors of the base."""
    score: float = float("-inf")
    fitted: _Fitted | None = None


class _Fused(HybridRecommender):
    """A recommender over a model that was put together here."""

    def __init__(self, model: Model) -> None:
        super().__init__(model.config)
        self._set(model)
