"""How time and memory grow: each point in a process of its own, and an exponent for each series.

`python benchmarks/speed.py --long` measures all of it and draws the figure of the book.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
import psutil
from matplotlib import pyplot as plt
from scipy.signal import resample
from timing import fit_exponent, quartiles, thread_settings
from tqdm import tqdm

from ecglab import AutoencoderDetector, plots
from ecglab.autoencoders import make_autoencoder
from ecglab.datasets import fetch_ecg5000
from ecglab.evaluation import evaluate

FIGURE = Path(__file__).parents[1] / "book" / "images" / "speed_growth.svg"
BEATS = (1_000, 10_000, 100_000, 1_000_000)
LENGTHS = (64, 256, 1024, 4096)
HOURS = (0.5, 4, 24, 168)
RUNS = (10, 100, 1_000)
RESULTS = (10, 100, 1_000, 10_000)
MANY = 10_000  # beats, where something else grows
REPEATS, ENOUGH = 5, 10.0  # repetitions of a point, and seconds after which there is no further one
KEPT_FREE = 2**30  # bytes: a point that leaves less is stopped
Beats = npt.NDArray[np.float32]
Work = Callable[[], object]


@dataclass(frozen=True)
class Series:
    """What grows.

    Parameters
    ----------
    axis : str
        What there is more of.
    sizes : tuple of float
        How much.
    prepare : callable
        From a size to the work that is timed, ready to run.
    """

    axis: str
    sizes: tuple[float, ...]
    prepare: Callable[[Any], Work]


def many_beats(n_beats: int, length: int = 140) -> Beats:
    """Repeat the beats of ECG5000, and stretch them, until there are enough."""
    signals = fetch_ecg5000().signals
    if length != signals.shape[1]:
        signals = resample(signals[:MANY], length, axis=1).astype(np.float32)
    return np.resize(signals, (n_beats, length))


def scoring(name: str, n_beats: int = MANY, length: int = 140, n_threads: int = 1) -> Work:
    """Score beats with a detector that has hardly learnt."""
    beats = many_beats(n_beats, length)
    autoencoder = make_autoencoder(name).set_params(max_epochs=1)
    n_jobs = None if name == "dense" else n_threads
    detector = AutoencoderDetector(autoencoder, random_state=0, n_jobs=n_jobs).fit(beats[:200])
    detector.reconstruction_error(beats[:1000])
    return lambda: detector.reconstruction_error(beats)


def training(name: str, n_beats: int = MANY, length: int = 140, n_threads: int = 1) -> Work:
    """Train for one epoch."""
    beats = many_beats(n_beats, length)
    autoencoder = make_autoencoder(name).set_params(max_epochs=1)
    if name != "dense":
        autoencoder.set_params(n_threads=n_threads)
    autoencoder.fit(beats[:200], beats[:100])
    return lambda: autoencoder.fit(beats, beats[:100])


def bootstrap(n_beats: int) -> Work:
    """Measure all metrics with intervals."""
    rng = np.random.default_rng(0)
    is_anomaly = rng.random(n_beats) < 0.4
    scores = rng.normal(size=n_beats) + 3 * is_anomaly
    return lambda: evaluate(scores, is_anomaly, 1.5, n_resamples=100)


def recording(hours: float) -> Work:
    """Analyse a recording, from its file to the report."""
    from speed_recordings import report_on, write_recording

    folder = TemporaryDirectory(prefix="ecglab-speed-")
    report_on(write_recording(Path(folder.name), 0.1))
    header = write_recording(Path(folder.name), hours)

    def work() -> None:
        report_on(header)
        assert folder.name  # which stays as long as this function does

    return work


def _make_grid(n_runs: int) -> tuple[TemporaryDirectory[str], dict[str, Any]]:
    """Write a notebook into a folder of its own, and a grid of so many runs of it."""
    from sweep_overhead import write_notebook

    folder = TemporaryDirectory(prefix="ecglab-speed-")
    notebook = Path(folder.name) / "notebook.ipynb"
    write_notebook(notebook)
    return folder, {"notebook": str(notebook), "axes": {"x": list(range(n_runs))}}


def sweep(n_runs: int) -> Work:
    """Sweep a notebook that does next to nothing."""
    from sweep_overhead import N_WORKERS

    from ecglab.sweep import run

    folder, grid = _make_grid(n_runs)
    numbers = iter(range(REPEATS))

    def work() -> None:
        out = Path(folder.name) / f"runs {next(numbers)}"
        run(grid, out, n_workers=N_WORKERS, progress=False)

    return work


def planning(n_runs: int) -> Work:
    """Expand a grid and compute the keys of its runs."""
    from ecglab.sweep import plan

    folder, grid = _make_grid(n_runs)
    return lambda: plan(grid, Path(folder.name) / "nothing")


NAMES: Mapping[str, str] = {
    "dense": "Keras, dense",
    "dense_torch": "PyTorch, dense",
    "lstm": "LSTM",
}


def _of_beats() -> Iterator[tuple[str, Series]]:
    for name, said in NAMES.items():
        yield f"scoring, {said}", Series("beats", BEATS, partial(scoring, name))
        yield f"an epoch, {said}", Series("beats", BEATS, partial(training, name))
    yield "evaluate, 100 resamples", Series("beats", BEATS, bootstrap)


def _of_lengths() -> Iterator[tuple[str, Series]]:
    axis = "samples in a beat"
    for name, said in NAMES.items():
        score, train = partial(scoring, name, MANY), partial(training, name, 2000)
        yield f"scoring 10,000 beats, {said}", Series(axis, LENGTHS, score)
        yield f"an epoch of 2,000 beats, {said}", Series(axis, LENGTHS, train)


def _of_threads() -> Iterator[tuple[str, Series]]:
    works = {"scoring 10,000 beats": scoring, "an epoch of 10,000 beats": training}
    for name in ("dense_torch", "lstm"):
        for said, work in works.items():
            prepare = partial(_with_threads, work, name)
            yield f"{said}, {NAMES[name]}, threads", Series("threads", (1, 2), prepare)


def _with_threads(work: Callable[..., Work], name: str, n_threads: int) -> Work:
    return work(name, n_threads=n_threads)


SERIES: Mapping[str, Series] = {
    **dict(_of_beats()),
    **dict(_of_lengths()),
    **dict(_of_threads()),
    "a recording, from file to report": Series("hours", HOURS, recording),
    "sweep, 2 workers": Series("runs", RUNS, sweep),
    "planning a sweep": Series("runs", RESULTS, planning),
}


# In the process of a point


def measure_point(series: Series, size: float) -> dict[str, float]:
    """Time the work, and see how much memory it takes beyond what was there before."""
    work = series.prepare(size)
    before = forget_peak()
    seconds: list[float] = []
    while len(seconds) < REPEATS and sum(seconds) < ENOUGH:
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    middle, low, high = quartiles(seconds)
    memory = (peak_memory() - before) / 2**20
    return {"seconds": middle, "low": low, "high": high, "memory, MiB": memory}


def forget_peak() -> float:
    """Let the system measure the peak of this process's memory anew; return what it has now."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return np.nan  # no Linux: memory is not known
    return float(psutil.Process().memory_info().rss)


