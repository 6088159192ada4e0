"""Tables of beats as text: csv, tsv, txt, ts and arff, read block by block."""

import codecs
import io
from collections.abc import Iterator
from itertools import chain

import numpy as np
import numpy.typing as npt

from ecglab.datasets._archives import Source
from ecglab.datasets._columns import BadRows, Block, Choices, Columns, Table, resolve_columns
from ecglab.datasets._dialect import MISSING, Dialect, Lines, settle_dialect, split_fields
from ecglab.datasets._rows import WHITE_SPACE, find_fault, parse_rows, split_row
from ecglab.datasets._tables import join_label
from ecglab.errors import DatasetError

__all__ = ["open_text"]

_BLOCK = 4 * 2**20  # bytes read at a time
_LONGEST_LINE = 2**20  # characters: 40,000 samples with all their digits
_LARGEST = float(np.finfo(np.float32).max)  # beats are kept in single precision
_MAGICS = {b"\x1f\x8b": ".gz", b"PK\x03\x04": ".zip", b"PAR1": ".parquet"}


def open_text(source: Source, choices: Choices, bad: BadRows) -> Table:
    """Open a table of text.

    Parameters
    ----------
    source : Source
        The file.
    choices : Choices
        What the caller says about it.
    bad : BadRows
        Where rows that are no beats are reported.

    Returns
    -------
    Table
        The table, of which only the beginning has been read.

    Raises
    ------
    DatasetError
        If how it is written cannot be told, or it is not what the caller says.
    """
    lines = _read_lines(source)
    head = next(lines, None)
    if head is None or not any(head.rows):
        raise DatasetError(f"{source.place} is empty.")
    dialect, head = settle_dialect(source.place, source.form, head, choices)
    columns = resolve_columns(
        source.place, dialect.names, dialect.width, dialect.texts, choices, dialect.known_label
    )
    return Table(columns, _read_blocks(chain([head], lines), dialect, columns, bad))


# Lines


def _read_lines(source: Source) -> Iterator[Lines]:
    """Cut a file into blocks of whole lines."""
    decode = _make_decoder(source).decode
    first, rest = 1, ""
    while content := source.stream.read(_BLOCK):
        *rows, rest = (rest + decode(content)).split("\n")
        if len(max(rows, key=len, default="")) > _LONGEST_LINE or len(rest) > _LONGEST_LINE:
            raise DatasetError(
                f"{source.place}: one of the lines after line {first - 1} has more than "
                f"{_LONGEST_LINE:,} characters. A row must be one beat."
            )
        if rows:
            yield Lines(first, [row.rstrip() for row in rows])
            first += len(rows)
    rest += decode(b"", True)
    if rest:
        yield Lines(first, [row.rstrip() for row in rest.split("\n")])


def _make_decoder(source: Source) -> io.IncrementalNewlineDecoder:
    """Choose the encoding by the first bytes; what is no text becomes no number either."""
    start = source.stream.peek(4)[:4]
    for magic, form in _MAGICS.items():
        if start.startswith(magic):
            raise DatasetError(
                f"{source.place} is no text, but a {form} file by another name. Rename it."
            )
    wide = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    decoder = codecs.getincrementaldecoder("utf-16" if wide else "utf-8-sig")(errors="replace")
    return io.IncrementalNewlineDecoder(decoder, translate=True)


# Blocks


def _read_blocks(
    blocks: Iterator[Lines], dialect: Dialect, columns: Columns, bad: BadRows
) -> Iterator[Block]:
    """Turn lines into numbers, block by block."""
    position = 0
    for lines in blocks:
        if dialect.colon_before_label:
            lines = _join_labels(lines, bad)
        filled = [(lines.first + i, row) for i, row in enumerate(lines.rows) if row]
        if filled:
            yield _read_block(filled, position, dialect, columns, bad)
            position += len(filled)


def _join_labels(lines: Lines, bad: BadRows) -> Lines:
    """Put a comma in place of the colon before the label."""
    rows = []
    for number, row in enumerate(lines.rows, lines.first):
        try:
            rows.append(join_label(row, f"{bad.place}, line {number}"))
        except DatasetError:
            if not bad.drop:
                raise
            rows.append(f":{row}")  # so that it counts, and cannot pass for numbers
    return Lines(lines.first, rows)


def _read_block(
    filled: list[tuple[int, str]],
    position: int,
    dialect: Dialect,
    columns: Columns,
    bad: BadRows,
) -> Block:
    """Read a block at one go, or row by row if there is a fault in it."""
    rows = np.arange(position, position + len(filled))
    fast = _parse([row for _, row in filled], dialect, columns)
    if fast is None:
        kept = []
        for i, (number, row) in enumerate(filled):
            fault = _fault_in(row, dialect, columns)
            if fault is None:
                kept.append(i)
            else:
                bad.report(f", line {number}{fault}")
        rows = rows[kept]
        fast = _parse([filled[i][1] for i in kept], dialect, columns) if kept else None
        if fast is None and kept:
            raise DatasetError(f"{bad.place}, line {filled[kept[0]][0]}: no row of numbers.")
    if fast is None:
        return Block(np.empty((0, len(columns.numeric))), rows, [] if columns.text_label else None)
    return Block(fast[0], rows, fast[1])


def _parse(
    rows: list[str], dialect: Dialect, columns: Columns
) -> tuple[npt.NDArray[np.float64], list[str] | None] | None:
    """Read rows, fast; None if there is any fault in them."""
    texts: list[str] | None = None
    if len(columns.numeric) < dialect.width or '"' in "".join(rows):
        cut = [split_fields(row, dialect.separator) for row in rows]
        if any(len(fields) != dialect.width for fields in cut):
            return None
        if columns.text_label:
            texts = [fields[columns.label_position].strip("'\"") for fields in cut]
            if any(text.casefold() in MISSING or "\ufffd" in text for text in texts):
                return None
        separator = " " if dialect.separator == WHITE_SPACE else dialect.separator
        rows = [separator.join([fields[p] for p in columns.numeric]) for fields in cut]
    elif dialect.separator != WHITE_SPACE and " " in "".join(rows):
        rows = [dialect.separator.join(split_row(row, dialect.separator)) for row in rows]
    if dialect.decimal == ",":
        if any("." in row for row in rows):
            return None
        rows = [row.replace(",", ".") for row in rows]
    values = parse_rows(rows, dialect.separator)
    if values is None or values.shape != (len(rows), len(columns.numeric)):
        return None
    return (values, texts) if max(-values.min(), values.max()) <= _LARGEST else None


def _fault_in(row: str, dialect: Dialect, columns: Columns) -> str | None:
    """Find what is wrong with one row, as `_parse` sees it; None if nothing is."""
    fields = split_fields(row, dialect.separator)
    if len(fields) != dialect.width:
        return f": {len(fields)} values, but {dialect.width} in the rows before it."
    if columns.text_label:
        text = fields[columns.label_position].strip("'\"")
        if text.casefold() in MISSING or "\ufffd" in text:
            return f", value {columns.label_position + 1}: {text[:20]!r} is no label."
    for position in columns.numeric:
        field = fields[position]
        if dialect.decimal == ",":
            if "." in field:
                return f", value {position + 1}: {field[:20]!r} has a decimal point, others commas."
            field = field.replace(",", ".")
        fault = find_fault(field, dialect.separator, 1)
        if fault is not None:
            return fault.replace("value 1", f"value {position + 1}")
        if abs(float(field)) > _LARGEST:
            return f", value {position + 1}: {field[:20]} is too large for any signal."
    return None
