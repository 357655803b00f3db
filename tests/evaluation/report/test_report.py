"""The report: its files against the evaluations, and its page in a browser."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import re
import subprocess
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from markdown_it import MarkdownIt

from evaluation.comparison import Comparison
from evaluation.evaluations import Evaluation
from evaluation.harness import evaluate
from evaluation.metrics.rankings import evaluate_rankings
from evaluation.report.folder import check_target, write_report
from evaluation.report.script import page_script
from evaluation.splits.continuation import continuation
from hybrid_rec.core.errors import ConfigError, DataError
from hybrid_rec.core.plain_text import shell_line
from hybrid_rec.data.catalog import Catalog
from hybrid_rec.data.playlists import Playlists
from hybrid_rec.data.synthetic import synthetic_radio
from tests.browser import chromium_path

FILES = {"report.html", "report.md", "metrics.json", "cases.parquet"}
KS = (5, 50)
HEADLINE = ["hit_rate@5", "ndcg@50", "recall@50"]
SECTIONS = (
    "headline", "comparison", "curve", "slices", "cold-start", "beyond", "extra-1", "examples",
    "leakage", "split", "timings", "configuration", "definitions",
)  # fmt: skip
NASTY = '<script>document.title="broken"</script> & "co" $x$'
NASTY_HTML = "&lt;script&gt;document.title=&#34;broken&#34;&lt;/script&gt; &amp; &#34;co&#34; $x$"


@dataclass
class Answer:
    """What a recommender returns."""

    item_ids: Any
    sources: Any = None


class MostPlayed:
    """The most played items but for the seeds."""

    name = "most | played"

    def fit(self, playlists: Playlists, catalog: Catalog) -> None:
        order = np.argsort(-playlists.play_counts, kind="stable")
        self.ids = catalog.item_ids[order].tolist()

    def recommend(self, queries: Any, k: int = 10) -> Answer:
        lists = [[i for i in self.ids if i not in set(query)][:k] for query in queries]
        sources = [["charts" if n % 2 else "ties" for n in range(k)] for _ in queries]
        ids = np.array([line + [None] * (k - len(line)) for line in lists], dtype=object)
        return Answer(ids, np.array(sources, dtype=object))


class Shuffled:
    """Items at random, the same for every query, seeds among them, and too few."""

    name = NASTY

    def fit(self, playlists: Playlists, catalog: Catalog) -> None:
        self.ids = catalog.item_ids[np.random.default_rng(5).permutation(len(catalog))]

    def recommend(self, queries: Any, k: int = 10) -> Answer:
        return Answer(np.array([self.ids[: k - 1] for _ in queries], dtype=object))


def world() -> tuple[Playlists, Catalog]:
    """A small world in which many titles would break a careless page."""
    made = synthetic_radio(seed=0, n_items=150, n_playlists=240)
    items = made.catalog.table.to_pandas()
    items.loc[::2, "title"] = items.loc[::2, "title"].fillna("") + " " + NASTY
    return made.playlists, Catalog.from_frame(items)


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    whole = continuation(*world(), np.random.default_rng(1), shares=(0.1, 0.3))
    # A fifth of the items lose their history, so that there are cold targets.
    known = np.random.default_rng(2).random(len(whole.catalog)) < 0.8
    train = whole.train.select_plays(known[whole.train.rows])
    split = replace(whole, name=NASTY, train=train.select(train.lengths > 0))
    ours, theirs = (evaluate(r, split, KS) for r in (MostPlayed(), Shuffled()))
    return Comparison((ours, theirs), seed=3)


FINDINGS = (
    SimpleNamespace(check="near-copies", level="warning", text=NASTY),
    SimpleNamespace(check="time", level="unchecked", text="The playlists have no times."),
)


def write(comparison: Comparison, folder: Path, **changed: Any) -> Path:
    arguments: dict[str, Any] = {
        "findings": FINDINGS,
        "configuration": {"seed": 0, "weights": {"title": 0.05, "none": None}, "text": NASTY},
        "extra": {"Cold penalty": pd.DataFrame({"metric": [NASTY], "kept": [np.nan], "n": [3]})},
        "command": "hybrid-rec evaluate demo --report <folder>",
        "data_set": f"plays {NASTY}",
        "date": datetime.date(2026, 3, 5),
    }
    write_report(comparison, folder, **(arguments | changed))
    return folder


@pytest.fixture(scope="module")
def report(comparison: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(comparison, tmp_path_factory.mktemp("made") / "deep" / "report")


@pytest.fixture(scope="module")
def numbers(report: Path) -> dict[str, Any]:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    text = (report / "metrics.json").read_text(encoding="utf-8")
    loaded = json.loads(text, parse_constant=refuse)
    assert isinstance(loaded, dict)
    return loaded


@pytest.fixture(scope="module")
def page(report: Path) -> str:
    return (report / "report.html").read_text(encoding="utf-8")


def test_a_report_is_four_files(report: Path) -> None:
    assert {path.name for path in report.iterdir()} == FILES
    assert {path.name for path in report.parent.iterdir()} == {"report"}


def test_numbers_are_those_of_the_evaluations(
    numbers: dict[str, Any], comparison: Comparison
) -> None:
    assert (numbers["format"], numbers["format_version"]) == ("hybrid-rec report", 1)
    assert numbers["main"] == "most | played"
    assert numbers["headline"] == HEADLINE
    counts = comparison.evaluations[0].split.counts()
    assert numbers["split"]["counts"] == {what: n for what, n in counts.items() if n}
    assert numbers["configuration"]["weights"] == {"title": 0.05, "none": None}
    metrics = comparison.evaluations[0].metrics
    table = comparison.table(metrics)
    for line, found, made in zip(
        table.to_dict("records"), numbers["recommenders"], comparison.evaluations, strict=True
    ):
        assert found["name"] == line["recommender"]
        for metric in metrics:
            expected = [line[metric], line[f"{metric} low"], line[f"{metric} high"]]
            np.testing.assert_allclose(list(found["metrics"][metric].values()), expected)
        assert found["problems"] == made.problems
        slices = pd.DataFrame(found["slices"])
        pd.testing.assert_frame_equal(slices, made.slices(), check_dtype=False)
        curve = evaluate_rankings(made.rows, made.split.targets, (1, 2, 5, 10, 20, 50))
        for k, value in found["hit_rate_by_k"].items():
            assert value["mean"] == pytest.approx(curve[f"hit_rate@{k}"].mean())
        assert list(found["hit_rate_by_k"]) == ["1", "2", "5", "10", "20", "50"]
    against = comparison.against("most | played", "ndcg@50").to_dict("records")
    assert numbers["comparisons"]["ndcg@50"] == against


def test_what_is_no_number_is_null(numbers: dict[str, Any]) -> None:
    assert numbers["tables"] == {"Cold penalty": [{"metric": NASTY, "kept": None, "n": 3}]}


def test_cases_are_those_of_the_evaluations(report: Path, comparison: Comparison) -> None:
    cases = pd.read_parquet(report / "cases.parquet")
    assert cases.columns[0] == "recommender"
    for evaluation in comparison.evaluations:
        mine = cases[cases["recommender"] == evaluation.name].drop(columns="recommender")
        pd.testing.assert_frame_equal(
            mine.reset_index(drop=True), evaluation.cases, check_dtype=False
        )


def test_the_page_shows_the_numbers(
    page: str, numbers: dict[str, Any], comparison: Comparison
) -> None:
    for section in SECTIONS:
        assert page.count(f'<section id="{section}">') == 1
    table = comparison.table(HEADLINE)
    for metric in HEADLINE:
        for column in (metric, f"{metric} low", f"{metric} high"):
            for value in table[column]:
                assert f"{value:.3f}" in page
    assert "returned lists that are too short" in page
    assert "1 of them warns" in page
    assert "--report &lt;folder&gt;" in page
    assert numbers["verdict"].startswith("most | played")


def test_the_page_loads_nothing_and_runs_its_own_script_alone(page: str) -> None:
    (script,) = re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL)
    assert page.count("<script") == 1
    own = files("evaluation.report") / "templates" / "report.js"
    assert script == "\n" + own.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    assert policy == [page_script()["policy"]]
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}';" in page
    assert not re.search(r"\son\w+=", re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL))
    assert not re.search(r"<link|<img|<iframe|@import|http:|https:|javascript:", page)
    assert set(re.findall(r"""\b(?:src|href)=["']?(.)""", page)) == {"#"}
    assert not re.search(r"url\((?!#)", page)
    assert NASTY_HTML in page


