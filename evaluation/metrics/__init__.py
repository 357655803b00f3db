"""Metrics: of rankings against targets (accuracy), and of what hits do not tell (beyond).

To add a metric, write a function decorated with `register_metric` in `accuracy` or in a file of
its own in this folder; to add a measure of lists, one decorated with `register_measure` in
`beyond` or in a file of its own. The harness, the tuner, the report and the help texts take all
names from there.
"""

from evaluation.metrics.rankings import evaluate_rankings, target_hits
from evaluation.metrics.registry import METRICS, MetricAtK

__all__ = ["METRICS", "MetricAtK", "evaluate_rankings", "target_hits"]
