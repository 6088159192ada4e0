"""Measure `analyse`, as it is called by default, on a folder of annotated WFDB records.

No label reaches any of the detectors; the annotations judge, from the sixth minute on, by the rules
of EC57, and give the R peaks, but for one row, where they are found. The constants were settled on
the records of one half of DS1 (`TUNED`), the others were looked at when they were fixed; record
100 takes no part. Writes to `benchmarks/results`:

    mitbih.csv           a row for each record and detector
    mitbih_summary.csv   a row for each half and detector: the areas are means over records, all
                         else is gross; of ours, with a 95 % interval from a bootstrap over records

and beside each a file of the same name in JSON, which says what it was computed from.

Five minutes on two cores, most of them for the online rows. Any other folder is measured, and its
table printed, by

    python benchmarks/mitbih.py [FOLDER]

`--baselines` or `--online` computes these rows alone, and leaves the others as they are. And
`--seeds 10` tells how much of the default is chance, in three minutes more, and writes

    mitbih_seeds.csv     for each half the mean and the sd, over the seeds, of each figure of ours
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import Parallel, delayed
from protocol import RESULTS, save_table, versions_of
from scipy.spatial.distance import cdist
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from ecglab.autoencoders import Autoencoder
from ecglab.datasets import Record, read_annotations, read_record
from ecglab.evaluation import (
    aami_classes,
    beat_figures,
    count_pairs,
    is_paced,
    pair_beats,
    summarise_records,
)
from ecglab.recordings import TRAIN_MINUTES, Analysis, analyse

TUNED = ("101", "108", "112", "115", "118", "122", "201", "205", "208", "215", "223")
CONFIRMED = ("106", "109", "114", "116", "119", "124", "203", "207", "209", "220", "230")
JUDGED_FROM = 300.0  # seconds
FEWEST = 10  # beats of a class, for a ROC-AUC
AREAS = {"ROC-AUC of V and F": ("V", "F"), "ROC-AUC of S": ("S",)}
FIGURES = ("V Se", "V +P", "S Se", "S +P", "flagged +P")
OURS = "ours"
OWN_PEAKS = "ours, R peaks found"
ONLINE = "ours, online"
ONLINE_MINUTES = 1.0
PACKAGES = ("ecglab", "numpy", "scikit-learn", "scipy", "torch", "wfdb")

Scores = npt.NDArray[np.float64]
Verdicts = npt.NDArray[np.str_]


class Untouched(Autoencoder):
    """Hands back what it is given: ours without the network."""

    def _build(self, n_samples: int, n_channels: int) -> None:
        pass

    def _train(self, signals: Any, validation_signals: Any) -> pd.DataFrame:
        return pd.DataFrame({"loss": [0.0], "validation_loss": [0.0]})

    def _reconstruct(self, signals: Any) -> Any:
        return signals

    def _encode(self, signals: Any) -> Any:
        return signals[:, :, 0]

    def _get_weights(self) -> dict[str, npt.NDArray[Any]]:
        return {}

    def _set_weights(self, weights: Mapping[str, Any]) -> None:
        pass


def by_default(record: Record) -> tuple[Scores, Verdicts]:
    """Run the default."""
    analysis = analyse(record)
    return analysis.scores, analysis.verdicts


def without_network(record: Record) -> tuple[Scores, Verdicts]:
    """Compare the beats themselves."""
    analysis = analyse(record, autoencoder=Untouched())
    return analysis.scores, analysis.verdicts


def shape_alone(analysis: Analysis) -> tuple[Scores, Verdicts]:
    """Leave the rhythm out."""
    scores = np.asarray(analysis.shape)
    return scores, np.where(scores > 1, "V", "N")


def rhythm_alone(analysis: Analysis) -> tuple[Scores, Verdicts]:
    """Leave the shape out, except that ectopic beats say nothing about the usual rhythm."""
    scores = np.asarray(analysis.earliness)
    return scores, np.where(scores > 1, "S", "N")


def first_minutes(record: Record) -> tuple[Scores, Verdicts]:
    """Learn from the first five minutes of the first lead, as was the default before."""
    analysis = analyse(record, train_minutes=TRAIN_MINUTES)
    return analysis.scores, analysis.verdicts


def online(record: Record) -> tuple[Scores, Verdicts]:
    """Judge each minute by what has come so far."""
    analysis = analyse(record, online_minutes=ONLINE_MINUTES)
    return analysis.scores, analysis.verdicts


def residual(record: Record) -> tuple[Scores, None]:
    """Score by the error of ten principal components of all beats, in the first lead."""
    model = PCA(10, random_state=0).fit(record.signals)
    rebuilt = model.inverse_transform(model.transform(record.signals))
    return np.square(record.signals - rebuilt).mean(axis=1, dtype=np.float64), None


def from_median(record: Record) -> tuple[Scores, None]:
    """Score by the distance from the median beat of the first lead."""
    median = np.median(record.signals, axis=0)
    return np.square(record.signals - median).mean(axis=1, dtype=np.float64), None


def from_nearest(record: Record) -> tuple[Scores, None]:
    """Score by the distance to the most similar other beat of the first lead.

    Which is the matrix profile of Yeh and others (2016), taken where beats are and nowhere else:
    standardised windows of one length, each by its distance to the nearest other one.
    """
    nearest = []
    for rows in np.array_split(np.arange(len(record)), max(1, len(record) // 500)):
        apart = cdist(record.signals[rows], record.signals)
        apart[np.arange(len(rows)), rows] = np.inf
        nearest.append(apart.min(axis=1))
    return np.concatenate(nearest), None


def isolation(record: Record) -> tuple[Scores, None]:
    """Score by how few random splits set a beat of the first lead apart (Liu and others, 2008)."""
    forest = IsolationForest(random_state=0).fit(record.signals)
    return -np.asarray(forest.score_samples(record.signals), dtype=np.float64), None


def interval_ratio(record: Record) -> tuple[Scores, None]:
    """Score by the median of the eleven intervals around a beat over the one before it."""
    before = pd.Series(np.asarray(record.rr_intervals)[:, 0])
    ratio = before.rolling(11, center=True, min_periods=1).median() / before
    return ratio.fillna(1.0).to_numpy(), None


Detector = Callable[[Record], tuple[Scores, Verdicts | None]]

BASELINES: dict[str, Detector] = {
    "baseline: RR interval before the beat": interval_ratio,
    "baseline: PCA, 10 components, all beats": residual,
    "baseline: distance from the median beat": from_median,
    "baseline: distance to the nearest other beat": from_nearest,
    "baseline: isolation forest": isolation,
}
OTHERS: dict[str, Detector] = {
    "ours, without the network": without_network,
    ONLINE: online,
    "first five minutes, one lead, shape": first_minutes,
    **BASELINES,
}
DETECTORS = [OURS, "ours, shape alone", "ours, rhythm alone", *OTHERS, OWN_PEAKS]
"""In the order of the tables."""
BOUND = ": (low|high)$"


def areas(record: Record, scores: Scores) -> dict[str, float]:
    """Work out how well scores order the beats of each kind above the normal ones."""
    late = np.asarray(record.times) >= JUDGED_FROM
    classes = aami_classes(np.asarray(record.symbols), escapes="N")
    normal = late & (classes == "N")
    found = {}
    for name, kinds in AREAS.items():
        chosen = late & np.isin(classes, kinds)
        both = normal | chosen
        enough = chosen.sum() >= FEWEST and normal.sum() >= FEWEST
        found[name] = float(roc_auc_score(chosen[both], scores[both])) if enough else np.nan
    return found


def count(path: Path, record: Record, verdicts: Verdicts) -> pd.DataFrame:
    """Hold verdicts against the annotations; what was set aside could not be judged."""
    reference = read_annotations(path.with_suffix(".atr"))
    judged = [
        pd.DataFrame(
            {
                "time": record.times,
                "verdict": np.where(np.isin(verdicts, ["?", "U"]), "Q", verdicts),
            }
        ),
        pd.DataFrame({"time": record.set_aside["time"], "verdict": "Q"}),
    ]
    marks = pd.concat(judged).sort_values("time", kind="stable")
    pairs = pair_beats(
        reference.times, reference.symbols, marks["time"], marks["verdict"], escapes="N"
    )
    return count_pairs(pairs)


def flagged(counts: pd.DataFrame) -> dict[str, int]:
    """Count the beats of each class, and those of them that were called anything but normal."""
    beats, called = counts.sum(axis=1), counts[[*"SVFQ"]].sum(axis=1)
    return {kind: int(beats[kind]) for kind in "NVSF"} | {
        f"{kind} flagged": int(called[kind]) for kind in "NVSF"
    }


def measure(path: Path) -> tuple[list[dict[str, Any]], dict[str, pd.DataFrame]]:
    """Run every detector on one record: a row each, and the beats counted."""
    record = read_record(path, annotations="atr", download_if_missing=False)
    if is_paced(np.asarray(record.symbols)):
        return [], {}
    analysis = analyse(record)
    results: dict[str, tuple[Scores, Verdicts | None]] = {
        OURS: (analysis.scores, analysis.verdicts),
        "ours, shape alone": shape_alone(analysis),
        "ours, rhythm alone": rhythm_alone(analysis),
        **{name: detector(record) for name, detector in OTHERS.items()},
    }
    rows, counts = hold_against_annotations(path, record, results)
    found = read_record(path, annotations=None, download_if_missing=False)
    counts[OWN_PEAKS] = count(path, found, analyse(found).verdicts)
    rows.append(about(record, path) | {"detector": OWN_PEAKS} | figures_of(counts[OWN_PEAKS]))
    return rows, counts


def hold_against_annotations(
    path: Path, record: Record, results: Mapping[str, tuple[Scores, Verdicts | None]]
) -> tuple[list[dict[str, Any]], dict[str, pd.DataFrame]]:
    """Write a row for each detector, and count the beats of those that have verdicts."""
    rows: list[dict[str, Any]] = []
    counts: dict[str, pd.DataFrame] = {}
    for name, (scores, verdicts) in results.items():
        row = about(record, path) | {"detector": name} | areas(record, scores)
        if verdicts is not None:
            counts[name] = count(path, record, verdicts)
            row |= figures_of(counts[name])
        rows.append(row)
    return rows, counts


def about(record: Record, path: Path) -> dict[str, Any]:
    """Begin a row."""
    return {"record": path.stem, "leads": " ".join(record.lead_names)}


def figures_of(counts: pd.DataFrame) -> dict[str, float]:
    """Return what the beats of a record that were counted come to."""
    value = beat_figures(counts)["value"]
    return flagged(counts) | {name: float(value[name]) for name in FIGURES}


def summarise(
    table: pd.DataFrame, counts: Mapping[str, Mapping[str, pd.DataFrame]]
) -> pd.DataFrame:
    """Write a row a detector, and for each of ours two more with the bounds of an interval."""
    rows: dict[str, dict[str, float]] = {}
    for detector in table["detector"].unique():
        part = table[table["detector"] == detector]
        rows[detector] = part[list(AREAS)].mean().to_dict()
        of = {record: each[detector] for record, each in counts.items() if detector in each}
        if not of:
            continue
        figures = summarise_records(of).loc[["N flagged", *FIGURES]]
        total = flagged(pd.concat(of.values()).groupby(level=0).sum())
        rows[detector] |= {name: float(figures["gross"][name]) for name in figures.index} | {
            f"{kind} found": total[f"{kind} flagged"] / total[kind] if total[kind] else np.nan
            for kind in "VSF"
        }
        if detector in (OURS, ONLINE, OWN_PEAKS):
            for bound in ("low", "high"):
                rows[f"{detector}: {bound}"] = bound_areas(part, bound) | {
                    name: float(figures[f"gross_{bound}"][name]) for name in figures.index
                }
    return pd.DataFrame(rows).T.rename_axis("detector").reset_index()


def bound_areas(part: pd.DataFrame, bound: str, n_resamples: int = 2000) -> dict[str, float]:
    """Bound the mean areas by drawing whole records, with replacement."""
    rng = np.random.default_rng(0)
    draws = rng.integers(0, len(part), (n_resamples, len(part)))
    means = pd.DataFrame([part[list(AREAS)].iloc[draw].mean() for draw in draws])
    bounds = means.quantile(0.025 if bound == "low" else 0.975)
    return {name: float(bounds[name]) for name in AREAS}


def by_part(
    table: pd.DataFrame, counts: Mapping[str, Mapping[str, pd.DataFrame]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Say which half each record is of, and sum up the halves."""
    table.insert(1, "part", np.where(table["record"].isin(TUNED), "settled on", "confirmed on"))
    table = table.sort_values("part", ascending=False, kind="stable")
    summary = pd.concat(
        [
            summarise(rows, {name: counts[name] for name in rows["record"].unique()}).assign(
                part=part
            )
            for part, rows in table.groupby("part", sort=False)
        ]
    )
    summary.insert(0, "part", summary.pop("part"))
    return table, summary


