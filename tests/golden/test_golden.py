"""What must not change: answers of the default configuration, kept from before the rebuilding."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from hybrid_rec import HybridRecommender
from tests.data import make_model_v1
from tests.golden.answers import answers_of, ask
from tests.golden.compare import differences, golden, machine
from tests.golden.worlds import WORLDS


@pytest.mark.parametrize("name", WORLDS)
def test_answers_are_the_golden_ones(name: str, data_dir: Path) -> None:
    assert differences(golden(name), answers_of(WORLDS[name](data_dir))) == []


def test_a_change_is_noticed() -> None:
    kept = golden("generated")
    kept["machine"] = [machine()]
    found = {name: rows for name, rows in copy.deepcopy(kept).items() if name != "machine"}
    assert differences(kept, found) == []
    first = found["recommend"][0]
    first["ids"][0], first["ids"][9] = first["ids"][9], first["ids"][0]
    found["similar_items"][2]["scores"][1] += 0.01
    found["similar_items"][3]["sources"][0] = "text"
    found["explanations, ranked"][0]["sums"]["base"] += 0.1
    found["score"].pop()
    assert [line.split(":")[0] for line in differences(kept, found)] == [
        "recommend, 0",
        "similar_items, 2",
        "similar_items, 3",
        "score",
        "explanations, ranked, 0",
    ]


def test_a_model_of_format_1_gives_its_old_answers() -> None:
    folder = Path(make_model_v1.__file__).parent
    kept = json.loads((folder / "model_v1.json").read_text("utf-8"))
    model = HybridRecommender.load(folder / "model_v1")
    # What is near was told by the linear score alone then.
    found = ask(model, make_model_v1.world(), near={})
    assert differences({"machine": [machine()], **kept}, found) == []
