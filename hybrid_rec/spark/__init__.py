"""The same jobs on a Spark cluster; the only package that imports pyspark (extra `spark`)."""

from hybrid_rec.spark.mpd import read_mpd
from hybrid_rec.spark.plays import read_plays
from hybrid_rec.spark.prepare import Prepared, prepare
from hybrid_rec.spark.rows import PlayRows
from hybrid_rec.spark.sample import sample
from hybrid_rec.spark.session import spark_session
from hybrid_rec.spark.statistics import count_neighbours
from hybrid_rec.spark.vectors import learn_vectors

__all__ = [
    "PlayRows",
    "Prepared",
    "count_neighbours",
    "learn_vectors",
    "prepare",
    "read_mpd",
    "read_plays",
    "sample",
    "spark_session",
]