def measure_each(
    measure_one: Callable[[Path], dict[str, tuple[dict[str, float], pd.DataFrame]]],
    paths: list[Path],
) -> pd.DataFrame:
    """Summarise both halves, a row a key of what is measured: the areas, and the beats counted.

    Records are measured side by side.
    """
    results = Parallel(n_jobs=-1, return_as="generator")(map(delayed(measure_one), paths))
    measured = {
        path.stem: found
        for path, found in zip(paths, tqdm(results, total=len(paths), unit="record"), strict=True)
    }
    table = pd.DataFrame(
        [
            {"record": record, "detector": name, **orders}
            for record, found in measured.items()
            for name, (orders, _) in found.items()
        ]
    )
    counts = {
        record: {name: counted for name, (_, counted) in found.items()}
        for record, found in measured.items()
    }
    figures = ["part", "detector", *AREAS, "N flagged", *FIGURES]
    return by_part(table, counts)[1][figures]


def measure_seeds(path: Path, seeds: range) -> dict[str, tuple[dict[str, float], pd.DataFrame]]:
    """Judge one record by default, once for each seed."""
    record = read_record(path, annotations="atr", download_if_missing=False)
    found = {}
    for seed in seeds:
        analysis = analyse(record, random_state=seed)
        counted = count(path, record, analysis.verdicts)
        found[str(seed)] = areas(record, analysis.scores), counted
    return found


