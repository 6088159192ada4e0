"""One reader for tables of text: every way of writing the same samples gives the same samples."""

import bz2
import gzip
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecglab.datasets._table_reader import read_signal_table
from ecglab.errors import DatasetError

N = 300
TIMES = np.arange(N) / 360
ECG = np.sin(7 * TIMES).round(3)
MOMENTS = pd.date_range("2024-12-31 23:59:59.5", periods=N, freq=pd.Timedelta(milliseconds=4))


@pytest.fixture
def read(tmp_path):
    """Return a function that writes a text and reads it."""

    def write_and_read(content, name="x.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_signal_table(path)

    return write_and_read


def lines(*columns, separator=",", decimal="."):
    rows = zip(
        *([f"{v:.4f}".replace(".", decimal) for v in column] for column in columns), strict=True
    )
    return "".join(separator.join(row) + "\n" for row in rows)


PREAMBLES = ["", "Device: X12\nRate,360\n\n", "# made by hand\n"]
FOOTERS = ["", "# the end\n", "\nEnd of file\n", "Total: 300\n"]


@given(
    preamble=st.sampled_from(PREAMBLES),
    names=st.booleans(),
    units=st.booleans(),
    footer=st.sampled_from(FOOTERS),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    comma=st.booleans(),
    final=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    newline=st.sampled_from(["\n", "\r\n"]),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_it_is_written_it_is_the_same_table(
    tmp_path, preamble, names, units, footer, separator, comma, final, encoding, newline
):
    comma = comma and separator != ","
    text = lines(TIMES, ECG, separator=separator, decimal="," if comma else ".")
    head = separator.join(["time", "ecg"]) + "\n" if names else ""
    head += separator.join(["s", "mV"]) + "\n" if names and units else ""
    text = head + text
    if final:
        text = text.replace("\n", f"{separator}\n")
    path = tmp_path / "x.csv"
    path.write_bytes((preamble + text + footer).replace("\n", newline).encode(encoding))
    table = read_signal_table(path)
    np.testing.assert_allclose(table.values, np.column_stack([TIMES, ECG]), atol=1e-4)
    assert table.names == (("time", "ecg") if names else None)
    assert table.units == (("s", "mV") if names and units else None)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (pd.Series(ECG).to_csv(), ("", "0")),
        (pd.DataFrame({"a": TIMES, "b": ECG}).to_csv(), ("", "a", "b")),
        (pd.DataFrame(ECG).to_csv(index=False), ("0",)),
        (pd.DataFrame(np.column_stack([TIMES, ECG])).to_csv(index=False), ("0", "1")),
        (pd.DataFrame(np.round(1024 + 200 * ECG).astype(int)).to_csv(index=False), ("0",)),
        (pd.DataFrame({"ecg": ECG}).to_csv(index=False, sep=";", decimal=","), ("ecg",)),
        ("\n".join(map(str, np.round(200 * ECG).astype(int))), None),
        (lines(ECG), None),
    ],
)
def test_what_pandas_writes_has_as_many_rows_as_samples(read, text, names):
    table = read(text)
    assert table.names == names
    assert len(table.values) == N


@pytest.mark.parametrize("header", ["t ecg", "made today\nt ecg", "made by me today\nt ecg\ns mV"])
def test_names_in_the_remark_that_savetxt_writes(tmp_path, header):
    np.savetxt(tmp_path / "x.txt", np.column_stack([TIMES, ECG]), header=header)
    table = read_signal_table(tmp_path / "x.txt")
    assert table.names == ("t", "ecg")
    assert table.units == (("s", "mV") if "mV" in header else None)


