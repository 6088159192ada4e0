"""Reading anybody's table of beats: what is found out, what is refused, and above all polarity."""

import gzip
import io
import logging

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ecglab.datasets import iter_heartbeats, make_heartbeats, read_heartbeats
from ecglab.datasets._samples import find_odd_values
from ecglab.errors import DatasetError

RNG = np.random.default_rng(0)
SIGNALS = RNG.normal(size=(12, 6)).round(4)
SIGNALLING = np.full((12, 6), 0x7FA00000, np.uint32).view(np.float32)  # NaN that warns when cast
LABELS = np.array([1, 1, 2, 1, 1, 3, 1, 2, 1, 1, 1, 2])
TEXTS = np.array(["N", "N", "V", "N", "N", "F", "N", "V", "N", "N", "N", "V"])


def rows(*columns, separator=","):
    """Write columns and tables side by side."""
    tables = [np.asarray(column).reshape(len(SIGNALS), -1).astype(str) for column in columns]
    return "".join(separator.join(row) + "\n" for row in np.hstack(tables).tolist())


@pytest.fixture
def read(tmp_path):
    """Return a function that writes a file and reads it as beats."""

    def write_and_read(content, name="beats.csv", **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_heartbeats(path, **options)

    return write_and_read


def assert_is_the_table(beats, labels=LABELS):
    np.testing.assert_array_equal(beats.signals, SIGNALS.astype(np.float32))
    np.testing.assert_array_equal(beats.labels, labels)


# Published files, without a single option


@pytest.mark.parametrize("part", ["train", "test"])
def test_files_of_the_ucr_archive_need_no_options(ecg5000_home, ecg5000, part):
    beats = read_heartbeats(ecg5000_home / "ecg5000" / f"ECG5000_{part.upper()}.txt")
    np.testing.assert_array_equal(beats.signals, ecg5000.part(part).signals)
    np.testing.assert_array_equal(beats.labels, ecg5000.part(part).labels)
    np.testing.assert_array_equal(beats.is_anomaly, ecg5000.part(part).is_anomaly)


@pytest.fixture(scope="module")
def ecg_csv(ecg5000, tmp_path_factory):
    """Make ecg.csv as TensorFlow's tutorial has it: label last, 1 normal, 0 abnormal."""
    chosen = np.random.default_rng(0).permutation(5000)[:4998]
    labels = (ecg5000.labels[chosen] == 1).astype(float)
    path = tmp_path_factory.mktemp("tutorial") / "ecg.csv"
    np.savetxt(path, np.column_stack([ecg5000.signals[chosen], labels]), delimiter=",")
    return path, ecg5000[chosen]


def test_ecg_csv_needs_no_options_and_keeps_its_polarity(ecg_csv, caplog):
    path, original = ecg_csv
    beats = read_heartbeats(path)
    assert beats.signals.shape == (4998, 140)
    np.testing.assert_array_equal(beats.signals, original.signals)
    np.testing.assert_array_equal(beats.is_anomaly, original.is_anomaly)
    assert set(beats.labels.tolist()) == {0, 1}
    assert beats.provenance["normal label"] == "1 (assumed)"
    assert "took 1 for the normal label" in caplog.text  # a guess that is never made in silence


@pytest.mark.parametrize("form", [".txt", ".tsv", ".ts", ".arff"])
@pytest.mark.parametrize("packed", ["", ".gz", ".zip"])
def test_every_published_form_is_read_plain_or_packed(read, encode, pack, form, packed):
    content = encode(form, SIGNALS, LABELS)
    name = f"x{form}"
    if packed == ".gz":
        content, name = gzip.compress(content), f"{name}.gz"
    elif packed == ".zip":
        content, name = pack({f"folder/{name}": content}), "x.zip"
    assert_is_the_table(read(content, name))


def test_a_ts_file_says_itself_whether_it_has_labels(read, encode):
    content = encode(".ts", SIGNALS, TEXTS)
    assert read(content, "x.ts").class_names == {1: "N", 2: "V", 3: "F"}
    header, _, data = content.partition(b"@data\n")
    bare = b"\n".join(line.partition(b":")[0] for line in data.splitlines())
    unlabelled = read(header + b"@classLabel false\n@data\n" + bare, "x.ts")
    np.testing.assert_array_equal(unlabelled.signals, SIGNALS.astype(np.float32))
    assert not unlabelled.is_anomaly.any()


@pytest.mark.parametrize("bad", ["1,2,3,4,5,6,1", "1,2,3,4,5,6:1:2", ":1"])
def test_a_row_of_a_ts_file_without_its_one_label_is_a_bad_row(read, encode, bad):
    content = encode(".ts", SIGNALS, LABELS) + bad.encode() + b"\n"
    with pytest.raises(DatasetError, match="line 16: a row must be the samples, one ':' and"):
        read(content, "x.ts")
    beats = read(content, "x.ts", on_bad="drop")
    assert_is_the_table(beats)
    assert beats.provenance["rows set aside"] == "1"


def test_the_nominal_attribute_of_an_arff_file_is_the_label(read):
    attributes = "@attribute 'the class' {N,V,F}\n" + "".join(
        f"@attribute s{i} numeric\n" for i in range(6)
    )
    beats = read(f"@relation x\n{attributes}@data\n{rows(TEXTS, SIGNALS)}", "x.arff")
    np.testing.assert_array_equal(beats.signals, SIGNALS.astype(np.float32))
    np.testing.assert_array_equal(beats.is_anomaly, TEXTS != "N")


@pytest.mark.parametrize("quote", ["", "'"])
@pytest.mark.parametrize("spaced", [False, True])
def test_ecg5000_as_arff_with_a_nominal_label_is_read_as_the_text(ecg5000, tmp_path, quote, spaced):
    part = ecg5000.part("train")
    attributes = [f"@attribute {quote}att{i}{quote} numeric" for i in range(140)]
    header = ["% ECG5000", "@relation ECG5000", "", *attributes, "@attribute target {1,2,3,4,5}"]
    separator = ", " if spaced else ","
    data = [
        separator.join([*map(repr, beat.tolist()), str(label)])
        for beat, label in zip(part.signals, part.labels.tolist(), strict=True)
    ]
    path = tmp_path / "ECG5000_TRAIN.arff"
    path.write_text("\n".join([*header, "@data", *data]))
    beats = read_heartbeats(path)
    np.testing.assert_array_equal(beats.signals, part.signals)
    np.testing.assert_array_equal(beats.labels, part.labels)
    np.testing.assert_array_equal(beats.is_anomaly, part.is_anomaly)
    assert beats.reading["label"].reason == "the form says so"


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ("@attribute a string\n@attribute b numeric\n", "String attributes not supported"),
        ("@attribute a numeric\n@attribute b {1,\n", r"x\.arff cannot be read"),
    ],
)
def test_an_arff_header_that_cannot_be_read_is_refused_with_the_reason(read, attributes, message):
    with pytest.raises(DatasetError, match=message):
        read(f"@relation x\n{attributes}@data\n1,2\n", "x.arff")