def write_seeds(paths: list[Path], seeds: range) -> None:
    """Write how far the figures of the default are apart over the seeds."""
    runs = measure_each(partial(measure_seeds, seeds=seeds), paths).drop(columns="detector")
    spread = runs.groupby("part", sort=False).agg(["mean", "std"]).stack(future_stack=True)
    table = spread.rename(index={"std": "sd"}).rename_axis(["part", "over the seeds"])
    card = describe(f"--seeds {len(seeds)}") | {"seeds": list(seeds)}
    save_table("mitbih_seeds", table.reset_index(), card, float_format="%.4g")


def describe(options: str = "", script: str = "mitbih") -> dict[str, Any]:
    """Say what a table was computed from."""
    return {
        "source": "MIT-BIH Arrhythmia Database 1.0.0, doi 10.13026/C2F305 (ODC-By 1.0)",
        "settled on": TUNED,
        "confirmed on": CONFIRMED,
        "versions": versions_of(PACKAGES),
        "command": f"python benchmarks/{script}.py {options}".rstrip(),
    }


def ds1() -> list[Path]:
    """Return the headers of the records of both halves."""
    home = Path(os.environ.get("ECGLAB_DATA_HOME", ".")) / "mitdb"
    return [home / f"{name}.hea" for name in sorted(TUNED + CONFIRMED)]