def test_the_title_has_data_set_and_date(page: str, report: Path) -> None:
    (title,) = re.findall(r"<title>(most.*?)</title>", page)
    assert title == f"most | played on plays {NASTY_HTML}, 5 March 2026 · hybrid-rec report"
    assert '<time datetime="2026-03-05">5\u00a0March\u00a02026</time>' in page
    first = (report / "report.md").read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# most ")
    assert first.endswith(", 5 March 2026")


def test_few_cases_are_said_in_plain_words(page: str, numbers: dict[str, Any]) -> None:
    (cold,) = (
        part
        for part in numbers["recommenders"][0]["slices"]
        if (part["slice"], part["group"]) == ("target", "cold")
    )
    assert cold["cases"] < 100
    assert f"Few cold targets: {cold['targets']}, in {cold['cases']} cases." in page
    assert f"These are only {cold['cases']} cases." in page


def test_charts_tell_their_values_under_the_pointer(page: str, numbers: dict[str, Any]) -> None:
    value = numbers["recommenders"][0]["metrics"]["ndcg@50"]
    said = f"{value['mean']:.4f}, 95 % interval {value['low']:.4f} to {value['high']:.4f}"
    assert f"<title>most | played\n{said}</title>" in page
    assert page.count("<title>k = 50\n") == 2
    # Two recommenders on three metrics, warm and cold of both, six k on two sizes of the curves.
    assert page.count('<g class="tip"><title>') == 2 * 3 + 2 + 2 * 6