# How a table is written


@pytest.mark.parametrize("separator", [",", ";", "\t", " ", "   ", ", "])
@pytest.mark.parametrize("name", ["x.csv", "x.txt", "x.tsv", "X.CSV"])
def test_separators_are_found_out_whatever_the_extension(read, separator, name):
    assert_is_the_table(read(rows(LABELS, SIGNALS, separator=separator), name))


@pytest.mark.parametrize("separator", [";", "\t", " "])
@pytest.mark.parametrize("labels", [LABELS, TEXTS])
def test_decimal_commas_are_found_out(read, separator, labels):
    beats = read(rows(labels, SIGNALS, separator=separator).replace(".", ","))
    np.testing.assert_array_equal(beats.signals, SIGNALS.astype(np.float32))


def test_points_between_thousands_are_refused_and_not_read_as_decimals(read):
    text = rows(LABELS, SIGNALS, separator=";").replace(".", ",")
    with pytest.raises(DatasetError, match="decimal commas and numbers with decimal points"):
        read(text + "1;1.234;0,5;0,5;0,5;0,5;0,5\n")


@pytest.mark.parametrize(
    "header",
    [
        "label,a,b,c,d,e,f",
        "label,0,1,2,3,4,5",
        "label,a,b,c,3,4,5",
        "0,1,2,3,4,5,6",
        '"V1","V2","V3","V4","V5","V6","V7"',
        "# exported yesterday\nlabel,a,b,c,d,e,f",
    ],
)
def test_a_header_is_found_out(read, header):
    assert_is_the_table(read(f"{header}\n{rows(LABELS, SIGNALS)}"))


@pytest.mark.parametrize("label", ["label", "kind", "what"])
def test_a_header_that_counts_above_labels_in_words_is_no_beat(read, label):
    beats = read(pd.DataFrame(SIGNALS).assign(**{label: TEXTS}).to_csv(index=False))
    np.testing.assert_array_equal(beats.signals, SIGNALS.astype(np.float32))
    assert beats.class_names == {1: "N", 2: "V", 3: "F"}


def test_a_few_words_among_labels_that_are_numbers_make_all_of_them_words(read):
    labels = np.array(["1"] * 11 + ["N"])
    beats = read("label,a,b,c,d,e,f\n" + rows(labels, SIGNALS), normal_label="N")
    assert beats.class_names == {1: "N", 2: "1"}


def test_the_names_that_r_writes_are_those_of_the_columns_after_the_first(read):
    text = '"label" "a" "b" "c" "d" "e" "f"\n' + "".join(
        f'"{n}" {row}\n'
        for n, row in enumerate(rows(LABELS, SIGNALS, separator=" ").splitlines(), 1)
    )
    with pytest.raises(DatasetError, match=r"column 0 \(''\) has no name.*ignore_columns=\[0\]"):
        read(text, "x.txt")
    assert_is_the_table(read(text, "x.txt", ignore_columns=[0]))


def test_a_header_that_counts_beside_an_index_without_a_name_is_no_beat(read):
    """As pandas writes a table whose columns have no names."""
    beats = read(pd.DataFrame(SIGNALS).to_csv(), ignore_columns=[0])
    np.testing.assert_array_equal(beats.signals, SIGNALS.astype(np.float32))


