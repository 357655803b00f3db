"""Options that say how files are written, in every command that reads some."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hybrid_rec import HybridRecommender
from hybrid_rec.cli.app import run
from hybrid_rec.cli.options import table_options
from hybrid_rec.core.errors import ConfigError

COLUMNS = "playlist_id=user,item_id=track"
QUICK = """
[titles]
encoder = "tfidf"
[cooccurrence]
epochs = 1
[ranking]
enabled = false
"""


@pytest.fixture
def plays(tmp_path: Path) -> Path:
    rows = [f"p{number};{item};{day}/03/2019" for number in range(9) for day, item in
            enumerate(("song-001", "song-002", "song-003"), start=1)]  # fmt: skip
    path = tmp_path / "plays.csv"
    path.write_text("user;track;played_at\n" + "\n".join(rows) + "\n;x;\n", encoding="utf-16")
    (tmp_path / "quick.toml").write_text(QUICK)
    return path


def test_fit_update_and_score_take_the_same_file(
    plays: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--columns", COLUMNS, "--encoding", "utf-16", "--date-format", "day-first"]
    model, other, out = (str(tmp_path / name) for name in ("model", "other", "out"))
    fit = ["fit", str(plays), "--out", model, "--config", str(tmp_path / "quick.toml"), "--quiet"]
    assert run([*fit, *options]) == 0
    assert "dropped: 1 row with missing ids" in capsys.readouterr().out
    update = ["update", model, "--playlists", str(plays), "--extend", "--out", other, "--quiet"]
    assert run([*update, *options]) == 0
    assert "dropped: 1 row with missing ids" in capsys.readouterr().out
    assert HybridRecommender.load(other).model_.playlists.n_plays == 54
    assert run(["score", other, str(plays), out, "--quiet", *options]) == 0
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert (manifest["counts"]["queries"], manifest["counts"]["rejected"]) == (9, 1)
    assert run([*fit, *options[:4]]) == 2
    told = capsys.readouterr().err
    assert "'1/03/2019' at row 0 and '2/03/2019' at row 1 fit day first and month first" in told


@pytest.mark.parametrize(
    "command",
    ["fit {} --out x", "update {model} --playlists {}", "score {model} {} x", "plan {}",
     "evaluate {}", "tune {} --budget 1 --out x.toml"],
)  # fmt: skip
def test_every_command_that_reads_plays_has_the_options(
    command: str, plays: Path, fitted: HybridRecommender, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    fitted.save(tmp_path / "model")
    words = command.format(plays, model=tmp_path / "model").split()
    for columns, encoding, date_format, told in (
        (None, None, None, "but is UTF-16; save it as UTF-8, or pass --encoding utf-16"),
        (None, "utf-16", None, "pass --columns playlist_id=user,item_id=track"),
        ("playlist_id=no", "utf-16", None, "'no' (for playlist_id) is none of user, track"),
        (COLUMNS, "klingon", None, "encoding must be one that Python knows"),
        (COLUMNS, "utf-16", "soon", "date_format must be day-first, month-first"),
        (COLUMNS, "utf-16", None, "--date-format day-first or month-first"),
        ("user", None, None, "--columns must be NAME=COLUMN joined by commas"),
    ):
        options = zip(("--columns", "--encoding", "--date-format"),
                      (columns, encoding, date_format), strict=True)  # fmt: skip
        given = [word for name, value in options if value for word in (name, value)]
        assert run([*words, "--quiet", *given]) == 2
        error = capsys.readouterr().err
        assert told in error
        assert error.count("\n") == 1


def test_what_reads_no_file_refuses_the_options(
    fitted: HybridRecommender, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fitted.save(tmp_path / "model")
    score = ["score", str(tmp_path / "model"), str(tmp_path / "out"), "--items"]
    assert run([*score, "--encoding", "utf-16"]) == 2
    assert "must not be given with --items" in capsys.readouterr().err
    assert run(["evaluate", "synthetic", "--columns", COLUMNS]) == 2
    assert "columns can only be given for plays in a file" in capsys.readouterr().err


def test_columns_on_the_command_line() -> None:
    assert table_options(" a=b c,d==e", None, None)["columns"] == {"a": "b c", "d": "=e"}
    for wrong in ("", "a", "a=", "=b", "a=b,a=c", "a=b,"):
        with pytest.raises(ConfigError, match="--columns must be NAME=COLUMN"):
            table_options(wrong, None, None)