def peak_memory() -> float:
    """Return the most memory that this process has had, in bytes."""
    path = Path("/proc/self/status")
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    peaks = [1024 * float(line.split()[1]) for line in lines if line.startswith("VmHWM")]
    return peaks[0] if peaks else np.nan


# In the process that asks for it


def measure_growth() -> pd.DataFrame:
    """Measure every point of every series."""
    wanted = [(name, size) for name, series in SERIES.items() for size in series.sizes]
    rows: list[dict[str, Any]] = []
    for name, size in tqdm(wanted, unit="point"):
        tqdm.write(f"{time.strftime('%H:%M:%S')}  {name}: {size:,g}", file=sys.stderr)
        rows.append({"series": name, "axis": SERIES[name].axis, "size": size, **point(name, size)})
    return pd.DataFrame(rows)


def point(name: str, size: float) -> dict[str, Any]:
    """Measure a point in a fresh process; stop it before it takes the machine's last memory."""
    command = [sys.executable, __file__, "--series", name, "--size", str(size)]
    threads = size if SERIES[name].axis == "threads" else 1
    environment = thread_settings(int(threads))
    with (
        TemporaryFile("w+", encoding="utf-8") as output,
        subprocess.Popen(command, env=environment, stdout=output) as process,
    ):
        while process.poll() is None:
            if psutil.virtual_memory().available < KEPT_FREE:
                process.kill()
                return {"note": "stopped: it took the machine's memory"}
            time.sleep(0.1)
        output.seek(0)
        lines = output.read().splitlines()
    if process.returncode:
        return {"note": f"failed, exit status {process.returncode}"}
    measured: dict[str, Any] = json.loads(lines[-1])
    return measured | {"note": ""}


def exponents(growth: pd.DataFrame) -> pd.DataFrame:
    """Fit time and memory of each series as a power of what grows."""
    rows = []
    for name, points in growth.groupby("series", sort=False):
        known = points.dropna(subset="seconds")
        exponent, error = fit_exponent(known["size"], known["seconds"])
        last = known.tail(2)
        rows.append(
            {
                "series": name,
                "grows": points["axis"].iloc[0],
                "from": points["size"].min(),
                "to": known["size"].max(),
                "time": exponent,
                "standard error": error,
                "time, last step": fit_exponent(last["size"], last["seconds"])[0],
                "memory, last step": fit_exponent(last["size"], last["memory, MiB"])[0],
                "seconds": known["seconds"].iloc[-1] if len(known) else np.nan,
                "memory, MiB": known["memory, MiB"].iloc[-1] if len(known) else np.nan,
                "note": "; ".join(filter(None, points["note"].fillna("").unique())),
            }
        )
    return pd.DataFrame(rows)


def draw(growth: pd.DataFrame) -> None:
    """Draw time and memory over what grows, each in a panel of its own."""
    plots.use_course_style()
    mpl.rcParams["svg.hashsalt"] = "ecglab"  # the same picture is the same file
    shown = ("beats", "samples in a beat", "hours")
    figure, panels = plt.subplots(2, len(shown), figsize=(11, 7), sharex="col", squeeze=False)
    for column, axis in enumerate(shown):
        for name, points in growth[growth["axis"] == axis].groupby("series", sort=False):
            label = re.sub(r"( of)? [\d,]+ beats", "", str(name))
            for panel, figures in zip(panels[:, column], ("seconds", "memory, MiB"), strict=True):
                panel.loglog(points["size"], points[figures], "o-", label=label)
        panels[1, column].set_xlabel(axis)
        panels[0, column].legend(fontsize="xx-small")
    panels[0, 0].set_ylabel("seconds")
    panels[1, 0].set_ylabel("memory, MiB")
    figure.savefig(FIGURE, metadata={"Date": None})
    plt.close(figure)


def main() -> int:
    """Measure one point, for `point`."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--series", choices=list(SERIES), required=True)
    parser.add_argument("--size", type=float, required=True)
    asked = parser.parse_args()
    series = SERIES[asked.series]
    size = asked.size if series.axis == "hours" else int(asked.size)
    print("\n" + json.dumps(measure_point(series, size)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