@pytest.mark.parametrize(
    "header", ["", "label,a,b,c,d,e,f,\n", "0,1,2,3,4,5,6,\n", "label,a,b,c,d,e,f\n"]
)
def test_rows_may_end_in_a_separator(read, header):
    assert_is_the_table(read(header + rows(LABELS, SIGNALS).replace("\n", ",\n")))


def test_what_stands_after_a_final_separator_is_a_fault(read):
    text = "1,2,3,4,5,6,9,8\n" + rows(LABELS, SIGNALS).replace("\n", ",\n")
    with pytest.raises(DatasetError, match=r"line 1, value 8: '8' stands where other rows end"):
        read(text)


@pytest.mark.parametrize("above", ["", "# a remark\n", "ECG of 12 beats\nby hand\n\n"])
@pytest.mark.parametrize(
    "header", ["# label,a,b,c,d,e,f\n", "label,a,b,c,d,e,f\n,mV,mV,mV,mV,mV,mV\n"]
)
@pytest.mark.parametrize("below", ["", "# the end\n", "End of table\n\n"])
def test_remarks_names_in_a_remark_and_units_are_known_for_what_they_are(
    read, above, header, below
):
    beats = read(above + header + rows(LABELS, SIGNALS) + below)
    assert_is_the_table(beats)
    assert beats.provenance["label"] == "column 0 ('label')"


def test_a_first_beat_with_a_fault_does_not_pass_for_a_header(read):
    with pytest.raises(DatasetError, match="line 1, value 3: 'x' is not a finite number"):
        read("1,0.5,x,0.25,0.75,0.5,0.5\n" + rows(LABELS, SIGNALS))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_read(read, encoding):
    assert_is_the_table(read(rows(LABELS, SIGNALS).encode(encoding)))


@pytest.mark.parametrize("header", ["", "label a b c d e f", "made today\nlabel a b c d e f"])
@pytest.mark.parametrize("delimiter", [" ", "\t"])
def test_what_savetxt_writes_is_read(tmp_path, header, delimiter):
    path = tmp_path / "x.txt"
    np.savetxt(path, np.column_stack([LABELS, SIGNALS]), delimiter=delimiter, header=header)
    assert_is_the_table(read_heartbeats(path))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_byte_order_marks_and_line_ends_change_nothing(read, encoding, newline):
    text = "label,a,b,c,d,e,f\n" + rows(LABELS, SIGNALS) + "\n\n"
    assert_is_the_table(read(text.replace("\n", newline).encode(encoding)))


def test_quoted_fields_are_read(read):
    quoted = rows(TEXTS, SIGNALS)
    quoted = "".join(
        ",".join(f'"{f}"' for f in row.split(",")) + "\n" for row in quoted.splitlines()
    )
    beats = read(quoted)
    np.testing.assert_array_equal(beats.signals, SIGNALS.astype(np.float32))
    assert beats.class_names[1] == "N"


# Which column is the label


@pytest.mark.parametrize(
    ("columns", "options"),
    [
        ((LABELS, SIGNALS), {}),
        ((SIGNALS, LABELS), {}),
        ((LABELS, SIGNALS), {"label_column": 0}),
        ((SIGNALS, LABELS), {"label_column": -1}),
        ((SIGNALS, LABELS), {"label_column": 6}),
        ((SIGNALS[:, :3], LABELS, SIGNALS[:, 3:]), {"label_column": 3}),
    ],
)
def test_the_label_may_stand_anywhere(read, columns, options):
    assert_is_the_table(read(rows(*columns), **options))


@pytest.mark.parametrize("options", [{}, {"label_column": "Class"}])
def test_the_label_is_found_by_its_name(read, options):
    header = "a,b,c,Class,d,e,f\n"
    assert_is_the_table(read(header + rows(SIGNALS[:, :3], LABELS, SIGNALS[:, 3:]), **options))


@pytest.mark.parametrize("options", [{}, {"label_column": None}])
def test_a_table_of_samples_only_has_no_label_and_no_anomaly(read, options):
    beats = read(rows(SIGNALS), **options)
    np.testing.assert_array_equal(beats.signals, SIGNALS.astype(np.float32))
    assert not beats.is_anomaly.any()
    assert beats.class_names == {0: "unlabelled"}
    assert beats.provenance["label"] == "none"


def test_with_label_column_none_a_label_is_no_sample_either(read):
    with pytest.raises(DatasetError, match=r"column 0 holds whole numbers.*ignore_columns=\[0\]"):
        read(rows(LABELS, SIGNALS), label_column=None)
    assert read(rows(LABELS, SIGNALS), label_column=None, ignore_columns=[0]).n_samples == 6