@pytest.mark.parametrize(
    ("form", "separator"),
    [
        ("%Y-%m-%d %H:%M:%S.%f", ","),
        ("%Y-%m-%dT%H:%M:%S.%fZ", ","),
        ("%d.%m.%Y %H:%M:%S,%f", ";"),
        ("%m/%d/%Y %I:%M:%S.%f %p", "\t"),
        ("%H:%M:%S.%f", ","),
        ("[%H:%M:%S.%f %d/%m/%Y]", ","),
        ("'%H:%M:%S.%f'", ","),
    ],
)
def test_times_as_text_become_seconds_since_the_first(read, form, separator):
    """Past midnight and the end of the year."""
    words = MOMENTS.strftime(form)
    text = "".join(f"{word}{separator}{value}\n" for word, value in zip(words, ECG, strict=True))
    table = read(f"when{separator}ecg\n{text}")
    assert table.timestamps == {0}
    np.testing.assert_allclose(table.values[:, 0], np.arange(N) * 0.004, atol=1e-6)
    np.testing.assert_array_equal(table.values[:, 1], ECG)


def test_minutes_and_seconds_are_times_too(read):
    text = "'Elapsed time','MLII'\n'mm:ss.mmm','mV'\n"
    text += "".join(f"'{n // 60}:{n % 60:02d}.500',{v}\n" for n, v in enumerate(ECG))
    table = read(text)
    assert (table.names, table.units) == (("Elapsed time", "MLII"), ("mm:ss.mmm", "mV"))
    np.testing.assert_allclose(table.values[:, 0], np.arange(N))


def test_what_is_missing_is_missing_and_words_are_left_out(read):
    rows = [
        f"{t:.4f},{'' if i % 7 == 3 else v},{'N' if i % 9 else ''},{v if i > 250 else '-'}"
        for i, (t, v) in enumerate(zip(TIMES, ECG, strict=True))
    ]
    table = read("time,ecg,note,late\n" + "\n".join(rows))
    assert table.names == ("time", "ecg", "late")
    assert table.positions == (0, 1, 3)
    assert "left out, for its words: note" in table.notes
    assert np.isnan(table.values[:, 1]).sum() == len(range(3, N, 7))
    assert np.isnan(table.values[:251, 2]).all()
    np.testing.assert_array_equal(table.values[251:, 2], ECG[251:])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("0.5,x1", r"line 202, value 2: 'x1' is not a finite number"),
        ("0.5", r"line 202: 1 values, but 2 in the rows before it"),
        ("0.5,1,2", r"line 202: 3 values, but 2"),
        ("nonsense", r"line 202: 1 values, but 2"),
    ],
)
def test_a_row_that_is_none_is_named_with_its_line_and_column(read, row, message):
    text = ("time,ecg\n" + lines(TIMES, ECG)).splitlines()
    with pytest.raises(DatasetError, match=rf"x\.csv, {message}"):
        read("\n".join([*text[:201], row, *text[201:]]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("time,ecg\n", "only a header"),
        ("# nothing\n", "only comments"),
        ("0,25\n0,5\n0,75\n0,25\n", "one number with a decimal comma, or two columns"),
        ("1.5;0,5\n2.5;0,5\n", "decimal commas and numbers with decimal points"),
        ("time,ecg,resp\n" + lines(TIMES, ECG), "the header has 3 names, but the rows have 2"),
    ],
)
def test_what_allows_no_reading_or_two_is_refused(read, text, message):
    with pytest.raises(DatasetError, match=message):
        read(text)


@pytest.mark.parametrize("pack_with", [gzip.compress, bz2.compress])
def test_compressed_texts_are_read_within_the_limit(tmp_path, pack_with):
    path = tmp_path / ("x.csv.gz" if pack_with is gzip.compress else "x.csv.bz2")
    path.write_bytes(pack_with(lines(TIMES, ECG).encode()))
    assert len(read_signal_table(path).values) == N
    with pytest.raises(DatasetError, match="more than 1,000 bytes"):
        read_signal_table(path, size_limit=1000)


def test_two_whole_numbers_are_two_columns_where_the_first_counts(read):
    buffer = io.StringIO()
    np.savetxt(buffer, np.column_stack([np.arange(N), 1024 + 200 * ECG]), fmt="%d", delimiter=",")
    assert read(buffer.getvalue()).values.shape == (N, 2)


def test_a_row_that_was_made_a_remark_is_passed_over_and_counted(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("ecg,resp\n" + "0.1,2\n" * 20 + "#0.2,3\n" + "0.3,4\n" * 20)
    table = read_signal_table(path)
    assert len(table.values) == 40
    assert "1 rows passed over that are marked as remarks" in table.notes
