"""Tables as streams: the same rows from every format, bounded memory, quotes that stay open."""

from __future__ import annotations

import csv
import io
from functools import partial
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hybrid_rec import DataError
from hybrid_rec.data.arrow_types import TEXT
from hybrid_rec.data.tables import TableFile, read_table, table_batches, table_head
from hybrid_rec.data.tables.columns import converted

ROWS = [{"item_id": f"i{number}", "title": f"a\nb,{number}", "year": 1900} for number in range(50)]


def write(path: Path) -> Path:
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path, row_group_size=7)
        return path
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(
            file, list(ROWS[0]), delimiter="," if path.suffix == ".csv" else "\t"
        )
        writer.writeheader()
        writer.writerows(ROWS)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
def test_a_table_is_its_stream(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"items{suffix}")
    file = TableFile.at(path, "a file of items")
    batches = list(table_batches(file, ["title", "item_id"], 9))
    assert max(batch.num_rows for batch in batches) <= 9
    rows = [row for batch in batches for row in batch.to_pylist()]
    assert rows == [{"title": row["title"], "item_id": row["item_id"]} for row in ROWS]
    assert read_table(path, "a file of items", ["title"], ["item_id", "no"]).to_pylist() == rows
    whole = read_table(path, "a file of items", ["item_id"], None)
    assert whole.column_names == list(ROWS[0])
    assert whole["year"].to_pylist() == [1900 if suffix == ".parquet" else "1900"] * 50
    assert table_head(file)[1] == (50 if suffix == ".parquet" else None)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_table_may_lie_on_another_machine(tmp_path: Path, suffix: str) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe(f"/tables/a{suffix}", write(tmp_path / f"a{suffix}").read_bytes())
    file = TableFile(f"a{suffix}", partial(memory.open, f"/tables/a{suffix}", "rb"))
    found = [row for batch in table_batches(file, ["item_id"], 16) for row in batch.to_pylist()]
    assert found == [{"item_id": row["item_id"]} for row in ROWS]
    memory.rm("/tables", recursive=True)


def test_a_stream_of_any_length_takes_little_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hybrid_rec.data.tables.csv_file._BLOCK_BYTES", 1 << 16)
    path = tmp_path / "long.csv"
    path.write_text("item_id,title\n" + "abcdefgh,some title or other\n" * 200_000)
    before, most, n_rows = pa.total_allocated_bytes(), 0, 0
    for batch in table_batches(TableFile.at(path, "items"), ["item_id", "title"], 1000):
        most = max(most, pa.total_allocated_bytes() - before)
        n_rows += batch.num_rows
    assert n_rows == 200_000
    assert most < path.stat().st_size / 5


cells = st.text(st.sampled_from('",\n\rab \u00e9'), max_size=6)


@settings(max_examples=300, deadline=None)
@given(
    rows=st.lists(st.tuples(cells, cells), min_size=1, max_size=3),
    single=st.booleans(),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    ending=st.sampled_from(["", "\n", "\r\n", "\n\n"]),
)
@example(rows=[("a", "b\n")], single=False, quoting=csv.QUOTE_ALL, ending="\n")
@example(rows=[("a|b", "")], single=True, quoting=csv.QUOTE_MINIMAL, ending="\n")
@example(rows=[("", "")], single=True, quoting=csv.QUOTE_ALL, ending="\n")
@example(rows=[("", 'b"')], single=False, quoting=csv.QUOTE_ALL, ending="")
def test_quotes_that_stay_open_are_noticed_and_no_others(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str]],
    single: bool,
    quoting: int,
    ending: str,
) -> None:
    path = tmp_path_factory.mktemp("quotes") / "plays.csv"
    names = ["a"] if single else ["a", "b"]
    buffer = io.StringIO()
    # A lone carriage return is not quoted by Python 3.11.
    quoting = csv.QUOTE_ALL if any("\r" in cell for row in rows for cell in row) else quoting
    writer = csv.writer(buffer, quoting=quoting, lineterminator="\n")
    writer.writerows([names, *(row[: len(names)] for row in rows)])
    text = buffer.getvalue().removesuffix("\n")
    path.write_bytes(f"{text}{ending}".encode())
    table = read_table(path, "plays", names)
    expected = [tuple(cell or None for cell in row[: len(names)]) for row in rows]
    found = [tuple(row.values()) for row in table.to_pylist()]
    assert found[: len(expected)] == expected
    assert all(row == (None,) for row in found[len(expected) :])
    if text.endswith('"'):
        path.write_bytes(f"{text[:-1]}{ending}".encode())
        with pytest.raises(DataError, match=r"plays\.csv must (close every quote|have . sound)"):
            read_table(path, "plays", names)


def test_what_is_wrong_far_into_a_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hybrid_rec.data.tables.csv_file._BLOCK_BYTES", 512)
    path = tmp_path / "plays.csv"
    sound = b"a,b\n" + b"x,y\n" * 1000
    for row, message in (
        (b"x,y,z\n", r"row 1002 \(the header is row 1\) has: Expected 2 columns, got 3"),
        (b"x,\xff\n", "line 1002 holds the byte 0xff"),
        (b"x," + b"y" * 2000, r"hold no row of .* does not behind row"),
        (b'x,"y\n' + b"x,y\n" * 500, r"must close every quote .* does not behind row"),
    ):
        path.write_bytes(sound + row)
        with pytest.raises(DataError, match=message) as caught:
            read_table(path, "plays", ["a"])
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ['a,b\nx,y\n"z,w\n', 'a,b\nx,y\n"z"",w', 'a,b\nx,y\nz,"w'])
def test_the_row_with_an_open_quote_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "plays.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=r"last row, 3, opens one .* '\"?(z|w).*'; close") as caught:
        read_table(path, "plays", ["a"])
    assert "\n" not in str(caught.value)


def test_columns_that_nobody_asks_for_may_share_a_name(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_text('a,x,x\n1,"2",3\n4,5,6\n')
    assert read_table(path, "plays", ["a"]).to_pylist() == [{"a": "1"}, {"a": "4"}]
    with pytest.raises(DataError, match="name each column once, found 'x' twice"):
        read_table(path, "plays", ["a"], None)


def test_conversion_names_the_row() -> None:
    texts = pa.chunked_array([["1", " 2.5 ", None], ["x"]], TEXT)
    assert converted(texts[:3], pa.float64(), "tempo", "f.csv", 0).to_pylist() == [1, 2.5, None]
    with pytest.raises(
        DataError,
        match=r"f\.csv must hold numbers in the column 'tempo', but row 15 \(the header is row 1\) "
        "has 'x'; correct",
    ):
        converted(texts, pa.float64(), "tempo", "f.csv", 10)
    lists = pa.chunked_array([["1|2.5", None, "1|a"]], TEXT)
    kind = pa.large_list(pa.float64())
    assert converted(lists[:2], kind, "cover", "f.csv", 0).to_pylist() == [[1, 2.5], None]
    with pytest.raises(DataError, match=r"numbers joined by '\|' in the column 'cover', but row 4"):
        converted(lists, kind, "cover", "f.csv", 0)
