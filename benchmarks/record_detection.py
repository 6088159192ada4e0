"""Measure patient-specific detection and R-peak detection on records of MIT-BIH.

Each record's two leads are tried, and as guards against settings that fit one stretch only, three
stretches of five minutes to learn from and a simulated recording. No label reaches any of the
detectors; the annotations judge them afterwards. Four tables come out, in `benchmarks/results`,
and beside each a file of the same name in JSON, which says what it was computed from:

    record_detection.csv    ours, what it stands on taken away piece by piece, and baselines
    record_rpeaks.csv       R-peak detectors on DS1: beats missed and extra marks, by EC57's rules
    record_speed.csv        seconds from file to report, in a fresh process
    record_length.csv       the same, and the memory it takes, for half an hour to a week of 106

Needs the records 100, 106, 119 and 208, and for R peaks all of DS1 (of ``$ECGLAB_DATA_HOME``, or
PhysioNet), and 1 GB on disk for the longest; about half an hour. Three of the detectors of R peaks
are measured only where

    pip install sleepecg==0.6.0 neurokit2==0.3.0 vg-beat-detectors==0.0.13

was done before; the course needs none of them.

    python benchmarks/record_detection.py [speed] [length] [rpeaks] [detection]
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from importlib.metadata import distributions
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from mitbih import CONFIRMED, TUNED
from protocol import machine, save_table, versions_of
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from ecglab import AutoencoderDetector
from ecglab._optional import quiet_wfdb
from ecglab.datasets import Record, make_record, read_record
from ecglab.datasets._leads import read_lead_of, read_other_leads
from ecglab.datasets._rpeaks import find_r_peaks
from ecglab.datasets._signal import cut_out
from ecglab.datasets._wfdb import open_wfdb, read_annotations
from ecglab.evaluation import NO_BEAT, pair_beats
from ecglab.recordings import TRAIN_MINUTES, analyse, select_normal
from ecglab.thresholds import mean_plus_sd_threshold

RECORDS = ("100", "106", "119", "208")
STARTS = (0, 10, 20)  # minutes
REPEATED = "106"
HOURS = (0.5, 4.0, 24.0, 168.0)
STANDARD_DEVIATIONS = 7.0  # as in ecglab.recordings
TRIMMED = 0.7  # share of the beats nearest their median that the stronger baseline learns from
OURS = "ours"
PACKAGES = ("ecglab", "keras", "numpy", "scikit-learn", "scipy", "tensorflow", "wfdb")

COMPARED = ("sleepecg", "neurokit2", "vg-beat-detectors")  # where they are installed

Scores = npt.NDArray[np.float64]
Beats = npt.NDArray[np.float32]
Leads = Sequence[Scores]
Marks = npt.NDArray[np.int64]
Result = tuple[Scores, float]
"""The score of each beat, and the threshold."""


def begin_at(record: Record, minutes: float) -> Record:
    """Turn a recording round so that it begins later, and what came before follows its end."""
    times = np.asarray(record.times) - 60 * minutes
    times[times < 0] += record.duration
    order = np.argsort(times, kind="stable")
    return replace(record[order], times=times[order])


def in_training(record: Record) -> npt.NDArray[np.bool_]:
    """Tell which beats are learnt from."""
    return np.asarray(record.times) < 60 * TRAIN_MINUTES


# The detectors


def ours(record: Record) -> Result:
    """Run the default."""
    analysis = analyse(record, train_minutes=TRAIN_MINUTES)
    return analysis.scores, analysis.threshold


def ours_on_all_samples(record: Record) -> Result:
    """Leave a neighbour's QRS complex in the score."""
    analysis = analyse(record, train_minutes=TRAIN_MINUTES)
    scores = np.square(record.signals - analysis.reconstructions).mean(axis=1)
    return scores, analysis.threshold


def trained_on(record: Record, train: Beats, calibrate: Beats) -> Result:
    """Train the same autoencoder on other beats."""
    detector = AutoencoderDetector("dense", random_state=0).fit(train)
    detector.recalibrate(
        calibrate, threshold="mean_plus_sd", threshold_params={"k": STANDARD_DEVIATIONS}
    )
    return detector.reconstruction_error(record.signals), detector.threshold_


def with_early_beats(record: Record) -> Result:
    """Choose by shape alone."""
    part = record[in_training(record)]
    chosen = select_normal(part.signals, np.full((len(part), 2), np.nan))
    return trained_on(record, part.signals[chosen.core], part.signals[chosen.kept])


