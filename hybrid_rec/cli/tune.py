"""What `hybrid-rec tune` does with its options."""

from __future__ import annotations

import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.metrics.registry import MetricAtK
from evaluation.splits.registry import make_validation_split
from evaluation.splits.sample import sample_split
from evaluation.splits.split import Split
from evaluation.tuning.proposer import load_optuna
from evaluation.tuning.trials import Trial, changes, ranked, shown, trial_table
from evaluation.tuning.tuned_file import tuned_toml
from evaluation.tuning.tuner import Tuner
from hybrid_rec.cli.evaluate import base_config
from hybrid_rec.core.config import HybridConfig
from hybrid_rec.core.console import complain, print_frame, write
from hybrid_rec.core.errors import ConfigError, DataError, StoppedEarlyError
from hybrid_rec.core.files import check_writable, replace_text
from hybrid_rec.core.interrupts import heard
from hybrid_rec.core.progress import as_progress
from hybrid_rec.data.datasets import read_dataset

_SHOWN = 20
_FIRST_COLUMN = "rank,"


@dataclass(frozen=True)
class TuneOptions:
    """The options of the command, as they were typed."""

    dataset: str
    items: Path | None
    out: Path
    budget: float
    trials: int | None
    weight_trials: int
    metric: str
    ranking: bool
    sample: int
    config: Path | None
    split: str
    seeds: str
    n_seeds: int
    min_length: int
    max_length: int | None
    seed: int
    quiet: bool
    as_json: bool


def run_tune(options: TuneOptions) -> None:
    """Read, split, search, write the best configuration and all trials, print them.

    Raises:
        StoppedEarlyError: On Ctrl-C after the first trial, with everything written and printed.
        HybridRecError: For every mistake in the options or the data.
    """
    started = time.monotonic()
    if not (math.isfinite(options.budget) and options.budget > 0):
        raise ConfigError(f"--budget must be minutes above 0, got {options.budget}.")
    metric = MetricAtK.parse(options.metric)
    base = base_config(options.config, options.dataset, options.seed)
    load_optuna()
    journal = _Journal(options, metric)
    journal.check()
    progress = as_progress(not options.quiet)
    data = read_dataset(options.dataset, items=options.items, progress=progress)
    split = sample_split(
        make_validation_split(
            options.split,
            data.playlists,
            data.catalog,
            seed=options.seed,
            seeds=options.seeds,
            n_seeds=options.n_seeds,
            min_length=options.min_length,
            max_length=options.max_length,
        ),
        options.sample,
        np.random.default_rng(options.seed),
    )
    tuner = Tuner(
        split,
        base,
        metric,
        deadline=started + 60 * options.budget,
        most=options.trials,
        weight_trials=options.weight_trials,
        ranking=options.ranking,
        progress=progress,
        tell=_silent if options.quiet else complain,
    )
    if not options.as_json:
        write(str(data.report))
        write(f"{split.name}: " + ", ".join(f"{n:,} {what}" for what, n in split.counts().items()))
    stopped = False
    try:
        for trial in tuner.trials():
            journal.add(trial, split)
            if not options.quiet:
                minutes = (time.monotonic() - started) / 60
                complain(f"{journal.line(trial)}; {minutes:.1f} of {options.budget:g} min")
    except KeyboardInterrupt:
        heard()
        if not journal.trials:
            raise
        stopped = True
    journal.print(split)
    if stopped:
        raise StoppedEarlyError(
            f"interrupted; the best of {len(journal.trials)} trials is in {options.out}."
        )


class _Journal:
    """The trials so far, in two files that are whole at every moment."""

    def __init__(self, options: TuneOptions, metric: MetricAtK) -> None:
        self.trials: list[Trial] = []
        self._options = options
        self._metric = metric
        self._out = options.out
        if not options.out.name:
            raise ConfigError(f"--out must name a file, got {options.out}.")
        self._table = options.out.with_name(f"{options.out.stem}.trials.csv")

    def check(self) -> None:
        """Refuse files that cannot be written or hold other things, before any work is done."""
        try:
            for path in (self._out, self._table):
                check_writable(path)
                if path.exists() and not self._ours(path):
                    raise ConfigError(
                        f"--out must name a new file or an earlier result, but {path} holds "
                        "something else; choose another name."
                    )
        except (OSError, ValueError) as error:
            raise self._unwritable(error) from None

    def add(self, trial: Trial, split: Split) -> None:
        """Write the trials with one more, and the best configuration if it is that."""
        self.trials.append(trial)
        best = ranked(self.trials, self._metric)[0]
        table = trial_table(self.trials, self._metric)
        try:
            replace_text(self._table, table.to_csv(index=False, lineterminator="\n"))
            # The header counts the trials, so the file is written every time.
            replace_text(
                self._out, tuned_toml(best.config, best.settings, self._header(best, split))
            )
        except OSError as error:
            raise self._unwritable(error) from None

    def line(self, trial: Trial) -> str:
        """One trial, and the best so far, for the eyes."""
        best = ranked(self.trials, self._metric)[0]
        return (
            f"trial {trial.number} (fit {trial.fit}): {self._metric} {trial.value:.4f}, "
            f"gain {trial.gain:+.4f}; best {best.value:.4f} (trial {best.number})"
        )

    def print(self, split: Split) -> None:
        """All trials; on a terminal the best of them, and what they change."""
        table = trial_table(self.trials, self._metric)
        order = ranked(self.trials, self._metric)
        as_json = self._options.as_json
        title = f"{len(order)} trials on {len(split):,} validation cases"
        if not as_json and sys.stdout.isatty():
            best = table.iloc[:_SHOWN, :7].assign(
                changed=[changes(trial, self.trials[0]) for trial in order[:_SHOWN]]
            )
            if len(order) > _SHOWN:
                title += f", the best {_SHOWN} of them; all are in {self._table}"
            print_frame(best, title=title)
        else:
            if not as_json:
                write(title)
                # Four decimals, as for metrics, would make 0 of a small setting.
                exact = {name: table[name].map(shown) for name in order[0].settings}
                table = table.assign(**exact)
            print_frame(table, title="", as_json=as_json)
        if not as_json:
            for line in self._summary(order[0], split):
                write(line)
            write(f"written: {self._out} and {self._table}")

    def _summary(self, best: Trial, split: Split) -> list[str]:
        lines = [
            f"best: trial {best.number} of {len(self.trials)}; {self._metric} {best.value:.4f}, "
            f"where the base configuration has {self.trials[0].value:.4f}",
            f"gain {best.gain:+.4f}, 95 % interval [{best.low:+.4f}, {best.high:+.4f}], on the "
            f"{len(split):,} cases that chose it: expect less on others",
        ]
        if not best.number:
            lines[1:] = ["no trial was better than the base configuration"]
        return lines

    def _header(self, best: Trial, split: Split) -> list[str]:
        stage = "the learned ranking" if self._options.ranking else "the linear score"
        return [
            f"Tuned by hybrid-rec tune on {self._options.dataset}.",
            *self._summary(best, split),
            f"split: {split.name}; measured with {stage}; seed {self._options.seed}",
        ]

    def _ours(self, path: Path) -> bool:
        if path == self._table:
            with path.open(encoding="utf-8") as file:
                return file.readline().startswith(_FIRST_COLUMN)
        try:
            HybridConfig.from_toml(path)
        except ConfigError:
            return False
        return True

    def _unwritable(self, error: Any) -> DataError:
        reason = getattr(error, "strerror", None) or error
        return DataError(f"--out {self._out} cannot be written: {reason}.")


def _silent(_text: str) -> None:
    pass
