"""What some arguments may be, for modules that must load nothing else."""

from typing import Literal

Distinct = Literal["song"]
"""What a list holds once: `song`, all releases of a song."""
ExportTo = Literal["projector", "word2vec", "parquet", "lance"]
"""What an export is for: TensorBoard's projector, tools of word vectors, or a database."""

ARCHIVES = (".tar", ".tar.gz", ".tgz", ".zip")
"""Ends of the names of archives that a cluster takes a model from."""
