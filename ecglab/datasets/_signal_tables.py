"""What the columns of a table of samples mean: which one is the time, and what it says."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ecglab.datasets._leads import is_ecg_name
from ecglab.datasets._raw import RawLead, Signals, check_length, check_rate
from ecglab.datasets._sources import library_faults, sha256_of
from ecglab.datasets._table_reader import SignalTable, read_signal_table
from ecglab.errors import DatasetError
from ecglab.reading import Reading

_TIME_NAME = re.compile(
    r"(time(stamp)?s?|t|s|secs?|seconds?|ms|msecs?|millis(econds)?|us|usecs?|ns|mins?|minutes?|"
    r"samples?|elapsed|(date)?times?|dates?|clock|index|idx|zeit|tiempo|temps|tempo|epoch|unix|ts)\d*"
)
_SAMPLES = re.compile(r"samples?|index|idx|no|nr|n")
_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "msec", "msecs", "millis", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("us", "µs", "μs", "usec", "microseconds"), 1e-6),
    **dict.fromkeys(("ns", "nanoseconds"), 1e-9),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 60.0),
}
_GUESSED = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "min": 60.0}
_PLAUSIBLE = (50.0, 5000.0)  # Hz: with these, seconds and milliseconds cannot be mistaken
_FEWEST_ROWS = 10  # any two rows are evenly spaced
_FEWEST_TIMES = 0.002  # of the rows have a time of their own: whole seconds do at 500 Hz
_SAME = 0.01  # two rates that differ by less mean the same clock
_JITTER = 0.6  # rows; what a time may be off without a row having been lost
_SMOOTH = 25  # rows over which jitter is taken out
_MOST_DRIFT = 0.05  # seconds between a row's time and where it is put
_MOST_LEADS = 64  # columns of an array; beyond, it lies on its side

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Clock:
    """The sampling rate of a table, and how many rows were lost before each row."""

    rate: float
    lost: npt.NDArray[np.int64]
    reading: Reading


def open_table(path: Path, sampling_rate: float | None) -> Signals:
    """Open a NumPy array or a text with one column a lead, and perhaps one for the time.

    `DatasetError` if it is no such table, if neither a column nor the caller says how many samples
    a second it has, or if they disagree.
    """
    if sampling_rate is not None:
        check_rate(str(path), sampling_rate)
    table = _read_array(path) if path.suffix.lower() == ".npy" else read_signal_table(path)
    check_length(str(path), len(table.values))
    names = _name_columns(table)
    times, rising = _find_times(table, names)
    clock = _settle_clock(table, names, rising, sampling_rate)
    leads = [n for n in range(len(names)) if n not in times]
    if not leads:
        raise DatasetError(f"{path} holds no signal: {', '.join(names)} rises throughout.")

    def read(position: int) -> RawLead:
        column = leads[position]
        reading = clock.reading
        if table.units and table.units[column]:
            reading = reading.with_decision("unit", table.units[column], "stated below the names")
        return RawLead(
            place=str(path),
            values=_place(table.values[:, column], clock.lost),
            rate=clock.rate,
            lead=names[column],
            provenance={f"sha256 of {path.name}": sha256_of(path)},
            reading=reading,
        )

    return Signals(table.place, tuple(names[n] for n in leads), read)


def _read_array(path: Path) -> SignalTable:
    """Read the columns of a NumPy array; without pickle, so that no code in it can run."""
    with library_faults(path, "read as a NumPy array"):
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    shape: tuple[int, ...] = getattr(array, "shape", ())
    place, note = str(path), "a NumPy array"
    if len(shape) == 1:
        array = array[:, None]
    elif len(shape) == 2 and shape[0] <= _MOST_LEADS < shape[1]:
        array, note = array.T, f"a NumPy array that lies on its side, as {shape}"
        place += f" (which looks transposed, with the shape {shape})"
    if len(shape) not in (1, 2) or array.shape[1] > _MOST_LEADS or array.dtype.kind not in "iuf":
        raise DatasetError(
            f"{path} cannot be read: it is no array of numbers with one row a sample and one "
            "column a lead."
        )
    check_length(str(path), len(array))
    with np.errstate(invalid="ignore", over="ignore"):  # what is no voltage is cut out later
        values = np.asarray(array, dtype=np.float64)
    places = tuple(range(values.shape[1]))
    return SignalTable(place, None, None, values, places, frozenset(), (note,))


def _name_columns(table: SignalTable) -> list[str]:
    """Name every column, and refuse two of one name."""
    given = table.names or [""] * table.values.shape[1]
    pairs = zip(given, table.positions, strict=True)
    names = [name.strip() or f"column {position}" for name, position in pairs]
    if len(set(names)) != len(names):
        raise DatasetError(f"{table.place} has two columns of one name: {', '.join(names)}.")
    return names


# Which column is the time


def _find_times(table: SignalTable, names: list[str]) -> tuple[set[int], list[int]]:
    """Return the columns that hold no signal but a time, and those to believe, the best first."""
    named = {n for n, name in enumerate(names) if n in table.timestamps or _is_time(name)}
    rising = {n for n in range(len(names)) if _rises(table.values[:, n])}
    if len(names) == 1 and not rising:
        return set(), []  # a single column called "sample"
    if named and not named & rising:
        _refuse_fall(table, names, named)

    def rank(n: int) -> tuple[bool, bool, bool, bool]:
        steps = np.diff(table.values[:, n])  # all 1: it only counts; often 0: a time of packets
        ties = float((steps == 0).mean()) > 0.5
        return bool((steps == 1).all()), ties, n not in table.timestamps, n not in named

    return named | rising, sorted(rising, key=rank)


def _is_time(name: str) -> bool:
    """Say whether a name is that of a time or a count of samples."""
    words = _words(name)
    return not is_ecg_name(name) and any(_TIME_NAME.fullmatch(word) for word in words)


def _is_count(name: str) -> bool:
    return any(_SAMPLES.fullmatch(word) for word in _words(name))


def _words(name: str) -> list[str]:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).casefold()
    return re.findall(r"[^\W\d_]+|#", apart.replace("#", " index "))


def _rises(values: FloatArray) -> bool:
    """Say whether a column rises throughout, with enough different values to be a time."""
    if len(values) < _FEWEST_ROWS or not np.isfinite(values).all():
        return False
    steps = np.diff(values)
    return bool((steps >= 0).all() and (steps > 0).sum() >= max(3, _FEWEST_TIMES * len(values)))


def _refuse_fall(table: SignalTable, names: list[str], named: set[int]) -> None:
    """Refuse a column of time that goes back, or lacks a value."""
    for n in sorted(named):
        rises = np.diff(table.values[:, n]) >= 0  # False beside a value that is missing
        if rises.any() and not rises.all():
            row = int(np.flatnonzero(~rises)[0]) + 2
            raise DatasetError(
                f"{table.place}: the time ({names[n]}) goes back at row {row}, or is missing.",
                "Mend it, or take the column away and pass {}.",
                "sampling_rate",
            )


# What the time says


def _settle_clock(
    table: SignalTable, names: list[str], rising: list[int], given: float | None
) -> _Clock:
    """Find the sampling rate, and believe the time where there is one."""
    form = Reading().with_decision("format", "table of samples", "; ".join(table.notes))
    for n in rising:
        clock = _read_clock(table, names, n, given)
        if clock is not None:
            return replace(clock, reading=Reading((*form, *clock.reading)))
    if given is None:
        hint = f" ({names[rising[0]]} only counts, or is in no usual unit)" if rising else ""
        raise DatasetError(
            f"{table.place} does not say how many samples a second it has{hint}:",
            "pass {}, in Hz.",
            "sampling_rate",
        )
    reading = form.with_decision("sampling rate", f"{given:g} Hz", "passed by the caller")
    return _Clock(float(given), np.zeros(len(table.values), dtype=np.int64), reading)


def _read_clock(
    table: SignalTable, names: list[str], column: int, given: float | None
) -> _Clock | None:
    """Read one column as the time; None if it only counts and nobody gave a rate."""
    per_unit, lost, drift = _follow(table.values[:, column])
    stated = _unit_of(table, names, column)
    rates = {unit: per_unit / seconds for unit, seconds in (stated or _GUESSED).items()}
    possible = {u: r for u, r in rates.items() if _PLAUSIBLE[0] <= r <= _PLAUSIBLE[1]}
    whole = bool((np.diff(table.values[:, column]) % 1 == 0).all())
    counts = not stated and whole and (abs(per_unit - 1) < 1e-6 or _is_count(names[column]))
    if given is not None and counts:
        unit, rate = "samples", given
    elif given is not None:
        guessed = {unit: per_unit / seconds for unit, seconds in _GUESSED.items()}
        near = {u: r for u, r in {**guessed, **rates}.items() if abs(r / given - 1) <= _SAME}
        if not near:
            says = next(iter((possible or rates).values()))
            raise DatasetError(
                f"{table.place}: the time ({names[column]}) says {says:.6g} Hz, but a sampling "
                f"rate of {given:g} Hz was passed.",
                "Leave {} out, or correct the column.",
                "sampling_rate",
            )
        unit, rate = next(iter(near.items()))
    elif counts or not (stated or possible):
        return None
    else:
        unit, rate = next(iter((possible or rates).items()))
    rate = _round(check_rate(table.place, rate), given, len(table.values))
    if drift > max(3.0, _MOST_DRIFT * rate):
        raise DatasetError(
            f"{table.place}: the time ({names[column]}) is not evenly spaced, not even between "
            f"gaps: it is up to {drift / rate:.2g} s off {rate:g} Hz. Resample the recording first."
        )
    check_length(table.place, len(lost) + int(lost.sum()))
    return _Clock(rate, lost, _describe(names[column], unit, rate, lost))


def _unit_of(table: SignalTable, names: list[str], column: int) -> dict[str, float]:
    """Return the unit that a column of time has by its name, in seconds; empty if none is said."""
    if column in table.timestamps:
        return {"s": 1.0}
    words = [*_words(table.units[column] if table.units else ""), *_words(names[column])]
    return next(({word: _UNITS[word]} for word in words if word in _UNITS), {})


def _follow(times: FloatArray) -> tuple[float, npt.NDArray[np.int64], float]:
    """Follow a time: rows in a unit of it, rows lost before each row, and how far it drifts.

    A time may be rounded, and many rows may share one; so rows are counted from one change of it to
    the next, and a loss is what remains after jitter has been smoothed away.
    """
    from scipy.ndimage import median_filter

    ticks = np.flatnonzero(np.diff(times, prepend=-np.inf) > 0)
    if len(ticks) < 0.67 * len(times) and len(ticks) > 3:
        ticks = ticks[1:]  # the first time may have begun before the first row
    steps, rows = np.diff(times[ticks]), np.diff(ticks)
    blocks = np.arange(0, len(steps), max(1, min(100, len(steps) // 10)))
    per_unit = float(np.median(np.add.reduceat(rows, blocks) / np.add.reduceat(steps, blocks)))
    excess = steps * per_unit - rows
    usual = np.abs(excess) <= max(_JITTER, 1.5 * np.quantile(np.abs(excess), 0.9))
    per_unit = float(rows[usual].sum() / steps[usual].sum())
    lag = (times[ticks] - times[ticks[0]]) * per_unit - (ticks - ticks[0])
    smooth = median_filter(lag, size=min(_SMOOTH, len(lag)), mode="nearest")
    jumps = np.diff(smooth, prepend=smooth[:1])
    least = max(_JITTER, 3 * float(np.quantile(np.abs(steps * per_unit - rows)[usual], 0.9)))
    lost = np.where(jumps > least, np.round(jumps), 0.0)
    drift = float(np.ptp(smooth - np.cumsum(lost)))
    before = np.zeros(len(times), dtype=np.int64)
    before[ticks] = lost.astype(np.int64)
    return per_unit, before, drift


def _round(rate: float, given: float | None, n_rows: int) -> float:
    """Take the rate that was passed, or a whole number, where no row would be put elsewhere."""
    near = [r for r in (given, round(rate)) if r and abs(r / rate - 1) * n_rows < 1]
    return float(near[0]) if near else rate


def _describe(name: str, unit: str, rate: float, lost: npt.NDArray[np.int64]) -> Reading:
    """Say what a time was taken to say."""
    reading = Reading().with_decision("time", name, f"it rises throughout, in {unit}")
    who = "passed by the caller" if unit == "samples" else f"by {name}, in {unit}"
    reading = reading.with_decision("sampling rate", f"{rate:g} Hz", who)
    if not lost.any():
        return reading
    missing = f"{(lost > 0).sum()} gaps, {lost.sum() / rate:.3g} s in all"
    return reading.with_decision("gaps", missing, f"{name} leaps there")


def _place(values: FloatArray, lost: npt.NDArray[np.int64]) -> FloatArray:
    """Put each row where its time says; NaN where there is none."""
    whole = np.full(len(values) + int(lost.sum()), np.nan)
    whole[np.arange(len(values)) + np.cumsum(lost)] = values
    whole[~np.isfinite(whole)] = np.nan
    return whole
