"""Measure `analyse`, as it is called by default, on a folder of annotated WFDB records.

No label reaches any of the detectors; the annotations give the R peaks, and judge from the sixth
minute on. The constants were settled on the records of one half of DS1 (`TUNED`), the others were
looked at when they were fixed; record 100 takes no part. Writes to `benchmarks/results`:

    mitbih.csv           a row for each record and detector
    mitbih_summary.csv   a row for each half and detector; of ours, with a 95 % interval from a
                         bootstrap over records

and beside each a file of the same name in JSON, which says what it was computed from.

About five minutes on two cores. Any other folder is measured, and its table printed, by

    python benchmarks/mitbih.py [FOLDER]
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from protocol import save_table, versions_of
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from ecglab.datasets import Record, read_record
from ecglab.recordings import TRAIN_MINUTES, Analysis, analyse

TUNED = ("101", "108", "112", "115", "118", "122", "201", "205", "208", "215", "223")
CONFIRMED = ("106", "109", "114", "116", "119", "124", "203", "207", "209", "220", "230")
JUDGED_FROM = 300.0  # seconds
FEWEST = 10  # beats of a class, for a ROC-AUC
LABELS = {"N": 1, "V": 3, "S": 4, "F": 6}  # of AAMI's classes, in `read_record`
OURS = "ours"
PACKAGES = ("ecglab", "numpy", "scikit-learn", "scipy", "torch", "wfdb")

Scores = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def ours(record: Record) -> tuple[Scores, Flags]:
    """Run the default."""
    analysis = analyse(record)
    return analysis.scores, analysis.is_strange


def shape_alone(analysis: Analysis) -> tuple[Scores, Flags]:
    """Leave the rhythm out."""
    scores = np.asarray(analysis.shape)
    return scores, scores > 1


def rhythm_alone(analysis: Analysis) -> tuple[Scores, Flags]:
    """Leave the shape out, except that ectopic beats say nothing about the usual rhythm."""
    scores = np.asarray(analysis.earliness)
    return scores, scores > 1


def first_minutes(record: Record) -> tuple[Scores, Flags]:
    """Learn from the first five minutes of the first lead, as was the default before."""
    analysis = analyse(record, train_minutes=TRAIN_MINUTES)
    return analysis.scores, analysis.is_strange


def residual(record: Record) -> tuple[Scores, None]:
    """Score by the error of ten principal components of all beats, in the first lead."""
    model = PCA(10, random_state=0).fit(record.signals)
    rebuilt = model.inverse_transform(model.transform(record.signals))
    return np.square(record.signals - rebuilt).mean(axis=1, dtype=np.float64), None


def from_median(record: Record) -> tuple[Scores, None]:
    """Score by the distance from the median beat of the first lead."""
    median = np.median(record.signals, axis=0)
    return np.square(record.signals - median).mean(axis=1, dtype=np.float64), None


def interval_ratio(record: Record) -> tuple[Scores, None]:
    """Score by the median of the eleven intervals around a beat over the one before it."""
    before = pd.Series(np.asarray(record.rr_intervals)[:, 0])
    ratio = before.rolling(11, center=True, min_periods=1).median() / before
    return ratio.fillna(1.0).to_numpy(), None


BASELINES: dict[str, Callable[[Record], tuple[Scores, Flags | None]]] = {
    "first five minutes, one lead, shape": first_minutes,
    "baseline: RR interval before the beat": interval_ratio,
    "baseline: PCA, 10 components, all beats": residual,
    "baseline: distance from the median beat": from_median,
}


def judge(record: Record, scores: Scores, flags: Flags | None) -> dict[str, object]:
    """Hold scores and flags against the annotations."""
    late = np.asarray(record.times) >= JUDGED_FROM
    of = {name: late & (record.labels == label) for name, label in LABELS.items()}
    figures: dict[str, object] = {name: int(chosen.sum()) for name, chosen in of.items()}
    for name, chosen in (("V and F", of["V"] | of["F"]), ("S", of["S"])):
        both = of["N"] | chosen
        enough = chosen.sum() >= FEWEST and of["N"].sum() >= FEWEST
        figures[f"ROC-AUC of {name}"] = (
            roc_auc_score(chosen[both], scores[both]) if enough else np.nan
        )
    for name, chosen in of.items():
        figures[f"{name} flagged"] = np.nan if flags is None else int(flags[chosen].sum())
    return figures


def measure(path: Path) -> list[dict[str, object]]:
    """Run every detector on one record."""
    record = read_record(path, annotations="atr", download_if_missing=False)
    if not (record.labels == LABELS["N"]).any():
        return []  # nothing is normal in it, or all beats are paced
    analysis = analyse(record)
    results = {
        OURS: (analysis.scores, analysis.is_strange),
        "ours, shape alone": shape_alone(analysis),
        "ours, rhythm alone": rhythm_alone(analysis),
        **{name: detector(record) for name, detector in BASELINES.items()},
    }
    about = {"record": path.stem, "leads": " ".join(record.lead_names)}
    return [
        {**about, "detector": name, **judge(record, *result)} for name, result in results.items()
    ]


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """Average ROC-AUC over records, and add up the beats; a row a detector."""
    rows = {}
    for name, part in table.groupby("detector", sort=False):
        total = part.sum(numeric_only=True, min_count=1)
        flagged = total[[f"{kind} flagged" for kind in "NVSF"]].sum(min_count=4)
        with np.errstate(invalid="ignore"):  # no beat of a kind: its share is NaN
            rows[name] = {
                "ROC-AUC of V and F": part["ROC-AUC of V and F"].mean(),
                "ROC-AUC of S": part["ROC-AUC of S"].mean(),
                "normal flagged": total["N flagged"] / total["N"],
                "V found": total["V flagged"] / total["V"],
                "S found": total["S flagged"] / total["S"],
                "F found": total["F flagged"] / total["F"],
                "flags right": 1 - total["N flagged"] / flagged,
            }
    return pd.DataFrame(rows).T


def bootstrap(table: pd.DataFrame, n_resamples: int = 2000) -> pd.DataFrame:
    """Bound the figures of ours by drawing whole records, with replacement."""
    part = table[table["detector"] == OURS].reset_index(drop=True)
    rng = np.random.default_rng(0)
    draws = [
        summarise(part.iloc[rng.integers(0, len(part), len(part))]).loc[OURS]
        for _ in range(n_resamples)
    ]
    return pd.DataFrame(draws).quantile([0.025, 0.975]).T


def summarise_halves(table: pd.DataFrame) -> pd.DataFrame:
    """Write both summaries under each other, a row a detector and half."""
    parts = []
    for part, rows in table.groupby("part", sort=False):
        bounds = bootstrap(rows).T.set_axis(["ours, lower bound", "ours, upper bound"])
        summary = pd.concat([summarise(rows), bounds])
        parts.append(summary.rename_axis("detector").reset_index().assign(part=part))
    return pd.concat(parts)[["part", *parts[0].columns.drop("part")]]


def main() -> int:
    """Measure DS1, or another folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="with NAME.hea and NAME.atr files")
    folder = parser.parse_args().folder
    home = Path(os.environ.get("ECGLAB_DATA_HOME", ".")) / "mitdb"
    if folder is None:
        paths = [home / f"{name}.hea" for name in sorted(TUNED + CONFIRMED)]
    else:
        paths = sorted(path for path in folder.glob("*.hea") if path.with_suffix(".atr").exists())
    table = pd.DataFrame([row for path in tqdm(paths, unit="record") for row in measure(path)])
    if folder is not None:
        print(table[table["detector"] == OURS].drop(columns="detector").to_string(index=False))
        print(summarise(table).round(4).to_string())
        print(bootstrap(table).round(4).to_string())
        return 0
    table.insert(1, "part", np.where(table["record"].isin(TUNED), "settled on", "confirmed on"))
    table = table.sort_values("part", ascending=False, kind="stable")
    card = {
        "source": "MIT-BIH Arrhythmia Database 1.0.0, doi 10.13026/C2F305 (ODC-By 1.0)",
        "settled on": TUNED,
        "confirmed on": CONFIRMED,
        "versions": versions_of(PACKAGES),
        "command": "python benchmarks/mitbih.py",
    }
    save_table("mitbih", table, card, float_format="%.5g")
    save_table("mitbih_summary", summarise_halves(table), card, float_format="%.4g")
    return 0


if __name__ == "__main__":
    sys.exit(main())