def on_all_alike(record: Record) -> Result:
    """Train on all beats that look like the core, and not on the core alone."""
    part = record[in_training(record)]
    chosen = select_normal(part.signals, np.asarray(part.rr_intervals))
    return trained_on(record, part.signals[chosen.kept], part.signals[chosen.kept])


def on_everything(record: Record) -> Result:
    """Train on every beat of the first minutes."""
    part = record[in_training(record)]
    return trained_on(record, part.signals, part.signals)


def core_median(record: Record) -> Result:
    """Score by the distance from the core's median beat, without a network."""
    part = record[in_training(record)]
    chosen = select_normal(part.signals, np.asarray(part.rr_intervals))
    median = np.median(part.signals[chosen.core], axis=0)
    scores = np.square(record.signals - median).mean(axis=1, dtype=np.float64)
    return scores, mean_plus_sd_threshold(
        scores[in_training(record)][chosen.kept], k=STANDARD_DEVIATIONS
    )


def pca(record: Record, share: float) -> Result:
    """Reconstruct from two principal components of the beats nearest the median."""
    train = record.signals[in_training(record)]
    distances = np.square(train - np.median(train, axis=0)).mean(axis=1)
    near = train[distances <= np.quantile(distances, share)]
    model = PCA(2, random_state=0).fit(near)

    def score(beats: Beats) -> Scores:
        rebuilt = model.inverse_transform(model.transform(beats))
        return np.square(beats - rebuilt).mean(axis=1, dtype=np.float64)

    return score(record.signals), mean_plus_sd_threshold(score(near), k=STANDARD_DEVIATIONS)


DETECTORS: dict[str, Callable[[Record], Result]] = {
    OURS: ours,
    "ours, scored on all samples of the window": ours_on_all_samples,
    "ours, early beats not left out": with_early_beats,
    "ours, trained on all that look alike": on_all_alike,
    "ours, trained on all beats": on_everything,
    "baseline: distance from the core's median beat": core_median,
    "baseline: PCA, 2 components, 70 % of the beats": partial(pca, share=TRIMMED),
    "baseline: PCA, 2 components, all beats": partial(pca, share=1.0),
}


# Measuring


def judge(record: Record, result: Result) -> dict[str, object]:
    """Compare with the annotations, on the beats that were not learnt from."""
    scores, threshold = result
    rest = ~in_training(record)
    symbols = np.asarray(record.symbols)
    normal, strange = rest & (symbols == "N"), rest & np.isin(symbols, ["V", "F"])
    both = np.concatenate([scores[normal], scores[strange]])
    return {
        "normal": int(normal.sum()),
        "strange": int(strange.sum()),
        "ROC-AUC": roc_auc_score(np.repeat([0, 1], [normal.sum(), strange.sum()]), both),
        "false alarms": float((scores[normal] > threshold).mean()),
        "recall": float((scores[strange] > threshold).mean()),
    }


def recordings() -> Iterator[tuple[dict[str, object], Record]]:
    """Go through records, leads and stretches."""
    for name in RECORDS:
        for lead in (0, 1):
            record = read_record(f"mitdb/{name}", lead=lead)
            for start in STARTS:
                about = {"record": name, "lead": record.lead, "start": start}
                yield about, begin_at(record, start)
    simulated = make_record(30, shares={"V": 0.3, "A": 0.03, "F": 0.1}, random_state=0)
    for start in STARTS:
        yield {"record": "simulated", "lead": "MLII", "start": start}, begin_at(simulated, start)


def detection_rows() -> Iterator[dict[str, object]]:
    """Measure every detector on every stretch."""
    for about, record in tqdm(list(recordings()), unit="stretch"):
        part = record[in_training(record)]
        contamination = float(np.isin(np.asarray(part.symbols), ["V", "F"]).mean())
        for name, detector in DETECTORS.items():
            yield {
                **about,
                "strange while learning": contamination,
                "detector": name,
                **judge(record, detector(record)),
            }


# R peaks: all that `read_record` reads, first the lead that beats are cut from


def gqrs(leads: Leads, rate: float) -> Marks:
    """Detect with wfdb's port of PhysioNet's detector, which was `read_record`'s before."""
    with quiet_wfdb() as wfdb:
        return np.asarray(wfdb.processing.gqrs_detect(sig=leads[0], fs=rate))