@pytest.mark.parametrize(
    ("columns", "header", "message"),
    [
        ((LABELS, SIGNALS, LABELS), "", "both column 0 and column 7 look like a label"),
        ((np.ones(12, int), SIGNALS), "", "column 0 is 1 in each of the first 12 rows"),
        ((np.zeros(12, int), SIGNALS), "", "column 0 is 0 in each of the first 12 rows"),
        ((LABELS, (SIGNALS * 9).round().astype(int)), "", "both column 0 and column 6"),
        (
            (LABELS, (SIGNALS[:, :5] * 9).round().astype(int), SIGNALS[:, 5]),
            "",
            "most other columns hold few different whole numbers, too",
        ),
        ((LABELS, SIGNALS), "age,a,b,c,d,e,f\n", r"'age'\) is called as no sample is"),
        ((LABELS, SIGNALS), "beats,a,b,c,d,e,f\n", r"'beats'\) looks like a label by its values"),
        ((LABELS, SIGNALS, LABELS), "y,a,b,c,d,e,f,class\n", "'y'.*and.*'class'.*may be the label"),
        ((np.arange(12), SIGNALS, LABELS), "", r"column 0 counts the rows.*ignore_columns=\[0\]"),
        ((TEXTS, SIGNALS, TEXTS), "", "column 0 holds text; column 7 holds text: no sample"),
    ],
    ids=[
        "both ends",
        "ones",
        "zeros",
        "counts",
        "one end",
        "age",
        "name",
        "two names",
        "index",
        "texts",
    ],
)
def test_what_allows_two_readings_is_refused(read, columns, header, message):
    with pytest.raises(DatasetError, match=message):
        read(header + rows(*columns))


def test_integer_samples_do_not_hide_the_label(read):
    """Raw values of an analogue-digital converter take many values, labels take few."""
    samples = np.random.default_rng(1).integers(-900, 900, size=(200, 6))
    labels = np.resize([1, 2, 1, 3], 200)
    table = pd.DataFrame(samples).assign(y=labels)
    beats = read(table.to_csv(index=False, header=False))
    np.testing.assert_array_equal(beats.signals, samples)
    np.testing.assert_array_equal(beats.labels, labels)


def test_columns_that_are_neither_label_nor_sample_are_left_out(read):
    header = "patient,a,b,c,d,e,f,label\n"
    table = header + rows(TEXTS, SIGNALS, LABELS)
    with pytest.raises(DatasetError, match=r"column 0 \('patient'\) holds text.*columns=\[0\]"):
        read(table)
    for ignored in ([0], ["patient"], [-8]):
        assert_is_the_table(read(table, ignore_columns=ignored))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label_column": "lable"}, "no column 'lable'. Its 7 columns are: 'label', 'a'"),
        ({"label_column": 7}, "7 columns, and so no column 7"),
        ({"label_column": -8}, "no column -8"),
        ({"label_column": 3}, r"'label'\) is called as no sample is"),
        ({"ignore_columns": ["x"]}, "no column 'x'"),
        ({"label_column": 0, "ignore_columns": [0]}, "both the label and ignored"),
        ({"header": False}, "line 1, value 1: 'label' is not a finite number"),
        ({"normal_label": "N"}, "numbers for labels .1, 2, 3., and none of them is 'N'"),
        ({"member": "x"}, "is no zip"),
    ],
)
def test_options_that_do_not_fit_the_file_are_named(read, options, message):
    with pytest.raises(DatasetError, match=message):
        read("label,a,b,c,d,e,f\n" + rows(LABELS, SIGNALS), **options)


@pytest.mark.parametrize(
    "options",
    [{"header": "yes"}, {"on_bad": "ignore"}, {"label_column": None, "normal_label": 1}],
)
def test_options_that_fit_no_file_are_value_errors(read, options):
    with pytest.raises(ValueError, match=next(iter(options)).split("_")[0]):
        read(rows(LABELS, SIGNALS), **options)


# Polarity


@pytest.mark.parametrize(
    ("labels", "options", "anomalies"),
    [
        (LABELS, {}, LABELS != 1),
        (LABELS, {"normal_label": 2}, LABELS != 2),
        (LABELS, {"normal_label": "2"}, LABELS != 2),
        (LABELS == 1, {"normal_label": "True"}, LABELS != 1),
        (LABELS != 1, {"normal_label": False}, LABELS != 1),
        ((LABELS == 1).astype(int), {"normal_label": 1}, LABELS != 1),
        ((LABELS == 1).astype(int), {"normal_label": 0}, LABELS == 1),
        (np.where(LABELS == 1, 1, -1), {"normal_label": 1}, LABELS != 1),
        (LABELS - 1, {"normal_label": 0}, LABELS != 1),
        (TEXTS, {}, TEXTS != "N"),
        (np.where(TEXTS == "N", "Normal", "PVC"), {}, TEXTS != "N"),
        (TEXTS, {"normal_label": "V"}, TEXTS != "V"),
    ],
)
def test_exactly_the_beats_without_the_normal_label_are_anomalies(read, labels, options, anomalies):
    np.testing.assert_array_equal(read(rows(SIGNALS, labels), **options).is_anomaly, anomalies)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (LABELS - 1, r"1 may be it, or another one: labels 0, 1, 2"),
        ((LABELS != 1).astype(int), "1 may be it, or another one: labels 0, 1"),
        ((LABELS == 1).astype(int), "1 may be it, or another one: labels 0, 1"),
        (np.where(LABELS == 1, 1, -1), "1 may be it, or another one: labels -1, 1"),
        (np.where(LABELS == 1, 1, 2), "1 may be it, or another one: labels 1, 2"),
        (np.array([1, 2, 3] * 4), "only 33.3% of beats have the label 1"),
        (np.where(LABELS == 1, "N", "Y"), "none of the labels 'N', 'Y' is surely"),
        (LABELS + 1, "there is no 1.* among the labels 2, 3, 4"),
        (np.where(LABELS == 1, "sinus", "other"), "none of the labels 'other', 'sinus'"),
        (np.where(LABELS == 1, "N", "normal"), "none of the labels 'N', 'normal' is surely"),
    ],
)
def test_a_normal_label_that_is_not_plain_must_be_said(read, labels, message):
    """Kaggle's MIT-BIH table has 0 for normal beats: taken for ECG5000's, all would be reversed."""
    with pytest.raises(DatasetError, match=f"which label is the normal one.*{message}.*normal_lab"):
        read(rows(SIGNALS, labels))


