"""The same jobs on a Spark cluster; the only package that imports pyspark (extra `spark`)."""

from hybrid_rec.spark.scoring.frames import rejected, score, similar_items
from hybrid_rec.spark.scoring.nearest import playlist_vectors, similar_playlists
from hybrid_rec.spark.scoring.run import score_files
from hybrid_rec.spark.session import spark_session

__all__ = [
    "playlist_vectors",
    "rejected",
    "score",
    "score_files",
    "similar_items",
    "similar_playlists",
    "spark_session",
]
