"""The report of a comparison: a folder with a page, its Markdown, all numbers and all cases."""

from evaluation.report.folder import check_target, write_report

__all__ = ["check_target", "write_report"]