def xqrs(leads: Leads, rate: float) -> Marks:
    """Detect with wfdb's other detector."""
    with quiet_wfdb() as wfdb:
        detector = wfdb.processing.XQRS(leads[0], rate)
        detector.detect(verbose=False)
    return np.asarray(detector.qrs_inds)


def sleepecg(leads: Leads, rate: float) -> Marks:
    """Detect with SleepECG, which is written in C."""
    return np.asarray(import_module("sleepecg").detect_heartbeats(leads[0], rate))


def neurokit(leads: Leads, rate: float) -> Marks:
    """Detect with NeuroKit2, the way that it proposes."""
    library = import_module("neurokit2")
    clean = library.ecg_clean(leads[0], sampling_rate=rate)
    return np.asarray(library.ecg_peaks(clean, sampling_rate=rate)[1]["ECG_R_Peaks"])


def visibility_graph(leads: Leads, rate: float) -> Marks:
    """Detect with vg-beat-detectors."""
    detector = import_module("vg_beat_detectors").FastNVG(sampling_frequency=int(rate))
    return np.asarray(detector.find_peaks(leads[0]))


RPEAK_DETECTORS: dict[str, Callable[[Leads, float], Marks]] = {
    OURS: find_r_peaks,
    "ours, one lead": lambda leads, rate: find_r_peaks(leads[:1], rate),
    "GQRS (wfdb)": gqrs,
    "XQRS (wfdb)": xqrs,
    "SleepECG": sleepecg,
    "NeuroKit2": neurokit,
    "vg-beat-detectors": visibility_graph,
}
HALVES = {"settled": TUNED, "confirmed": CONFIRMED}


def rpeak_rows() -> Iterator[dict[str, object]]:
    """Measure R-peak detectors on DS1 by the rules of EC57; a row for each half and detector ends.

    Detectors of libraries that are not installed are left out.
    """
    totals: dict[tuple[str, str], npt.NDArray[np.float64]] = defaultdict(lambda: np.zeros(4))
    halves = [(half, name) for half, names in HALVES.items() for name in names]
    for half, name in tqdm(halves, unit="record"):
        header = Path(find_header(name))
        signals, notes = open_wfdb(header, None), read_annotations(header.with_suffix(".atr"))
        first = read_lead_of(signals, None)
        raw = [first, *read_other_leads(signals, first)[0]]
        leads = [cut_out(lead.values, lead.rate)[0][:] for lead in raw]
        for detector, find in RPEAK_DETECTORS.items():
            start = time.process_time()  # which a busy machine does not change
            try:
                found = np.sort(find(leads, first.rate)) / first.rate
            except ImportError:
                continue
            hours = first.duration / 3600
            cost = (time.process_time() - start) / hours
            pairs = pair_beats(notes.times, notes.symbols, found, np.full(len(found), "N"))
            missed, extra = (int((pairs[side] == NO_BEAT).sum()) for side in ("test", "reference"))
            row = np.array([len(pairs) - extra, missed, extra, cost])
            totals[half, detector] += row / [1, 1, 1, len(HALVES[half])]
            yield {"half": half, "record": name, "detector": detector, **rpeak_figures(row)}
    for (half, detector), row in totals.items():
        yield {"half": half, "record": "gross", "detector": detector, **rpeak_figures(row)}


def rpeak_figures(row: npt.NDArray[np.float64]) -> dict[str, object]:
    """Work out the figures of a record, or of all of them."""
    beats, missed, extra = (int(count) for count in row[:3])
    return {
        "beats": beats,
        "missed": missed,
        "extra": extra,
        "sensitivity": f"{1 - missed / beats:.4f}",
        "positive predictivity": f"{1 - extra / (beats - missed + extra):.4f}",
        "CPU seconds an hour": f"{row[3]:.2f}",
    }


def find_header(name: str) -> Path:
    """Return the header of a record, wherever it lies."""
    from ecglab.datasets._fetch import find_recording

    return find_recording(f"mitdb/{name}")