def test_a_single_class_does_not_say_what_it_is(read):
    with pytest.raises(
        DatasetError, match=r"all of the first 12 beats have the label 1.*Pass norm"
    ):
        read(rows(SIGNALS, np.ones(12, int)), label_column=-1)


@given(
    n_classes=st.integers(1, 6),
    first=st.integers(-2, 3),
    ones=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_a_normal_label_is_assumed_on_strong_evidence_only_and_never_quietly(
    tmp_path_factory, n_classes, first, ones, seed
):
    """Of three labels or more, all from 1 on, most beats must have the 1."""
    rng = np.random.default_rng(seed)
    classes = np.arange(first, first + n_classes)
    labels = np.where(rng.random(60) < ones, 1, rng.choice(classes, 60))
    found = set(labels.tolist())
    path = tmp_path_factory.mktemp("labels", numbered=True) / "x.csv"
    np.savetxt(path, np.column_stack([rng.normal(size=(60, 5)), labels]), delimiter=",")
    assumable = len(found) > 2 and min(found) == 1 and 2 * (labels == 1).sum() >= 60
    if assumable:
        assert read_heartbeats(path, label_column=-1).reading["normal label"].assumed
    else:
        with pytest.raises(DatasetError, match="which label is the normal one"):
            read_heartbeats(path, label_column=-1)
    told = read_heartbeats(path, label_column=-1, normal_label=int(labels[0]))
    np.testing.assert_array_equal(told.is_anomaly, labels != labels[0])


@pytest.mark.parametrize("shares", [(0, 2), (1, 2), (2, 1), (9, 1)])
def test_of_two_labels_of_ecg5000_the_normal_one_is_asked_for(ecg5000, tmp_path, shares):
    """Whatever the share of each: 40 % zeros may be the normal beats or the others."""
    normal, strange = ecg5000.normal[: 100 * shares[0]], ecg5000.anomalies[: 100 * shares[1]]
    signals = np.concatenate([normal.signals, strange.signals])
    labels = np.repeat([1, 0], [len(normal), len(strange)])
    path = tmp_path / "x.csv"
    for names in (labels, 1 - labels):
        pd.DataFrame(signals).assign(target=names).to_csv(path, index=False)
        with pytest.raises(DatasetError, match="which label is the normal one"):
            read_heartbeats(path)


def test_a_normal_label_in_other_letters_is_no_silent_absence(read):
    with pytest.raises(DatasetError, match="no label 'n', but 'N'"):
        read(rows(SIGNALS, TEXTS), normal_label="n")


def test_a_file_of_anomalies_alone_can_be_read(read, caplog):
    """PTB's beats come as one file of normal and one of abnormal ones."""
    beats = read(rows(SIGNALS, np.ones(12, int)), label_column=-1, normal_label=0)
    assert beats.is_anomaly.all()
    assert "none of the first beats has the normal label 0" in caplog.text


def test_texts_are_numbered_from_the_normal_one_and_keep_their_names(read):
    beats = read(rows(SIGNALS[::-1], TEXTS[::-1]))
    assert beats.normal_label == 1
    assert beats.class_names == {1: "N", 2: "V", 3: "F"}
    assert [beats.class_names[label] for label in beats.labels] == TEXTS[::-1].tolist()


# Rows that are no beats


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("1,0.5,NaN,0.5,0.5,0.5,0.5", "line 4, value 3: 'NaN' is not a finite number"),
        ("1,0.5,,0.5,0.5,0.5,0.5", "line 4, value 3: '' is not a finite number"),
        ("1,0.5,1e39,0.5,0.5,0.5,0.5", "line 4, value 3: '1e39' is too large"),
        ("1,0.5,inf,0.5,0.5,0.5,0.5", "line 4, value 3: 'inf'"),
        ("1,0.5,0.5,0.5,0.5,0.5", "line 4: 6 values, but 7 in the rows before it"),
        ("1,0.5,0.5,0.5,0.5,0.5,0.5,0.5", "line 4: 8 values, but 7"),
        ("N,0.5,0.5,0.5,0.5,0.5,0.5", "line 4, value 1: 'N' is not a finite number"),
        ("1;0.5;0.5;0.5;0.5;0.5;0.5", "line 4: 1 values, but 7"),
        ("1,0.5,0.5,0.5,0.5,0.5,0_5", "line 4, value 7: '0_5'"),
    ],
)
def test_a_bad_row_is_refused_with_its_place_or_set_aside_and_counted(read, caplog, bad, message):
    lines = rows(LABELS, SIGNALS).splitlines()
    text = "\n".join([*lines[:3], bad, *lines[3:]])
    with pytest.raises(DatasetError, match=rf"beats\.csv, {message}.*on_bad='drop'"):
        read(text)
    beats = read(text, on_bad="drop")
    assert_is_the_table(beats)
    assert beats.provenance["rows set aside"] == "1"
    assert "1 rows set aside" in caplog.text


