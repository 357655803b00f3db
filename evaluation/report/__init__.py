"""The report of a comparison."""

from evaluation.report.report import write_report

__all__ = ["write_report"]
