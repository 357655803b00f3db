"""Studies of one fitted recommender that take more than one evaluation.

To add a study, write a function decorated with `register_study` in a file of its own in this
folder. `hybrid-rec evaluate --studies`, its help text and the report take its name from there.
"""

from evaluation.studies.registry import STUDIES, Studied, run_studies

__all__ = ["STUDIES", "Studied", "run_studies"]
