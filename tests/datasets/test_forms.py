"""The forms that the book says are read, each written and read."""

import bz2
import gzip
import io
import lzma
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ecglab.datasets import make_heartbeats, read_heartbeats

PAGE = Path(__file__).parents[2] / "book" / "forms.md"
BEATS = make_heartbeats(60, random_state=1)
SIGNALS = BEATS.signals[:, ::5].astype(float)
LABELS = np.where(BEATS.is_anomaly, 2 + np.arange(60) % 2, 1)
TEXTS = np.where(BEATS.is_anomaly, "V", "N")
FRAME = pd.DataFrame(SIGNALS, columns=[f"s{i}" for i in range(SIGNALS.shape[1])])
NAMED = FRAME.assign(label=LABELS)
CSV = NAMED.to_csv(index=False)
ROWS = NAMED.to_csv(index=False, header=False)
FIRST = pd.DataFrame(np.column_stack([LABELS, SIGNALS]))
UNITS = ",".join(["mV"] * SIGNALS.shape[1]) + ",\n"


def saved(write, *arguments, **options):
    buffer = io.BytesIO()
    write(buffer, *arguments, **options)
    return buffer.getvalue()


def arff(labels, classes):
    attributes = "".join(f"@attribute {name} numeric\n" for name in FRAME)
    header = f"@relation x\n{attributes}@attribute target {{{classes}}}\n@data\n"
    return header + FRAME.assign(y=labels).to_csv(index=False, header=False)


def ts(labels):
    rows = FRAME.to_csv(index=False, header=False).splitlines()
    if labels is None:
        return "@classLabel false\n@data\n" + "\n".join(rows)
    lines = [f"{row}:{label}" for row, label in zip(rows, labels, strict=True)]
    return "@problemName x\n@classLabel true 1 2 3\n@data\n" + "\n".join(lines)


BEAT_FORMS = {
    ".csv, names above": ("x.csv", CSV),
    ".csv, label last, no names": ("x.csv", ROWS),
    ".csv, semicolons and decimal commas": (
        "x.csv",
        NAMED.to_csv(index=False, sep=";", decimal=","),
    ),
    ".csv, bars between columns": ("x.csv", CSV.replace(",", "|")),
    ".csv, quoted fields": ("x.csv", NAMED.astype(str).to_csv(index=False, quoting=1)),
    ".csv, every row ends in a separator": ("x.csv", CSV.replace("\n", ",\n")),
    ".csv, UTF-8 with a byte order mark": ("x.csv", CSV.encode("utf-8-sig")),
    ".csv, UTF-16": ("x.csv", CSV.encode("utf-16")),
    ".csv, remarks above and below": ("x.csv", f"Beats of one day\n# by hand\n{CSV}# the end\n"),
    ".csv, a line of units": ("x.csv", CSV.replace("\n", f"\n{UNITS}", 1)),
    ".csv, names 0, 1, 2 as pandas writes them": ("x.csv", FIRST.to_csv(index=False)),
    ".csv, labels as text": ("x.csv", FRAME.assign(kind=TEXTS).to_csv(index=False)),
    ".csv.gz": ("x.csv.gz", gzip.compress(CSV.encode())),
    ".csv.bz2": ("x.csv.bz2", bz2.compress(CSV.encode())),
    ".csv.xz": ("x.csv.xz", lzma.compress(CSV.encode())),
    ".zip with one table": ("x.zip", None),
    ".txt of the UCR archive": ("x.txt", saved(np.savetxt, FIRST, fmt="%18.10e")),
    ".txt of savetxt, names in a remark": (
        "x.txt",
        saved(np.savetxt, FIRST, header=" ".join(["label", *FRAME])),
    ),
    ".tsv of the UCR archive": ("x.tsv", FIRST.to_csv(index=False, header=False, sep="\t")),
    ".ts": ("x.ts", ts(LABELS)),
    ".ts without labels": ("x.ts", ts(None)),
    ".arff, nominal class of numbers": ("x.arff", arff(LABELS, "1,2,3")),
    ".arff, nominal class of words": ("x.arff", arff(TEXTS, "N,V")),
    ".arff, bare header": ("x.arff", f"@relation x\n@data\n{ROWS}"),
    ".npz, beats and labels": ("x.npz", saved(np.savez, X=SIGNALS, y=LABELS)),
    ".npz, labels as a column of the beats": ("x.npz", saved(np.savez, FIRST.to_numpy())),
    ".parquet": ("x.parquet", saved(lambda file: NAMED.to_parquet(file))),
    ".parquet with an index of its own": (
        "x.parquet",
        saved(lambda file: NAMED.set_index(pd.Index(LABELS * 7, name="patient")).to_parquet(file)),
    ),
    ".parquet.gz": ("x.parquet.gz", gzip.compress(saved(lambda file: NAMED.to_parquet(file)))),
}


def forms_in_the_book(heading):
    """Return the first cells of the table under a heading."""
    section = PAGE.read_text(encoding="utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    return [row.split("|")[1].strip() for row in rows[1:]]


def test_the_book_lists_the_forms_of_beats_that_are_tested():
    assert forms_in_the_book("Tables of beats") == [*BEAT_FORMS]


@pytest.mark.parametrize("form", BEAT_FORMS)
def test_every_form_of_beats_in_the_book_is_read(form, tmp_path, pack):
    name, content = BEAT_FORMS[form]
    content = pack({"folder/x.csv": CSV.encode()}) if content is None else content
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    beats = read_heartbeats(path)
    np.testing.assert_allclose(beats.signals, SIGNALS, rtol=1e-5)
    if form != ".ts without labels":
        np.testing.assert_array_equal(beats.is_anomaly, BEATS.is_anomaly)
