"""Proposer: which settings to try next, by Optuna; the only import of optuna.

The library is imported when a search begins, not before; the extra `tune` installs it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evaluation.tuning.spaces import Flag, Real, Settings, Space, Whole
from hybrid_rec.core.errors import HybridRecError

# An hour is enough for some thirty fits; more random ones would leave too few for the search.
FIT_STARTUP = 6
WEIGHT_STARTUP = 10
_DRAWS = 100


class Proposer:
    """Proposes settings from the results of earlier ones, with Optuna's TPE sampler.

    Args:
        space: What may be proposed.
        seed: The same seed and the same results give the same proposals.
        startup: Random proposals before it uses the results.
        accept: Tells whether settings may be proposed; by default all may.

    Raises:
        HybridRecError: If Optuna is not installed.

    References:
        Bergstra et al., "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011. Akiba et al.,
        "Optuna: A Next-generation Hyperparameter Optimization Framework", KDD 2019.
    """

    def __init__(
        self,
        space: Space,
        seed: int,
        startup: int,
        accept: Callable[[Settings], bool] = lambda _settings: True,
    ) -> None:
        self._optuna = load_optuna()
        self._accept = accept
        self.space = space
        self._distributions = {name: self._distribution(values) for name, values in space.items()}
        self._study = self._optuna.create_study(
            direction="maximize",
            sampler=self._optuna.samplers.TPESampler(seed=seed, n_startup_trials=startup),
        )

    def propose(self) -> Settings:
        """Settings worth trying; numbers have three digits, for people to read."""
        settings = self._draw()
        # If none is accepted, one that is not is better than none.
        for _ in range(_DRAWS):
            if self._accept(settings):
                break
            settings = self._draw()
        return settings

    def _draw(self) -> Settings:
        asked = self._study.ask(self._distributions)
        # Results come by `learn`, also for settings that were never asked for, so this is closed.
        self._study.tell(asked, state=self._optuna.trial.TrialState.FAIL)
        return {
            name: float(f"{value:.3g}") if isinstance(value, float) else value
            for name, value in asked.params.items()
        }

    def learn(self, settings: Settings, value: float) -> None:
        """Learn the result of some settings; higher is better.

        Args:
            settings: All of the space. Values out of range count as the nearest one in it.
            value: How good they are.
        """
        self._study.add_trial(
            self._optuna.trial.create_trial(
                params={
                    name: values.nearest(settings[name]) for name, values in self.space.items()
                },
                distributions=self._distributions,
                value=value,
            )
        )

    def _distribution(self, values: Whole | Real | Flag) -> Any:
        kinds = self._optuna.distributions
        if isinstance(values, Flag):
            return kinds.CategoricalDistribution((False, True))
        if isinstance(values, Whole):
            return kinds.IntDistribution(values.low, values.high, log=values.log, step=values.step)
        return kinds.FloatDistribution(values.low, values.high, log=values.log)


def load_optuna() -> Any:
    """The library, loaded and kept from writing a line for every study to standard error.

    Raises:
        HybridRecError: If it is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise HybridRecError(
            f"tuning needs the library optuna, but importing it failed: {error}. Install it with: "
            "pip install 'hybrid-rec[tune]'"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