def test_a_missing_text_label_is_a_bad_row(read):
    text = rows(TEXTS, SIGNALS) + ",0.5,0.5,0.5,0.5,0.5,0.5\n"
    with pytest.raises(DatasetError, match="line 13, value 1: '' is no label"):
        read(text)
    assert len(read(text, on_bad="drop")) == 12


def test_a_file_of_bad_rows_alone_is_refused(read):
    with pytest.raises(DatasetError, match="no beats: all 2 rows were set aside"):
        read("1,nan,2,3\n1,nan,2,3\n", on_bad="drop", header=False, label_column=0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("# nothing\n", "only comments"),
        ("label,a,b,c\n", "only a header"),
        ("1\n2\n", "one value in a row"),
        ("1\t2\n2\t3\n", "too few for beats"),
        ("1,2\n5,3\n", "one number with a decimal comma, or two columns"),
        ("label,a,b\n1,2,3,4\n5,6,7,9\n", "the header has 3 names, but the rows have 4"),
        (b"\x1f\x8b\x08\x00", "a .gz file by another name"),
        (b"PAR1", "a .parquet file by another name"),
        (b"1," * 2**20 + b"1\n", "more than 1,048,576 characters"),
    ],
)
def test_what_is_no_table_is_refused(read, content, message):
    with pytest.raises(DatasetError, match=message):
        read(content)


def test_a_missing_file_a_folder_and_an_unknown_form_are_named(tmp_path):
    for name, message in (
        ("absent.csv", "does not exist"),
        (".", "a folder or a device"),
        ("x.xlsx", "does not end in one of .csv"),
    ):
        (tmp_path / "x.xlsx").touch()
        with pytest.raises(DatasetError, match=message):
            read_heartbeats(tmp_path / name)


# NumPy archives and Parquet


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("arrays", "options"),
    [
        ({"signals": SIGNALS, "labels": LABELS}, {}),
        ({"X": SIGNALS, "y": LABELS, "times": LABELS / 7}, {}),
        ({"X": SIGNALS, "kinds": LABELS, "times": LABELS / 7}, {"label_column": "kinds"}),
        ({"beats": np.column_stack([LABELS, SIGNALS])}, {}),
        ({"beats": np.column_stack([SIGNALS, LABELS])}, {"label_column": -1}),
    ],
)
def test_arrays_are_found_in_an_npz(read, arrays, options):
    assert_is_the_table(read(npz(**arrays), "x.npz", **options))


@pytest.mark.parametrize("labels", [TEXTS, TEXTS.astype("S1")])
def test_text_labels_of_an_npz_keep_their_names(read, labels):
    beats = read(npz(X=SIGNALS, y=labels), "x.npz")
    np.testing.assert_array_equal(beats.is_anomaly, TEXTS != "N")


@pytest.mark.parametrize(
    ("arrays", "options", "message"),
    [
        ({"X": SIGNALS, "y": LABELS.astype(object)}, {}, "Object arrays cannot be loaded"),
        ({"X": SIGNALS, "Z": SIGNALS}, {}, "one array of numbers with the shape"),
        ({"y": LABELS}, {}, "one array of numbers with the shape"),
        ({"X": SIGNALS, "label": LABELS, "y": LABELS}, {}, "'label', 'y'.*Pass label_column"),
        ({"X": SIGNALS, "patient": LABELS}, {}, "'patient'.*Pass label_column.*label_column=None"),
        ({"X": SIGNALS, "y": LABELS}, {"label_column": "z"}, "no array 'z'"),
        ({"X": np.where(SIGNALS > 2, np.nan, np.inf)}, {}, r"row 0 \(from 0\), column 0: inf"),
        ({"X": SIGNALLING}, {}, r"row 0 \(from 0\), column 0: nan"),
    ],
)
def test_what_is_wrong_with_an_npz_is_named(read, arrays, options, message):
    with pytest.raises(DatasetError, match=message):
        read(npz(**arrays), "x.npz", **options)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # NumPy warns of strange headers before it refuses them
def test_an_npz_with_one_flipped_byte_in_a_header_is_refused_or_read(read, pack):
    """What reads the header is Python's own parser, with all the errors that it knows."""
    buffer = io.BytesIO()
    np.save(buffer, SIGNALS)
    refused = 0
    for position in range(90):
        flipped = bytearray(buffer.getvalue())
        flipped[position] ^= 0x08
        archive = pack({"X.npy": bytes(flipped)})  # with the right checksum: flipped before zipping
        try:
            read(archive, "x.npz", label_column=None)
        except DatasetError as error:
            refused += "x.npz" in str(error)
    assert refused > 45