def test_ids_are_unique_and_links_lead_somewhere(page: str) -> None:
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    wanted = set(re.findall(r'href="#([^"]*)"', page)) | set(re.findall(r"url\(#([^)]*)\)", page))
    assert wanted <= set(ids)
    assert wanted


def test_examples_are_the_best_and_worst_cases(page: str, comparison: Comparison) -> None:
    cases = comparison.evaluations[0].cases
    best = cases.sort_values(["ndcg@50", "case"], ascending=[False, True])["case"].iloc[:3]
    worst = cases.sort_values(["ndcg@50", "case"])["case"].iloc[:3]
    shown = re.findall(r"<h4><span>([^<]*)</span>", page)
    assert shown == [*best, *worst]
    assert page.count('<span class="sr"> hit</span>') > 0


def test_equal_cases_stand_in_order_of_their_ids(comparison: Comparison, tmp_path: Path) -> None:
    one = comparison.evaluations[0]
    level = replace(one, cases=one.cases.assign(**{"ndcg@50": 0.5}))
    text = (write(Comparison((level,)), tmp_path / "report") / "report.html").read_text("utf-8")
    assert re.findall(r"<h4><span>([^<]*)</span>", text) == sorted(one.cases["case"])[:6]


def test_hits_of_an_example_are_its_targets(page: str, comparison: Comparison) -> None:
    evaluation = comparison.evaluations[0]
    cards = page.split('<article class="case">')[1:]
    for card in cards:
        name = re.findall(r"<h4><span>([^<]*)</span>", card)[0]
        place = evaluation.cases["case"].tolist().index(name)
        targets = set(evaluation.split.targets[place].tolist())
        marked = [
            "hit" in line
            for line in re.findall(r"<li([^>]*)>", card.split("<ol")[1].split("</ol>")[0])
        ]
        assert marked == [row in targets for row in evaluation.rows[place, :10].tolist()]


