"""`hybrid-rec evaluate`, from options to table and report."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from evaluation.metrics.registry import METRICS
from evaluation.recommenders.registry import BASELINES
from evaluation.splits.registry import SPLITS
from evaluation.studies.registry import STUDIES
from hybrid_rec.cli.app import run
from hybrid_rec.core.registry import Registry

QUICK = (
    '[titles]\nencoder = "tfidf"\ntfidf_size = 16\n[cooccurrence]\nepochs = 1\nvector_size = 8\n'
    "[ranking]\ncases = 50\ntrees = 10\n"
)


@pytest.fixture
def quick(tmp_path: Path) -> str:
    path = tmp_path / "quick.toml"
    path.write_text(QUICK)
    return str(path)


def test_table_findings_and_report(
    tmp_path: Path, quick: str, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report"
    arguments = [
        "evaluate", "--config", quick, "--baselines", "popularity,playlist-knn", "--quiet",
        "-k", "10,50", "--report", str(report),
    ]  # fmt: skip
    assert run(arguments) == 0
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    lines = printed.out.splitlines()
    table = [line.split("\t") for line in lines if "\t" in line]
    head = next(n for n, row in enumerate(table) if row[0] == "recommender")
    counts = dict(table[1:head])
    assert table[0] == ["what", "count"]
    assert counts["training playlists"] == "2,531"
    assert "0" not in counts.values()
    assert table[head][:4] == ["recommender", "hit_rate@10", "ndcg@50", "recall@50"]
    assert [row[0] for row in table[head + 1 :]] == ["hybrid", "popularity", "playlist-knn"]
    told = "\n".join(lines)
    winners = [row[-1] for row in table[head + 1 :]].count("winner")
    assert winners == (0 if "no clear winner by hit_rate@10" in told else 1)
    assert any("near-copies" in line for line in lines)
    assert {path.name for path in report.iterdir()} == {
        "report.html", "report.md", "metrics.json", "cases.parquet",
    }  # fmt: skip
    numbers = json.loads((report / "metrics.json").read_text())
    assert "hybrid-rec evaluate synthetic" in json.dumps(numbers)
    assert run(arguments) == 0


def test_learning_from_queries_is_a_task_of_its_own(
    tmp_path: Path, quick: str, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report"
    arguments = [
        "evaluate", "--config", quick, "--baselines", "popularity", "--quiet", "--learn",
        "-k", "10", "--report", str(report),
    ]  # fmt: skip
    assert run(arguments) == 0
    table = [line.split("\t") for line in capsys.readouterr().out.splitlines() if "\t" in line]
    told = [row[0] for row in table]
    told = told[told.index("recommender") + 1 :]
    assert told == ["hybrid, learned", "hybrid", "popularity, learned"]
    assert "--learn" in (report / "report.md").read_text()


def test_draws_and_the_peer_of_validation(
    tmp_path: Path, quick: str, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report"
    arguments = [
        "evaluate", "--config", quick, "--baselines", "random,item-knn", "--quiet", "-k", "10,50",
        "--draws", "2", "--peer", "best-on-validation", "--seed", "3", "--report", str(report),
    ]  # fmt: skip
    assert run(arguments) == 0
    printed = capsys.readouterr().out
    assert "recommender\tmean\terror\tseed 3\tseed 4" in printed
    assert "hybrid against item-knn, chosen on validation, by hit_rate@10: " in printed
    found = json.loads((report / "metrics.json").read_text())
    assert found["draws"]["seeds"] == [3, 4]
    assert found["peers"]["hit_rate@10"] == "item-knn"
    assert found["outcomes"]["ndcg@50"]["rival"] == "item-knn"
    assert "of 2 draws" in found["evidence"]
    assert '<section id="draws">' in (report / "report.html").read_text()
    assert "## 2 draws" in (report / "report.md").read_text()


def test_the_command_of_a_report_makes_the_report_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    places = ["my plays; touch x.csv", "-plays.csv", "it's $HOME `x`.csv"]
    lists = [[str((7 * n + step * step) % 40) for step in range(12)] for n in range(40)]
    rows = [f"{n},{item}" for n, items in enumerate(lists) for item in items]
    config = Path("a config.toml")
    config.write_text(QUICK.replace("cases = 50", "enabled = false"))
    for place in places:
        Path(place).write_text("\n".join(["playlist_id,item_id", *rows]))
        given = ["evaluate", "--config", str(config), "--baselines", "none", "--min-length", "4",
                 "-k", "5", "--report", "-the report", "--quiet"]  # fmt: skip
        assert run([*given, "--", place]) == 0
        first = json.loads(Path("-the report/metrics.json").read_text())
        page = Path("-the report/report.md").read_text()
        assert f"    {first['command']}\n" in page
        words = shlex.split(first["command"])
        assert words[:2] == ["hybrid-rec", "evaluate"]
        shutil.rmtree("-the report")
        assert run(words[1:]) == 0
        again = json.loads(Path("-the report/metrics.json").read_text())
        assert again["command"] == first["command"]
        assert again["recommenders"][0]["metrics"] == first["recommenders"][0]["metrics"]


def test_json_lines_and_other_splits(quick: str, capsys: pytest.CaptureFixture[str]) -> None:
    for split in ("cold-items", "leave-last-out"):
        arguments = ["evaluate", "--split", split, "--config", quick, "--baselines", "none"]
        assert run([*arguments, "--quiet", "--json", "-k", "5"]) == 0
        records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [record["recommender"] for record in records] == ["hybrid"]
        assert 0 <= records[0]["hit_rate@5 low"] <= records[0]["hit_rate@5"] <= 1


def test_studies_are_printed_and_in_the_report(
    tmp_path: Path, quick: str, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report"
    arguments = [
        "evaluate", "--config", quick, "--baselines", "none", "--quiet", "-k", "10,50",
        "--studies", "cold-penalty,training-noise,diversity,block-agreement", "--ann", "IVF16,Flat",
        "--report", str(report),
    ]  # fmt: skip
    assert run(arguments) == 0
    printed = capsys.readouterr().out
    tables = json.loads((report / "metrics.json").read_text())["tables"]
    assert set(tables) == {
        "ANN loss of IVF16,Flat", "Cold penalty", "Training noise", "Diversity", "Do blocks agree?",
    }  # fmt: skip
    for title, rows in tables.items():
        assert title in printed
        assert f"## {title}" in (report / "report.md").read_text()
        assert f"<h2>{title}</h2>" in (report / "report.html").read_text()
        assert rows
    hit_rate = next(r for r in tables["Cold penalty"] if r["metric"] == "hit_rate@10")
    assert hit_rate["hidden"] < hit_rate["with_history"]
    assert all(0 < row["overlap"] <= 1 for row in tables["ANN loss of IVF16,Flat"])
    page = (report / "report.html").read_text()
    said = json.loads((report / "metrics.json").read_text())["sentences"]["Do blocks agree?"]
    assert len(said) == len(tables["Do blocks agree?"]) == 6
    for sentence in said:
        assert f"  {sentence}\n" in printed
        assert f"<li>{sentence}</li>" in page.replace("\u00a0", " ")
    section = page.partition("<h2>Do blocks agree?</h2>")[2].partition("</section>")[0]
    assert section.count('<svg class="chart"') == 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--studies", "magic"], "--studies must be among block-ablation, block-agreement"),
        (["--ann", "Magic7", "--baselines", "none"], "Magic7"),
        (["--split", "magic"], "split must be one of challenge, cold-items"),
        (["--split", "global-time"], "must have the time of every play"),
        (["--baselines", "popularity,magic"], "--baselines must be among als-cosine, ease"),
        (["-k", "ten"], "-k must be whole numbers"),
        (["-k", "0"], "-k must be at least 1, got 0"),
        (["--part", "train"], "part must be 'validation' or 'test'"),
        (["--seeds", "most"], "seeds must be 'half', 'first' or 'random'"),
        (["--min-length", "1000"], "at least one"),
        (["--peer", "worst"], "--peer must be best or best-on-validation, got 'worst'"),
        (["--peer", "best-on-validation", "--part", "validation"], "must go with --part test"),
        (["--report", "."], "report folder must be new, empty or hold a report"),
    ],
)
def test_mistakes_are_one_line_and_exit_2(
    arguments: list[str],
    message: str,
    quick: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["evaluate", "--config", quick, "--quiet", *arguments]) == 2
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert message in printed


@pytest.mark.parametrize(
    ("command", "registries"),
    [("evaluate", (SPLITS, BASELINES, STUDIES)), ("tune", (SPLITS, METRICS))],
)
def test_help_names_what_is_registered(
    command: str,
    registries: tuple[Registry[Any], ...],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERMINAL_WIDTH", "10000")
    assert run([command, "--help"]) == 0
    shown = "".join(capsys.readouterr().out.split())
    for registry in registries:
        assert all(name in shown for name in registry)
    assert "{" not in shown.replace("{DATASET}", "")