def test_arrays_beside_the_beats_of_an_npz_can_be_left_alone(read):
    content = npz(X=SIGNALS, patient=LABELS)
    assert read(content, "x.npz", label_column=None).provenance["label"] == "none"
    assert_is_the_table(read(content, "x.npz", label_column="patient"))


def parquet(table, **options):
    buffer = io.BytesIO()
    table.to_parquet(buffer, **options)
    return buffer.getvalue()


FRAME = pd.DataFrame(SIGNALS, columns=[f"s{i}" for i in range(6)])


@pytest.mark.parametrize(
    "table",
    [
        FRAME.assign(label=LABELS),
        FRAME.astype("float32").assign(label=LABELS.astype("int8")),
        FRAME.assign(c=LABELS)[["c", *FRAME]].rename(columns={"c": "s6"}),
        FRAME.assign(label=LABELS).set_index(np.arange(12) * 2.5),
    ],
    ids=["named", "small types", "by values", "own index"],
)
def test_a_parquet_file_is_read(read, table):
    beats = read(parquet(table), "x.parquet")
    np.testing.assert_allclose(beats.signals, SIGNALS, rtol=1e-6)
    np.testing.assert_array_equal(beats.labels, LABELS)


@pytest.mark.parametrize("kind", ["str", "category", "object"])
def test_text_labels_of_a_parquet_file_keep_their_names(read, kind):
    beats = read(parquet(FRAME.assign(kind=pd.Series(TEXTS).astype(kind))), "x.parquet")
    assert [beats.class_names[label] for label in beats.labels] == TEXTS.tolist()


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([[1.0, 2.0]] * 12, "'more' holds list"),
        ([{"a": 1}] * 12, "'more' holds struct"),
        (pd.date_range("2020", periods=12), "'more' holds timestamp"),
        ([b"x"] * 12, "'more' holds binary"),
    ],
)
def test_columns_that_are_no_numbers_are_refused_or_left_out(read, column, message):
    content = parquet(FRAME.assign(more=column, label=LABELS))
    with pytest.raises(DatasetError, match=message):
        read(content, "x.parquet")
    assert_is_the_table(read(content, "x.parquet", ignore_columns=["more"]))


def test_missing_values_of_a_parquet_file_are_bad_rows(read):
    table = FRAME.assign(label=TEXTS.astype(object))
    table.loc[2, "s3"] = None
    table.loc[5, "label"] = None
    content = parquet(table)
    with pytest.raises(DatasetError, match=r"row 5 \(from 0\): the label is missing"):
        read(content, "x.parquet")
    beats = read(content, "x.parquet", on_bad="drop")
    np.testing.assert_allclose(beats.signals, np.delete(SIGNALS, [2, 5], axis=0), rtol=1e-6)
    assert beats.provenance["rows set aside"] == "2"


@pytest.mark.parametrize("row_group_size", [500, 9000])
def test_beats_and_labels_of_a_large_parquet_file_stay_together(read, row_group_size):
    beats = make_heartbeats(9000, random_state=0)
    table = pd.DataFrame(beats.signals).assign(label=np.where(beats.is_anomaly, "V", "N"))
    content = parquet(table.rename(columns=str), row_group_size=row_group_size)
    again = read(content, "x.parquet")
    np.testing.assert_array_equal(again.signals, beats.signals)
    np.testing.assert_array_equal(again.is_anomaly, beats.is_anomaly)


@pytest.mark.parametrize("index", [None, "row", "patient"])
def test_what_a_parquet_file_says_is_an_index_is_left_out(read, index):
    shuffled = np.random.default_rng(0).permutation(5000)[:12]
    table = FRAME.assign(label=LABELS).set_index(pd.Index(shuffled, name=index))
    beats = read(parquet(table), "x.parquet")
    assert_is_the_table(beats)
    assert "index" in beats.reading["passed over"].value


# In pieces


@pytest.mark.parametrize("form", ["csv", "csv.gz", "npz", "parquet"])
@pytest.mark.parametrize("chunk_beats", [1, 5, 12, 100])
def test_the_pieces_of_a_file_are_the_whole(tmp_path, form, chunk_beats):
    path = tmp_path / f"x.{form}"
    table = FRAME.assign(label=TEXTS)
    if form == "npz":
        path.write_bytes(npz(X=SIGNALS, y=TEXTS))
    elif form == "parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, index=False)
    whole = read_heartbeats(path)
    pieces = list(iter_heartbeats(path, chunk_beats=chunk_beats))
    assert [len(piece) for piece in pieces[:-1]] == [chunk_beats] * (len(pieces) - 1)
    assert 0 < len(pieces[-1]) <= chunk_beats
    np.testing.assert_array_equal(np.concatenate([p.signals for p in pieces]), whole.signals)
    np.testing.assert_array_equal(np.concatenate([p.labels for p in pieces]), whole.labels)
    assert pieces[-1].class_names == whole.class_names


