"""Titles a second, beside a plain `SentenceTransformer.encode` of the same texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hybrid_rec import read_dataset, read_yes_catalog
from hybrid_rec.blocks.text.cleaning import distinct_texts
from hybrid_rec.blocks.text.models import locate_model
from hybrid_rec.blocks.text.precision import resolve_precision
from hybrid_rec.blocks.text.sentences import SentenceEncoder
from hybrid_rec.core.config import TextConfig
from tests.benchmarks import measure

N_TITLES = 3000
ROUNDS = 5
PLAIN = "SentenceTransformer.encode"

Encode = Callable[[list[str]], NDArray[np.float32]]


def real_titles() -> dict[str, list[str]]:
    """Texts of the sets, cleaned: distinct ones at even distances, and the first as they come."""
    data = measure.data_dir()
    catalogs = {
        "yes_complete": read_yes_catalog(data / "yes_complete"),
        "wfmu": read_dataset(f"{data}/wfmu/plays.parquet").catalog,
        "ml-latest-small": read_dataset(f"movielens:{data}/ml-latest-small").catalog,
    }
    found = {}
    for name, catalog in catalogs.items():
        texts, places = distinct_texts(catalog.titles)
        found[f"{name}, distinct"] = texts[:: len(texts) // N_TITLES][:N_TITLES]
        found[f"{name}, as they come"] = [texts[i] for i in places[places >= 0][:N_TITLES]]
    return found


def encoders() -> dict[str, Encode]:
    """The plain one first, then ours in both precisions; models are loaded, nothing is cached."""
    from sentence_transformers import SentenceTransformer

    config = TextConfig(cache=False)
    model: Any = SentenceTransformer(str(locate_model(config.model).folder), device="cpu")

    def plain(texts: list[str]) -> NDArray[np.float32]:
        return np.asarray(model.encode(texts, show_progress_bar=False), dtype=np.float32)

    found: dict[str, Encode] = {PLAIN: plain}
    for precision in ("float32", "bfloat16"):
        changed = config.model_copy(update={"precision": precision})
        found[f"SentenceEncoder, {precision}"] = SentenceEncoder(changed).encode
    for encode in found.values():
        encode(["warm up", "warm up once more"])
    return found


def compare(name: str, texts: list[str], of: dict[str, Encode]) -> list[dict[str, object]]:
    """One line an encoder. They take turns, so that a busy machine is busy for all of them."""
    times: dict[str, list[float]] = {encoder: [] for encoder in of}
    vectors: dict[str, NDArray[np.float32]] = {}
    for _ in range(ROUNDS):
        for encoder, encode in of.items():

            def run(encoder: str = encoder, encode: Encode = encode) -> None:
                vectors[encoder] = encode(texts)

            times[encoder].append(measure.seconds(run))
    rows: list[dict[str, object]] = []
    for encoder, taken in times.items():
        ratios = np.array(times[PLAIN]) / np.array(taken)
        cosines = (vectors[encoder] * vectors[PLAIN]).sum(axis=1)
        rows.append(
            {
                "titles": name,
                "of them distinct": len(set(texts)),
                "encoder": encoder,
                "titles a second": round(len(texts) / float(np.median(taken))),
                "times the plain one": f"{np.median(ratios):.2f}",
                "lowest to highest": f"{ratios.min():.2f} to {ratios.max():.2f}",
                "cosine, mean": f"{cosines.mean():.5f}",
                "cosine, least": f"{cosines.min():.5f}",
            }
        )
    return rows


def main() -> None:
    """Every set, then one table."""
    of = encoders()
    rows = [row for name, texts in real_titles().items() for row in compare(name, texts, of)]
    measure.report(
        "TITLES",
        "Titles a second",
        f"{measure.markdown(pd.DataFrame(rows))}\n\n"
        f"{N_TITLES:,} cleaned titles of each set; all-MiniLM-L6-v2; models loaded, cache off. "
        f"Medians of {ROUNDS} rounds in which the encoders take turns; the ratio is that of one "
        f'round. Here `titles.precision` "auto" is {resolve_precision("auto")}.',
    )


if __name__ == "__main__":
    main()
