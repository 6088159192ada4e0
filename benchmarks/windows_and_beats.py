"""Show what cutting at R peaks is worth: one autoencoder on sliding windows and on beats.

Benchmarks of general detectors of anomalies in time series let an autoencoder learn windows that
slide over the raw signal, wherever a heartbeat lies in them. Here the same network, and principal
components beside it, learn both, from the same first lead, filtered and scaled alike, each piece
0.7 s long, without labels and from the whole recording. Windows overlap by half, so there are more
of them than beats, and two hold each R peak. The annotations judge, beat by beat: ventricular and
fusion beats against normal ones. A beat's score by windows is the mean, or the maximum, of the two.
Writes `benchmarks/results/windows_and_beats.csv`, a row for each record, detector and seed. Some
minutes on two cores; needs the records of DS1 below ``$ECGLAB_DATA_HOME``.

    python benchmarks/windows_and_beats.py
"""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
from protocol import save_table, versions_of
from sklearn.decomposition import PCA
from sklearn.metrics import average_precision_score, roc_auc_score
from tqdm import tqdm

from ecglab import AutoencoderDetector
from ecglab.datasets import Record, read_record
from ecglab.datasets._fetch import find_recording
from ecglab.datasets._record import WINDOW
from ecglab.datasets._signal import cut_beats, normalise
from ecglab.datasets._wfdb import open_wfdb

RECORDS = ("106", "119", "208", "223")  # of DS1, with 400 ventricular beats and more
STRIDE = 0.35  # seconds, half a window
WANDER = 0.5  # Hz, as in read_record
SEEDS = (0, 1, 2)
PACKAGES = ("ecglab", "numpy", "scikit-learn", "scipy", "torch", "wfdb")

Scores = npt.NDArray[np.float64]
Pieces = npt.NDArray[np.float32]


def autoencoder(pieces: Pieces, seed: int) -> Scores:
    """Train the dense autoencoder in PyTorch, as it is by default, and score what it has seen."""
    detector = AutoencoderDetector("dense_torch", random_state=seed).fit(pieces)
    return detector.reconstruction_error(pieces)


def components(pieces: Pieces, seed: int) -> Scores:
    """Score by the error of ten principal components."""
    model = PCA(10, random_state=seed).fit(pieces)
    rebuilt = model.inverse_transform(model.transform(pieces))
    return np.square(pieces - rebuilt).mean(axis=1, dtype=np.float64)


DETECTORS: dict[str, Callable[[Pieces, int], Scores]] = {
    "dense autoencoder": autoencoder,
    "PCA, 10 components": components,
}


def windows_of(record: Record) -> tuple[Scores, Pieces]:
    """Cut the lead that the beats are from into windows; return their places and signals."""
    signals = open_wfdb(find_recording(record.source), None)
    raw = signals.read(signals.names.index(record.lead))
    times = np.arange(-WINDOW[0], record.duration - WINDOW[1], STRIDE)
    cut = cut_beats(raw.values, raw.rate, times, WINDOW, record.n_samples, WANDER)
    return times, normalise(cut)


def of_beats(times: Scores, scores: Scores, r_peaks: Scores, reduce: str) -> Scores:
    """Give each beat the mean or the maximum of the windows that hold its R peak."""
    first = np.searchsorted(times, r_peaks - WINDOW[1])
    last = np.searchsorted(times, r_peaks - WINDOW[0], side="right")
    return np.array([getattr(scores[a:b], reduce)() for a, b in zip(first, last, strict=True)])


def measure(name: str) -> Iterator[dict[str, object]]:
    """Judge every detector on one record, by windows and by beats."""
    record = read_record(f"mitdb/{name}", annotations="atr", wander=WANDER)
    is_strange = np.isin(np.asarray(record.symbols), ["V", "F"])
    judged = is_strange | np.isin(np.asarray(record.symbols), ["N", "L", "R"])
    r_peaks = np.asarray(record.times)
    times, windows = windows_of(record)
    for detector, score in DETECTORS.items():
        for seed in SEEDS if score is autoencoder else SEEDS[:1]:
            by_window = score(windows, seed)
            results = {
                "beats": score(record.signals, seed),
                "windows, mean": of_beats(times, by_window, r_peaks, "mean"),
                "windows, maximum": of_beats(times, by_window, r_peaks, "max"),
            }
            for cut, scores in results.items():
                yield {
                    "record": name,
                    "detector": detector,
                    "cut": cut,
                    "seed": seed,
                    "pieces": len(record) if cut == "beats" else len(windows),
                    "V and F": int(is_strange.sum()),
                    "share": is_strange.sum() / judged.sum(),
                    "ROC-AUC": roc_auc_score(is_strange[judged], scores[judged]),
                    "average precision": average_precision_score(
                        is_strange[judged], scores[judged]
                    ),
                }


def main() -> None:
    """Compute the table and write it."""
    table = pd.DataFrame(row for name in tqdm(RECORDS) for row in measure(name))
    card = {
        "source": "MIT-BIH Arrhythmia Database 1.0.0, doi 10.13026/C2F305 (ODC-By 1.0)",
        "seeds": list(SEEDS),
        "versions": versions_of(PACKAGES),
        "command": "python benchmarks/windows_and_beats.py",
    }
    save_table("windows_and_beats", table, card, float_format="%.4g")
    figures = ["ROC-AUC", "average precision"]
    print(
        table.groupby(["detector", "cut", "record"])[figures].mean().unstack().round(3).to_string()
    )


if __name__ == "__main__":
    main()