def test_blocks_of_text_join_seamlessly(monkeypatch, ecg_csv):
    """Lines that straddle two blocks, and line numbers in the second, come out right."""
    path, original = ecg_csv
    monkeypatch.setattr("ecglab.datasets._table_text._BLOCK", 100_003)
    pieces = list(iter_heartbeats(path, chunk_beats=1000, normal_label=1))
    np.testing.assert_array_equal(np.concatenate([p.signals for p in pieces]), original.signals)
    lines = path.read_bytes().splitlines()
    lines[4000] = lines[4000][:-30]
    broken = path.with_name("broken.csv")
    broken.write_bytes(b"\n".join(lines))
    with pytest.raises(DatasetError, match=r"broken\.csv, line 4001"):
        list(iter_heartbeats(broken, normal_label=1))


def test_a_label_that_contradicts_the_guess_further_down_is_an_error(tmp_path, monkeypatch):
    """A table that begins like ECG5000's and goes on like Kaggle's MIT-BIH is read as neither."""
    monkeypatch.setattr("ecglab.datasets._read._WINDOW", 4)
    monkeypatch.setattr("ecglab.datasets._table_text._BLOCK", 64)
    path = tmp_path / "x.csv"
    path.write_text(rows([1, 2, 3, 1, 1, 1, 1, 1, 2, 3, 0, 1], SIGNALS))
    with pytest.raises(DatasetError, match="labels 0, 1, 2, 3"):
        list(iter_heartbeats(path, chunk_beats=2))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([1] * 6 + [0] * 6, "all of the first 4 beats have the label 1"),
        ([1, 2, 1, 3] * 2 + [0] * 4, "labels 0, 1, 2"),
        (["N"] * 6 + ["n"] * 6, "'N' and 'n'"),
        (["N"] * 6 + ["V", "Normal"] * 3, "'N' and 'Normal'"),
    ],
)
def test_a_file_sorted_by_label_does_not_hide_that_the_normal_one_is_unsure(
    tmp_path, monkeypatch, labels, message
):
    """Kaggle's PTB beats, joined: the first 10,506 have label 1, abnormal, and the others 0."""
    monkeypatch.setattr("ecglab.datasets._read._WINDOW", 4)
    monkeypatch.setattr("ecglab.datasets._table_text._BLOCK", 64)
    path = tmp_path / "x.csv"
    path.write_text(rows(SIGNALS, labels))
    with pytest.raises(DatasetError, match=rf"{message}.*Pass normal_label"):
        read_heartbeats(path, label_column=-1)
    with pytest.raises(DatasetError, match=rf"{message}.*Pass normal_label"):
        list(iter_heartbeats(path, chunk_beats=2, label_column=-1))
    beats = read_heartbeats(path, label_column=-1, normal_label=labels[0])
    assert beats.is_anomaly.tolist() == [label != labels[0] for label in labels]


def test_the_last_piece_counts_all_rows_set_aside(tmp_path, monkeypatch):
    monkeypatch.setattr("ecglab.datasets._table_text._BLOCK", 64)
    path = tmp_path / "x.csv"
    path.write_text(rows(LABELS, SIGNALS) + "1,2,3\n" * 200)
    *_, last = iter_heartbeats(path, chunk_beats=4, on_bad="drop", label_column=0)
    assert last.provenance["rows set aside"] == "200"


def test_a_piece_must_hold_a_beat(tmp_path):
    with pytest.raises(ValueError, match="chunk_beats"):
        iter_heartbeats(tmp_path / "x.csv", chunk_beats=0)


# Invariants

samples = st.floats(-1e6, 1e6, width=32, allow_subnormal=False)
tables = st.tuples(st.integers(2, 6), st.integers(1, 8)).flatmap(
    lambda shape: st.lists(
        st.tuples(
            st.lists(samples, min_size=shape[0], max_size=shape[0]),
            st.sampled_from(["N", "V", "F", "A"]),
        ),
        min_size=shape[1],
        max_size=shape[1],
    )
)


@given(table=tables, where=st.integers(0, 2), separator=st.sampled_from([",", ";", "\t", " "]))
def test_what_is_written_is_read_again(tmp_path_factory, table, where, separator):
    signals, labels = (list(column) for column in zip(*table, strict=True))
    assume(not find_odd_values(np.array(signals)))  # such a column is asked for
    lines = [
        separator.join([*map(repr, signal[:where]), label, *map(repr, signal[where:])])
        for signal, label in table
    ]
    path = tmp_path_factory.mktemp("tables", numbered=True) / "x.csv"
    path.write_text("\n".join(lines))
    beats = read_heartbeats(
        path, header=False, label_column=min(where, len(signals[0])), normal_label="N"
    )
    np.testing.assert_array_equal(beats.signals, np.array(signals, dtype=np.float32))
    assert [beats.class_names[label] for label in beats.labels.tolist()] == labels
    assert beats.is_anomaly.tolist() == [label != "N" for label in labels]


def test_nothing_is_logged_where_nothing_was_guessed(read, caplog):
    with caplog.at_level(logging.DEBUG):
        read(rows(LABELS, SIGNALS), label_column=0, normal_label=1)
    assert not caplog.records
