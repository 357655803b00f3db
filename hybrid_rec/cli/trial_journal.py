"""The trials of a search: the two files that keep them, and what is printed of them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from evaluation.metrics.registry import MetricAtK
from evaluation.splits.split import Split
from evaluation.tuning.trials import Trial, changes, ranked, shown, trial_table
from evaluation.tuning.tuned_file import tuned_toml
from hybrid_rec.core.config import HybridConfig
from hybrid_rec.core.console import print_frame, write
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.core.files import check_writable, replace_text
from hybrid_rec.core.words import how_many

_SHOWN = 20
_FIRST_COLUMN = "rank,"


class TrialJournal:
    """The trials so far, kept in two files that are whole at every moment.

    Args:
        out: TOML file of the best configuration; a CSV file of all trials goes beside it.
        metric: What the trials improve.
        dataset: What they are measured on, for the header of the TOML file.
        conditions: How they are measured, for the same.

    Raises:
        ConfigError: If `out` names no file.
    """

    def __init__(self, out: Path, metric: MetricAtK, dataset: str, conditions: str) -> None:
        if not out.name:
            raise ConfigError(f"--out must name a file, got {out}.")
        self.trials: list[Trial] = []
        self._out = out
        self._table = out.with_name(f"{out.stem}.trials.csv")
        self._metric = metric
        self._dataset = dataset
        self._conditions = conditions

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

    def print(self, split: Split, *, as_json: bool) -> None:
        """All trials; on a terminal the best of them, and what they change."""
        table = trial_table(self.trials, self._metric)
        order = ranked(self.trials, self._metric)
        title = f"{how_many(len(order), 'trials')} on {how_many(len(split), 'validation cases')}"
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
            f"{how_many(len(split), 'cases')} that chose it: expect less on others",
        ]
        if not best.number:
            lines[1:] = ["no trial was better than the base configuration"]
        return lines

    def _header(self, best: Trial, split: Split) -> list[str]:
        return [
            f"Tuned by hybrid-rec tune on {self._dataset}.",
            *self._summary(best, split),
            f"split: {split.name}; {self._conditions}",
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