def test_markdown_has_the_headline_and_escapes(report: Path, comparison: Comparison) -> None:
    text = (report / "report.md").read_text(encoding="utf-8")
    mean = comparison.evaluations[0].means()["ndcg@50"]
    assert re.search(rf"^\| most \\\| played \|.*\*\*{mean:.3f}\*\*", text, re.MULTILINE)
    assert "<script" not in text
    for line in text.splitlines():
        if line.startswith("|"):
            assert line.endswith("|")
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1, table
        assert set(table.splitlines()[1]) == {"|", "-"}


def test_names_are_only_text_on_both_pages_and_hold_no_control_characters(
    comparison: Comparison, tmp_path: Path
) -> None:
    hostile = (
        '"><svg onload=alert(1)> ![x](http://evil.example) | `c`\nline\t\x1b]52;c;Zm9v\x07\x9b2J'
        "\u202e\u2066\ufeff\0\U000e0041"
    )
    ours, theirs = comparison.evaluations
    titles = ours.split.catalog.table.to_pandas().assign(title=hostile)
    split = replace(ours.split, name=hostile, catalog=Catalog.from_frame(titles))
    changed = Comparison(
        (replace(ours, split=split, name=hostile), replace(theirs, split=split)), seed=3
    )
    folder = write(
        changed,
        tmp_path / "report",
        findings=[SimpleNamespace(check=hostile, level="note", text=hostile)],
        configuration={hostile: {hostile: hostile}},
        extra={hostile: pd.DataFrame({hostile: [hostile]})},
        command=shell_line(["hybrid-rec", "evaluate", f"\udcff{hostile}"]),
    )
    for name in ("report.html", "report.md", "metrics.json"):
        text = (folder / name).read_text(encoding="utf-8")
        kinds = {unicodedata.category(c) for c in text if c not in "\n\t"}
        assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}, name
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "<svg onload" not in page
    assert set(re.findall(r"<svg (\w+)", page)) == {"class"}
    shown = (
        MarkdownIt("commonmark")
        .enable("table")
        .render((folder / "report.md").read_text(encoding="utf-8"))
    )
    assert set(re.findall(r"<(\w+)", shown)) <= {
        "h1", "h2", "h3", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "ul", "li",
        "pre", "code",
    }  # fmt: skip
    assert shown.count("<code>") == 1
    numbers = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert numbers["split"]["name"] == hostile


def test_same_input_same_bytes(report: Path, comparison: Comparison, tmp_path: Path) -> None:
    again = write(comparison, tmp_path / "again")
    for name in FILES:
        assert (again / name).read_bytes() == (report / name).read_bytes(), name


def test_a_report_replaces_a_report(comparison: Comparison, tmp_path: Path) -> None:
    folder = write(comparison, tmp_path / "report")
    write(comparison, folder, main=NASTY)
    assert {path.name for path in folder.iterdir()} == FILES
    assert json.loads((folder / "metrics.json").read_text())["main"] == NASTY


def test_files_that_the_user_put_beside_a_report_are_kept(
    comparison: Comparison, tmp_path: Path
) -> None:
    folder = write(comparison, tmp_path / "report")
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match="must be new, empty or hold a report"):
        write(comparison, folder)
    assert (folder / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["file/report", "n" * 300, "a\0b"])