def renew(paths: list[Path], detectors: Mapping[str, Detector]) -> None:
    """Put rows of some detectors, computed anew, in the place of those in the tables."""
    rows: list[dict[str, Any]] = []
    counts: dict[str, dict[str, pd.DataFrame]] = {}
    for path in tqdm(paths, unit="record"):
        record = read_record(path, annotations="atr", download_if_missing=False)
        results = {name: detector(record) for name, detector in detectors.items()}
        new, counts[path.stem] = hold_against_annotations(path, record, results)
        rows += new
    of_records, summary = by_part(pd.DataFrame(rows), counts)
    for name, renewed, digits in (("mitbih", of_records, 5), ("mitbih_summary", summary, 4)):
        old = pd.read_csv(RESULTS / f"{name}.csv", dtype={"record": str})
        kept = ~old["detector"].str.replace(BOUND, "", regex=True).isin(detectors)
        table = pd.concat([old[kept], renewed])
        places = table["detector"].str.replace(BOUND, "", regex=True).map(DETECTORS.index)
        table = table.assign(place=places).sort_values("place", kind="stable")
        if "record" in table:
            table = table.sort_values("record", kind="stable")
        table = table.sort_values("part", ascending=False, kind="stable").drop(columns="place")
        card = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
        save_table(name, table, card, float_format=f"%.{digits}g")


def main() -> int:
    """Measure DS1, or another folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="with NAME.hea and NAME.atr files")
    parser.add_argument("--seeds", type=int, metavar="N", help="of DS1: N of ours, nothing else")
    for option, detectors in (("--baselines", BASELINES), ("--online", {ONLINE: online})):
        parser.add_argument(
            option,
            dest="renewed",
            action="store_const",
            const=detectors,
            help="of DS1, and nothing else",
        )
    asked = parser.parse_args()
    folder: Path | None = asked.folder
    if folder is None:
        paths = ds1()
    else:
        paths = sorted(path for path in folder.glob("*.hea") if path.with_suffix(".atr").exists())
    if asked.renewed is not None:
        renew(paths, asked.renewed)
        return 0
    if asked.seeds:
        write_seeds(paths, range(asked.seeds))
        return 0
    measured = {path.stem: measure(path) for path in tqdm(paths, unit="record")}
    table = pd.DataFrame([row for rows, _ in measured.values() for row in rows])
    counts = {name: counted for name, (_, counted) in measured.items()}
    if folder is not None:
        print(table[table["detector"] == OURS].drop(columns="detector").to_string(index=False))
        print(summarise(table, counts).round(4).to_string(index=False))
        return 0
    table, summary = by_part(table, counts)
    save_table("mitbih", table, describe(), float_format="%.5g")
    save_table("mitbih_summary", summary, describe(), float_format="%.4g")
    return 0


if __name__ == "__main__":
    sys.exit(main())
