"""The text format of word2vec, which `gensim` and most tools of word vectors read."""

from __future__ import annotations

from pathlib import Path

from hybrid_rec.core.errors import DataError
from hybrid_rec.core.quoting import quoted
from hybrid_rec.explore.exported import Exported

VECTORS = "vectors.txt"


def write(taken: Exported, folder: Path) -> None:
    """Write a line an item: its id and its vector, with spaces between.

    Args:
        taken: What is written; of its blocks there must be one.
        folder: An existing folder.

    Raises:
        DataError: If an id holds a space or another character that ends a word.
    """
    ((block, width),) = taken.widths.items()
    with (folder / VECTORS).open("w", encoding="utf-8", newline="\n") as file:
        file.write(f"{len(taken)} {width}\n")
        for table, by_block in taken.chunks():
            ids = table[taken.id_column].to_pylist()
            for own_id, vector in zip(ids, by_block[block].tolist(), strict=True):
                if own_id.split() != [own_id]:
                    raise DataError(
                        f"ids must hold no spaces in the format word2vec, but {quoted(own_id)} "
                        "does; export to parquet, or give it another id and fit again."
                    )
                values = " ".join(f"{value:.9g}" for value in vector)
                file.write(f"{own_id} {values}\n")