REPORT = """
import resource, sys
from ecglab.datasets import read_record
from ecglab.recordings import analyse, write_results
analysis = analyse(read_record(sys.argv[1], annotations=sys.argv[3] or None))
write_results(analysis, sys.argv[2])
print(len(analysis.scores), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def time_report(header: Path, annotations: str) -> tuple[dict[str, object], dict[str, object]]:
    """Time a fresh process from file to report, imports and training included; and what it took."""
    with tempfile.TemporaryDirectory() as folder:
        start, before = time.perf_counter(), children_cpu_seconds()
        done = subprocess.run(
            [sys.executable, "-c", REPORT, str(header), folder, annotations],
            check=True,
            capture_output=True,
        )
        seconds = time.perf_counter() - start
    n_beats, kibibytes = (int(number) for number in done.stdout.split())
    times: dict[str, object] = {
        "seconds": round(seconds, 1),
        "CPU seconds": round(children_cpu_seconds() - before, 1),
    }
    return times, {"beats": n_beats, "peak memory in MB": round(kibibytes * 1024 / 1e6)}


def speed_rows() -> Iterator[dict[str, object]]:
    """Time every record, with its annotations and without."""
    for name in RECORDS:
        for annotations, peaks in (("atr", "annotated"), ("", "detected")):
            times, _ = time_report(find_header(name), annotations)
            yield {"record": name, "R peaks": peaks, **times}


def length_rows() -> Iterator[dict[str, object]]:
    """Measure one record, and the same over and over again for as long as a recorder is worn."""
    for hours in HOURS:
        with tempfile.TemporaryDirectory() as folder:
            header = repeat_record(find_header(REPEATED), hours, Path(folder))
            times, taken = time_report(header, "")
        yield {"record": REPEATED, "hours": hours, **taken, **times}


def repeat_record(header: Path, hours: float, folder: Path) -> Path:
    """Write a record of MIT-BIH, two samples of 12 bits a frame, so often that it is as long."""
    data, rate = header.with_suffix(".dat").read_bytes(), 360
    n_frames = round(hours * 3600 * rate)
    with (folder / f"{header.stem}.dat").open("wb") as file:
        for start in range(0, 3 * n_frames, len(data)):
            file.write(data[: 3 * n_frames - start])
    leads = [line.split()[-1] for line in header.read_text().splitlines()[1:3]]
    place = folder / header.name
    place.write_text(
        f"{header.stem} 2 {rate} {n_frames}\n"
        + "".join(f"{header.stem}.dat 212 200(1024) 11 0 0 0 0 {lead}\n" for lead in leads)
    )
    return place


def children_cpu_seconds() -> float:
    """Return the CPU time of all finished child processes: a busy machine does not change it."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def summarise(table: pd.DataFrame) -> str:
    """Show the figures of the first five minutes of lead MLII, a row a detector."""
    first = table[(table["start"] == 0) & (table["lead"] == "MLII")]
    figures = first.pivot(
        index="detector", columns="record", values=["ROC-AUC", "false alarms", "recall"]
    )
    return figures.reindex(list(DETECTORS)).to_string(float_format="%.4f")


TABLES: dict[str, Callable[[], Iterator[dict[str, object]]]] = {
    "speed": speed_rows,
    "length": length_rows,
    "rpeaks": rpeak_rows,
    "detection": detection_rows,
}
TIMED = ("speed", "length", "rpeaks")


def records_of(table: str) -> tuple[str, ...]:
    """Name the records that a table was computed from."""
    return {"rpeaks": TUNED + CONFIRMED, "length": (REPEATED,)}.get(table, RECORDS)


def is_installed(package: str) -> bool:
    """Tell whether a package is there to be measured."""
    return bool(list(distributions(name=package)))


def provenance(table: str) -> dict[str, object]:
    """Say what a table was computed from and, where it holds times, on what."""
    return {
        "source": "MIT-BIH Arrhythmia Database 1.0.0, doi 10.13026/C2F305 (ODC-By 1.0)",
        "data": {
            key: value
            for name in records_of(table)
            for key, value in read_record(f"mitdb/{name}").provenance.items()
            if key.startswith("sha256")
        },
        **(machine() if table in TIMED else {}),
        "versions": versions_of(PACKAGES + tuple(filter(is_installed, COMPARED))),
        "command": f"python benchmarks/record_detection.py {table}",
    }


def main() -> int:
    """Compute the tables and write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", choices=list(TABLES), default=list(TABLES))
    for name in parser.parse_args().tables or TABLES:
        table = pd.DataFrame(TABLES[name]())
        save_table(f"record_{name}", table, provenance(name), float_format="%.4g")
        print(summarise(table) if name == "detection" else table.to_string(index=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
