"""Reading tables of beats: every published form, and every way in which a file can be broken."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ecglab.datasets._ecg5000 import FORMS, read_part
from ecglab.errors import DatasetError

SIGNALS = np.array([[0.5, -1.25, 3.0], [1e-7, 2.0, -4.5e3], [0.25, 0.0, -1.0], [7.0, 8.5, 9.0]])
LABELS = np.array([1, 2, 1, 5])

TS = b"#c\n@problemName x\n@data\n"
ARFF = b"% c\n\n@relation x\n@data\n"

numbers = st.floats(-1e6, 1e6, allow_nan=False, allow_subnormal=False)
tables = st.integers(1, 5).flatmap(
    lambda width: st.lists(
        st.tuples(st.lists(numbers, min_size=width, max_size=width), st.integers(-9, 99)),
        min_size=1,
        max_size=6,
    )
)


@pytest.mark.parametrize("form", FORMS)
@given(table=tables)
def test_what_is_written_is_read_again(encode, form, table):
    signals, labels = (list(column) for column in zip(*table, strict=True))
    read_signals, read_labels = read_part(encode(form, signals, labels), form, "x")
    np.testing.assert_allclose(read_signals, signals, rtol=1e-14)
    assert read_labels.tolist() == labels
    assert read_signals.dtype == np.float64
    assert read_labels.dtype == np.int64


def _with_capital_keywords(content):
    return content.replace(b"@data", b"@DATA").replace(b"@relation", b"@RELATION")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: content.replace(b"\n", b"\r"),
        lambda content: content.replace(b"\n", b" \n"),
        lambda content: content.removesuffix(b"\n"),
        lambda content: content + b"\n  \n",
        lambda content: b"\xef\xbb\xbf" + content,
        _with_capital_keywords,
    ],
    ids=["CRLF", "CR", "trailing-space", "no-last-newline", "blank-lines", "BOM", "capitals"],
)
def test_harmless_differences_change_nothing(encode, form, change):
    signals, labels = read_part(change(encode(form, SIGNALS, LABELS)), form, "x")
    np.testing.assert_array_equal(signals, SIGNALS)
    np.testing.assert_array_equal(labels, LABELS)


@pytest.mark.parametrize(
    ("form", "content", "message"),
    [
        (".txt", b"", "f is empty"),
        (".tsv", b" \r\n \n", "f is empty"),
        (".ts", b"", "f is empty"),
        (".txt", b"1 2 3\n4 5\n6 7 8\n", "line 2: 2 values, but 3 in the rows before"),
        (".txt", b"1 2 3\n\n4 5 6 7\n", "line 1: 3 values, but 4 in the rows"),
        (".tsv", b"1\t2\t3\n4\t5\n", "line 1: 3 values, but 2"),
        (".tsv", b"1\t2\n4\t\n5\t6\n", "line 2, value 2: '' is not a finite number"),
        (".tsv", b"1\t2\t3\n4\t\t3\n5\t6\t7\n", "line 2, value 2: '' is not a finite number"),
        (".ts", TS + b"1,2:1\n3:1\n", "line 5: 2 values, but 3"),
        (".arff", ARFF + b"1,2,1\n1,1\n", "line 6: 2 values, but 3"),
        (".txt", b"1 2\n1 x\n", "line 2, value 2: 'x' is not a finite number"),
        (".txt", b"1 2\n1 NaN\n", "line 2, value 2: 'NaN' is not"),
        (".txt", b"1 2\n1 inf\n", "line 2, value 2: 'inf' is not"),
        (".txt", b"1 2\n1 1e999\n", "line 2, value 2: '1e999' is not"),
        (".txt", b"True 2\nTrue 3\n", "line 1, value 1: 'True' is not"),
        (".txt", b"1 2\n1 1e\n", "line 2, value 2: '1e' is not"),
        (".txt", b"1 2\n1 3\x0b4\n", "line 1: 2 values, but 3"),
        (".txt", b"1 2\n1 \xff3\n", "line 2, value 2"),
        (".txt", b"1 2\n1 3\x004\n", "line 2, value 2"),
        (".txt", b"1\n1\n", "no rows with a label and samples"),
        (".txt", b"1.5 2\n1 3\n", "label 1.5 is not a whole number"),
        (".txt", b"1e300 2\n1 3\n", "'1e300' is too large"),
        (".ts", TS, r"no data after its header \(line 3\)"),
        (".arff", ARFF + b"\n", r"no data after its header \(line 4\)"),
        (".ts", TS.replace(b"@data\n", b""), "no line '@data'"),
        (".arff", b"@relation x\n1,2,1\n", "line 2: '1,2,1' stands before"),
        (".arff", b"# c\n@data\n1,2,1\n", "line 1: '# c' stands before"),
        (".ts", TS + b"1,2,1\n", "line 4: a row must be"),
        (".ts", TS + b"1,2:1\n1:2,1\n", "line 5: a row must be"),
        (".ts", TS + b"1:2:1\n", "line 4: a row must be"),
        (".ts", TS + b":1\n", "line 4: a row must be"),
        (".ts", TS + b"1,2:\n", "line 4, value 3: '' is not"),
        (".ts", TS + b"?,2:1\n", r"line 4, value 1: '\?' is not"),
    ],
)
def test_broken_tables_are_refused_with_the_place_and_the_fault(form, content, message):
    with pytest.raises(DatasetError, match=f"^f.*{message}|^{message}"):
        read_part(content, form, "f")


@st.composite
def changes(draw):
    """Make up some edits: (where, how many bytes to take out, what to put in)."""
    edit = st.tuples(st.floats(0, 1), st.integers(0, 3), st.binary(max_size=2))
    return draw(st.lists(edit, min_size=1, max_size=4))


@pytest.mark.parametrize("form", FORMS)
@given(edits=changes())
def test_damage_of_any_kind_raises_no_other_error(encode, form, edits):
    content = encode(form, SIGNALS, LABELS)
    for where, length, insertion in edits:
        start = round(where * len(content))
        content = content[:start] + insertion + content[start + length :]
    try:
        signals, labels = read_part(content, form, "x")
    except DatasetError:
        return
    assert signals.ndim == 2
    assert labels.shape == (len(signals),)
    assert np.isfinite(signals).all()


def count_remarks(content):
    return sum(line.startswith((b"#", b"%")) for line in content.splitlines())


@pytest.mark.parametrize("form", FORMS)
@given(where=st.floats(0, 1), byte=st.binary(max_size=1))
@example(where=0.0, byte=b"#")
def test_a_changed_or_lost_byte_never_gives_another_shape(encode, form, where, byte):
    """But for a row that the byte makes a remark."""
    content = encode(form, SIGNALS, LABELS)
    start = round(where * (len(content) - 1))
    changed = content[:start] + byte + content[start + 1 :]
    n_rows = len(SIGNALS) - max(0, count_remarks(changed) - count_remarks(content))
    try:
        signals, labels = read_part(changed, form, "x")
    except DatasetError:
        return
    assert signals.shape == (n_rows, SIGNALS.shape[1])
    assert labels.shape == (n_rows,)