def test_a_target_that_cannot_be_made_is_noticed_at_once(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        check_target(tmp_path / name)


def test_an_empty_folder_is_taken(comparison: Comparison, tmp_path: Path) -> None:
    assert {path.name for path in write(comparison, tmp_path).iterdir()} == FILES


@pytest.mark.parametrize("content", ["[1]", "{", '{"format": "hybrid-rec model"}'])
def test_other_folders_are_refused(comparison: Comparison, tmp_path: Path, content: str) -> None:
    (tmp_path / "metrics.json").write_text(content)
    with pytest.raises(DataError, match="must be new, empty or hold a report"):
        write(comparison, tmp_path)
    assert (tmp_path / "metrics.json").read_text() == content


def test_a_file_is_refused(comparison: Comparison, tmp_path: Path) -> None:
    (tmp_path / "report").write_text("mine")
    with pytest.raises(DataError, match="must be new, empty or hold a report"):
        write(comparison, tmp_path / "report")


def test_a_folder_that_cannot_be_made(comparison: Comparison, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DataError, match="cannot be written"):
        write(comparison, tmp_path / "file" / "report")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"main": "nobody"}, "main must be one of most | played"),
        ({"headline": ["hit_rate@7"]}, "headline must be of the metrics hit_rate@5"),
        ({"headline": []}, "headline must name at least one metric"),
    ],
)
def test_what_was_not_measured_is_refused(
    comparison: Comparison, tmp_path: Path, changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        write(comparison, tmp_path / "report", **changed)
    assert not (tmp_path / "report").exists()


def replaced(evaluation: Evaluation, name: str, hits: list[float]) -> Evaluation:
    """An evaluation with another name and other hits."""
    cases = evaluation.cases.assign(**{"hit_rate@5": np.resize(hits, len(evaluation.cases))})
    return replace(evaluation, name=name, cases=cases)


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict", "evidence"),
    [
        ([1.0], [0.0], "us beats them, the best of the others, on hit rate@5: 1.000 against 0.000.",
         "Difference +1.000, 95 % interval +1.000 to +1.000, corrected p < 0.001"),
        ([0.0], [1.0], "us loses to them on hit rate@5: 0.000 against 1.000.",
         "Difference \u22121.000, 95 % interval \u22121.000 to \u22121.000, corrected p < 0.001"),
        ([0.0, 1.0], [1.0, 0.0], "us and them cannot be told apart on hit rate@5: 0.500 against",
         "likely to be missed"),
        ([1.0], None, "us reaches hit rate@5 1.000.", "There is nothing to compare it with."),
    ],
)  # fmt: skip
def test_the_verdict_says_who_wins(
    comparison: Comparison, tmp_path: Path, ours: list[float], theirs: list[float] | None,
    verdict: str, evidence: str,
) -> None:  # fmt: skip
    one = comparison.evaluations[0]
    both = [replaced(one, "us", ours)] + ([replaced(one, "them", theirs)] if theirs else [])
    folder = write(Comparison(tuple(both)), tmp_path / "report", headline=["hit_rate@5"])
    found = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert found["verdict"].startswith(verdict)
    assert evidence in found["evidence"]
    assert found["verdict"] in (folder / "report.html").read_text(encoding="utf-8")
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert ('id="comparison"' in text) == bool(theirs)


def test_near_copies_are_shown_but_do_not_count(comparison: Comparison, tmp_path: Path) -> None:
    one = comparison.evaluations[0]
    copied = one.split.seeds.select(np.arange(3)).to_lists(one.split.catalog)
    wanted = one.split.targets.select(np.arange(3)).to_lists(one.split.catalog)
    lists = [a + b for a, b in zip(copied, wanted, strict=True)]
    train = one.split.train.to_lists(one.split.catalog)
    split = replace(one.split, train=Playlists.from_lists([*train, *lists], one.split.catalog))
    long = np.array([len(line) >= 5 for line in lists])
    assert split.near_copies[:3].tolist() == long.tolist()
    assert long.any()
    hits = np.where(split.near_copies, 1.0, 0.25)
    made = Comparison((replace(replaced(one, "us", hits.tolist()), split=split),))
    assert made.table(["hit_rate@5"])["hit_rate@5"][0] == 0.25
    folder = write(made, tmp_path / "report", headline=["hit_rate@5"])
    found = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    n_copies = int(split.near_copies.sum())
    assert (found["near_copies"], found["cases"]) == (n_copies, len(split) - n_copies)
    both = found["with_near_copies"][0]["hit_rate@5"]
    assert both == {"without": 0.25, "with": pytest.approx(hits.mean())}
    assert found["recommenders"][0]["metrics"]["hit_rate@5"]["mean"] == 0.25
    assert "near-copies of training playlists, left out" in found["evidence"]
    for name in ("report.html", "report.md"):
        page = (folder / name).read_text(encoding="utf-8")
        assert "0.250" in page
        assert f"{hits.mean():.3f}" in page
    cases = pd.read_parquet(folder / "cases.parquet")
    assert len(cases) == len(split)


