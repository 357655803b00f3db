"""How found answers are held against golden ones."""

from __future__ import annotations

import json
import math
import platform
from pathlib import Path
from typing import Any

from hybrid_rec.blocks.text.precision import processor_has_bfloat16

FOLDER = Path(__file__).resolve().parent
# Scores are kept to six digits. The optimiser of learned weights stops at about this, and what is
# nearer to each other may change places.
_CLOSE = 5e-5
# Elsewhere sums are rounded otherwise, which moves single splits of trees and rows of lists.
_OVERLAP_ELSEWHERE = 0.8


def machine() -> dict[str, Any]:
    """What rounding depends on: answers are the same to six digits where this is the same."""
    flags = Path("/proc/cpuinfo")
    text = flags.read_text(encoding="utf-8") if flags.exists() else ""
    return {
        "processor": platform.machine(),
        "bfloat16": processor_has_bfloat16(),
        "avx512": " avx512f " in text,
    }


def golden(name: str) -> dict[str, list[Any]]:
    """The answers that are kept."""
    content: dict[str, list[Any]] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return content


def differences(kept: dict[str, list[Any]], found: dict[str, list[Any]]) -> list[str]:
    """What differs, in words; nothing if all is as it was."""
    same_machine = kept["machine"][0] == machine()
    tables = {name: rows for name, rows in kept.items() if name != "machine"}
    if list(tables) != list(found):
        return [f"tables {list(tables)} became {list(found)}"]
    said = []
    for name, rows in tables.items():
        if len(rows) != len(found[name]):
            said.append(f"{name}: {len(rows)} entries became {len(found[name])}")
            continue
        for number, (old, new) in enumerate(zip(rows, found[name], strict=True)):
            if same_machine:
                problem = _explained(old, new) if "sums" in old else _listed(old, new)
            else:
                problem = "" if "sums" in old else _overlapping(old, new)
            if problem:
                said.append(f"{name}, {number}: {problem}")
    return said


def _listed(old: dict[str, Any], new: dict[str, Any]) -> str:
    """What differs between two lists: ids, scores, sources, but for changed places of equals."""
    if old["query"] != new["query"] or len(old["ids"]) != len(new["ids"]):
        return f"{old['query']} with {len(old['ids'])} became {new['query']}, {len(new['ids'])}"
    for place, (was, now) in enumerate(zip(old["scores"], new["scores"], strict=True)):
        if not math.isclose(was, now, rel_tol=_CLOSE, abs_tol=_CLOSE):
            return f"score {was} at place {place} became {now}"
        if old["ids"][place] != new["ids"][place] and not _has_equal(old, place):
            return f"{old['ids'][place]!r} at place {place} became {new['ids'][place]!r}"
    sources = dict(zip(old["ids"], old.get("sources", old["ids"]), strict=True))
    for place, item in enumerate(new["ids"]):
        source = new.get("sources", new["ids"])[place]
        if sources.get(item, source) != source:
            return f"source of {item!r} became {source!r}"
    return ""


def _has_equal(old: dict[str, Any], place: int) -> bool:
    """Whether another row has about the same score, or may have: those behind the end are gone."""
    scores = old["scores"]
    others = [score for number, score in enumerate(scores) if number != place]
    near = any(
        math.isclose(scores[place], score, rel_tol=_CLOSE, abs_tol=_CLOSE) for score in others
    )
    return near or place == len(scores) - 1


def _explained(old: dict[str, Any], new: dict[str, Any]) -> str:
    if old["item_id"] != new["item_id"] or old["text"] != new["text"]:
        return f"{old['item_id']} {old['text']!r} became {new['item_id']} {new['text']!r}"
    if set(old["sums"]) != set(new["sums"]):
        return f"parts {sorted(old['sums'])} became {sorted(new['sums'])}"
    for name, was in old["sums"].items():
        if not math.isclose(was, new["sums"][name], rel_tol=1e-3, abs_tol=1e-4):
            return f"part {name} {was} became {new['sums'][name]}"
    return ""


def _overlapping(old: dict[str, Any], new: dict[str, Any]) -> str:
    common = len(set(old["ids"]) & set(new["ids"]))
    if common < _OVERLAP_ELSEWHERE * len(old["ids"]):
        return f"only {common} of {len(old['ids'])} items are the same"
    return ""
