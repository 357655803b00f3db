from .mpd import read_mpd
from .plays import read_plays
from .preparation import Prepared, prepare
from .rows import PlayRows
from .sampling import sample
from .scoring.frames import rejected, score, similar_items
from .scoring.nearest import playlist_vectors, similar_playlists
from .scoring.run import score_files
from .session import spark_session
from .statistics import count_neighbours
from .vectors import learn_vectors

__all__ = [
    "PlayRows",
    "Prepared",
    "count_neighbours",
    "learn_vectors",
    "playlist_vectors",
    "prepare",
    "read_mpd",
    "read_plays",
    "rejected",
    "sample",
    "score",
    "score_files",
    "similar_items",
    "similar_playlists",
    "spark_session",
]