def test_nobody_wins_where_nothing_is_shown(comparison: Comparison, tmp_path: Path) -> None:
    one = comparison.evaluations[0]
    both = [replaced(one, "us", [0.0, 1.0]), replaced(one, "them", [1.0, 0.0])]
    folder = write(Comparison(tuple(both)), tmp_path / "report", headline=["hit_rate@5"])
    found = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert found["winners"] == {"hit_rate@5": None}
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "nobody here" in page
    assert 'class="star"' not in page


def test_clicks_are_better_when_lower(comparison: Comparison, tmp_path: Path) -> None:
    folder = write(comparison, tmp_path / "report", headline=["clicks@50"])
    found = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    ours, theirs = (r["metrics"]["clicks@50"]["mean"] for r in found["recommenders"])
    assert ours < theirs
    assert found["outcomes"]["clicks@50"]["result"] == "win"
    assert "lower is better" in (folder / "report.html").read_text(encoding="utf-8")


def test_a_bare_report_of_one_case(tmp_path: Path) -> None:
    playlists, catalog = world()
    split = continuation(playlists.select(np.arange(4)), catalog, np.random.default_rng(0),
                         shares=(0.0, 0.25))  # fmt: skip
    assert len(split) == 1
    made = Comparison(tuple(evaluate(r, split, (400,)) for r in (MostPlayed(), Shuffled())))
    write_report(made, tmp_path / "report")
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "No checks were run." in page
    assert "one case" in page
    assert "inf" not in (tmp_path / "report" / "report.md").read_text(encoding="utf-8")


def test_names_of_other_scripts_draw_without_a_warning(
    comparison: Comparison, tmp_path: Path
) -> None:
    one, two = comparison.evaluations
    both = (replaced(one, "おすすめ", [1.0]), replaced(two, "a" * 80, [0.0]))
    page = (write(Comparison(both), tmp_path / "report") / "report.html").read_text("utf-8")
    assert "おすすめ</text>" in page


Browser = Callable[..., tuple[str, str]]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """A function that opens a file: flags and path in, DOM and log out."""
    found = chromium_path()

    def run(path: Path, *flags: str) -> tuple[str, str]:
        profile = tmp_path_factory.mktemp("profile")
        done = subprocess.run(
            [
                found, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                "--no-first-run", "--disable-background-networking", "--disable-component-update",
                "--disable-sync", "--hide-scrollbars", "--enable-logging=stderr", "--v=0",
                "--allow-file-access-from-files", f"--user-data-dir={profile}", *flags,
                path.as_uri(),
            ],
            capture_output=True, timeout=120, check=True,
        )  # fmt: skip
        log = done.stderr.decode("utf-8", "replace")
        assert "CONSOLE" not in log, log
        return done.stdout.decode("utf-8"), log

    return run


