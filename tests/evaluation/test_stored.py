"""Stored results: which baseline the hybrid is compared with."""

from __future__ import annotations

from tests.benchmarks.stored import Stored


def test_the_peer_is_the_best_one_in_the_direction_of_the_metric() -> None:
    means = {
        "hybrid": {"ndcg@500": 0.5, "clicks@500": 2.0},
        "strong": {"ndcg@500": 0.4, "clicks@500": 3.0},
        "weak": {"ndcg@500": 0.1, "clicks@500": 9.0},
    }
    found = Stored([{"values": means, "validation": means, "validation_cases": 10}])
    assert found.peer("ndcg@500", "hybrid") == "strong"
    assert found.peer("clicks@500", "hybrid") == "strong"