# Run in a copy of the page: what sticks out to the right outside a box that scrolls by itself.
MEASURE = """
addEventListener("load", () => {
  const width = document.documentElement.clientWidth;
  const out = [...document.querySelectorAll("body *")].filter(
    e => e.getBoundingClientRect().right > width + 1 && !e.closest(".scroll, svg")
  ).map(e => e.tagName + "." + (e.getAttribute("class") || ""));
  const text = [...document.querySelectorAll(".chart text")].map(e => e.getBoundingClientRect())
    .filter(r => r.width && (r.right > width + 1 || r.left < -1)).length;
  const empty = [...document.querySelectorAll("section")].filter(
    e => e.getBoundingClientRect().height < 60).map(e => e.id);
  const charts = [...document.querySelectorAll(".chart")].filter(
    e => e.getBoundingClientRect().height > 60).length;
  parent.document.title = JSON.stringify({
    width, scroll: document.documentElement.scrollWidth, out, text, empty, charts,
    sections: [...document.querySelectorAll("section")].map(e => e.id),
    paper: getComputedStyle(document.body).backgroundColor,
    ink: getComputedStyle(document.querySelector(".chart text")).fill,
  });
});
"""


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize(("scheme", "paper"), [(1, "rgb(255, 255, 255)"), (0, "rgb(20, 23, 27)")])
def test_the_page_renders(
    chromium: Browser, page: str, tmp_path: Path, width: int, scheme: int, paper: str
) -> None:
    # The page lets no script run but its own.
    open_page = re.sub(r"<meta http-equiv[^>]*>", "", page)
    copy = open_page.replace("</body>", f"<script>{MEASURE}</script></body>")
    (tmp_path / "copy.html").write_text(copy, encoding="utf-8")
    # A window cannot be as narrow as a phone, a frame can.
    frame = tmp_path / "frame.html"
    style = f"width:{width}px;height:3000px;border:0"
    frame.write_text(f'<!doctype html><iframe src="copy.html" style="{style}"></iframe>')
    flags = (f"--blink-settings=preferredColorScheme={scheme}", "--window-size=1400,3100")
    dom, _ = chromium(frame, *flags, "--virtual-time-budget=5000", "--dump-dom")
    title = re.findall(r"<title>(.*?)</title>", dom)
    assert title, dom[:500]
    seen = json.loads(title[0].replace("&quot;", '"').replace("&amp;", "&"))
    assert seen["width"] == width
    assert seen["scroll"] <= width
    assert seen["out"] == []
    assert seen["text"] == 0
    assert seen["empty"] == []
    assert tuple(seen["sections"]) == SECTIONS
    assert seen["charts"] == len(HEADLINE) + 2
    assert seen["paper"] == paper
    assert seen["ink"] not in ("", "none", paper)


def test_the_page_itself_has_every_section_and_a_picture(
    chromium: Browser, report: Path, tmp_path: Path
) -> None:
    dom, _ = chromium(report / "report.html", "--dump-dom", "--window-size=1280,2000")
    assert [s for s in SECTIONS if f'<section id="{s}">' not in dom] == []
    assert dom.count("</section>") == len(SECTIONS)
    picture = tmp_path / "page.png"
    chromium(report / "report.html", f"--screenshot={picture}", "--window-size=1280,2000")
    # An empty page of that size takes less than ten kilobytes.
    assert picture.stat().st_size > 50_000


SORT = """
addEventListener("load", () => {
  const table = document.querySelector("#headline table");
  const seen = () => [...table.tBodies[0].rows].map(row => row.cells[1].textContent.trim()[2]);
  const button = table.querySelectorAll("thead button")[1];
  button.click();
  const down = seen();
  button.click();
  document.title = JSON.stringify([down, seen()]);
});
"""


def test_a_click_on_a_heading_sorts_a_table(chromium: Browser, page: str, tmp_path: Path) -> None:
    copy = re.sub(r"<meta http-equiv[^>]*>", "", page)
    path = tmp_path / "copy.html"
    path.write_text(copy.replace("</body>", f"<script>{SORT}</script></body>"), encoding="utf-8")
    dom, _ = chromium(path, "--virtual-time-budget=5000", "--dump-dom")
    down, up = json.loads(re.findall(r"<title>(.*?)</title>", dom)[0].replace("&quot;", '"'))
    assert down == sorted(down, reverse=True)
    assert up == down[::-1]
    assert len(set(down)) == 2
