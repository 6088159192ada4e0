"""Look for an autoencoder that finds more than every baseline does, and say what limits it.

Seven steps; all but the last write tables into `benchmarks/results` (needs ECG5000, and the last
but one the records of DS1 below ``$ECGLAB_DATA_HOME``):

    python benchmarks/out_detect.py search      recipes on *validation* beats, seeds 100 to 107
    python benchmarks/out_detect.py audit       the beats whose labels are in doubt
    python benchmarks/out_detect.py measure     the frozen recipe on the test beats of seeds 0 to 9
    python benchmarks/out_detect.py tests       the same against every row of the leaderboard
    python benchmarks/out_detect.py robustness  what noise, few beats and unnoticed anomalies do
    python benchmarks/out_detect.py recordings  how it orders the beats of DS1's recordings
    python benchmarks/out_detect.py draw        the pictures of the book's page

``search --only NETWORK ...`` trains these networks alone, and keeps the committed rows of others.

The search looks at no test beat. The choice, `out_detector` below, was made in an exploration on
the seeds 100 to 103 and committed before the first `measure`; nothing was changed afterwards.
Masks, conformal p-values and recordings came later: rows of tables, which changed no choice.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from mitbih import CONFIRMED, TUNED, areas, from_median
from protocol import RESULTS, provenance, save_table, versions_of
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from tqdm import tqdm

from ecglab import AutoencoderDetector, plots
from ecglab.autoencoders import DenseEnsembleAutoencoder
from ecglab.baselines import BASELINES, NearestNeighbours
from ecglab.datasets import fetch_ecg5000, read_record
from ecglab.evaluation import (
    SPLITS,
    Split,
    aami_classes,
    compare_seeds,
    delong,
    score_split,
    threshold_rows,
)
from ecglab.heartbeats import CLASS_SYMBOLS, NORMAL_LABEL, Heartbeats
from ecglab.recordings import analyse
from ecglab.scoring import Combined, LatentDistance, NeighbourDistance, Scoring, WindowedMaximum
from ecglab.similarity import nearest_neighbours

SEARCH_SEEDS = range(100, 104)
CONFIRM_SEEDS = range(104, 108)
SEEDS = range(10)
ROBUSTNESS_SEEDS = range(3)
NEAR = -0.02
IMAGES = Path(__file__).parents[1] / "book" / "images"
PACKAGES = ("ecglab", "numpy", "pandas", "scikit-learn", "torch")

WINNER = "ensemble: windowed + neighbours"
CONTROL = "5 neighbours in 6 components"
LINEAR = ("PCA, 2 components", "PCA, 8 components")
MAIN = ("5 nearest neighbours", "local outlier factor", "one-class SVM", "PCA, 2 components")
Signals = npt.NDArray[Any]
Maker = Callable[[int], Any]


def out_detector(seed: int) -> AutoencoderDetector:
    """Make the frozen recipe."""
    scoring = Combined(("windowed", "neighbours"))
    return AutoencoderDetector("dense_ensemble", scoring=scoring, random_state=seed)


CONTENDERS: Mapping[str, Maker] = {
    WINNER: out_detector,
    # What is left of it without a network: a linear code of the same kind, and its neighbours.
    CONTROL: lambda seed: make_pipeline(PCA(6, random_state=seed), NearestNeighbours(5)),
    **{name: BASELINES[name] for name in MAIN},
}

# The search

NETWORKS: Mapping[str, Mapping[str, Any]] = {
    "chosen": {},
    "one member": {"n_members": 1},
    "code of 4": {"hidden": (128, 64, 4)},
    "code of 8": {"hidden": (128, 64, 8)},
    "code of 2": {"hidden": (128, 64, 2)},
    "constant rate": {"schedule": "constant"},
    "bent code": {"linear_code": False},
    "denoising, 0.2": {"noise": 0.2},
    "a quarter of the samples masked": {"masked": 0.25},
    "a quarter masked, 20 at a time": {"masked": 0.25, "width": 20},
}


@dataclass(kw_only=True, eq=False, repr=False)
class MaskedEnsemble(DenseEnsembleAutoencoder):
    """Set a share of the samples that go in to 0, and have them rebuilt.

    After P. Vincent et al., "Extracting and composing robust features with denoising autoencoders",
    ICML 2008, doi 10.1145/1390156.1390294.
    """

    masked: float = 0.0
    width: int = 1  # samples that are masked together

    def _corrupt(self, beats: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        if not self.masked:
            return super()._corrupt(beats, generator)
        n_beats, n_samples = beats.shape[:2]
        drawn = torch.rand(n_beats, -(-n_samples // self.width), generator=generator)
        masked = (drawn < self.masked).repeat_interleave(self.width, dim=1)[:, :n_samples, None]
        return beats.masked_fill(masked.to(beats.device), 0.0)


class Whitened(LatentDistance):
    """Mahalanobis distance of the residual itself."""

    def _fit(self, residuals: Any, is_anomaly: Any, codes: Any) -> None:
        super()._fit(residuals, is_anomaly, residuals)

    def _score(self, residuals: Any, codes: Any) -> Any:
        return super()._score(residuals, residuals)


class Conformal(Combined):
    """Join p-values: the share of normal beats that score as high with a part, on a log scale.

    The mean is Fisher's combination, the maximum goes by the smallest p-value. After S. Bates et
    al., "Testing for outliers with conformal p-values", Annals of Statistics 51 (2023) 149-178,
    doi 10.1214/22-AOS2244.
    """

    def _fit(self, residuals: Any, is_anomaly: Any, codes: Any) -> None:
        super()._fit(residuals, is_anomaly, codes)
        self.normal_ = [np.sort(part.score(residuals, codes)) for part in self.parts_]

    def _score(self, residuals: Any, codes: Any) -> Any:
        surprise = [
            -np.log(p_values(part.score(residuals, codes), normal))
            for part, normal in zip(self.parts_, self.normal_, strict=True)
        ]
        return np.mean(surprise, axis=0) if self.how == "mean" else np.max(surprise, axis=0)


def p_values(scores: Any, normal: Any) -> Any:
    """Return the share of sorted normal scores that are as high, the beat's own among them."""
    as_high = len(normal) - np.searchsorted(normal, scores, side="left")
    return (1 + as_high) / (1 + len(normal))


WIDE = WindowedMaximum(25)
PARTS: Mapping[str, Sequence[str | Scoring]] = {
    "mean square": ("mse",),
    "windowed": ("windowed",),
    "windowed, 25": (WIDE,),
    "inverse variance": ("weighted",),
    "whitened": (Whitened(),),
    "neighbours": ("neighbours",),
    "latent": ("latent",),
    "windowed + neighbours": ("windowed", "neighbours"),
    "windowed + 20 neighbours": ("windowed", NeighbourDistance(20)),
    "windowed + latent": ("windowed", "latent"),
    "mean square + neighbours": ("mse", "neighbours"),
    "both windows + neighbours": ("windowed", WIDE, "neighbours"),
    "windowed + whitened + neighbours": ("windowed", Whitened(), "neighbours"),
}
SCORED: Mapping[str, Scoring] = {name: Combined(parts) for name, parts in PARTS.items()} | {
    "windowed or neighbours (maximum)": Combined(("windowed", "neighbours"), how="max"),
    "windowed + neighbours, p-values (Fisher)": Conformal(("windowed", "neighbours")),
    "windowed or neighbours, smallest p-value": Conformal(("windowed", "neighbours"), how="max"),
}
CHOSEN = "windowed + neighbours"
SHORT = ("mean square", "windowed", "neighbours", CHOSEN)


def network(seed: int, params: Mapping[str, Any]) -> Callable[[Split], Callable[[Signals], Any]]:
    """Train a variant of the chosen network; return what gives residuals and codes."""

    def train(split: Split) -> Callable[[Signals], Any]:
        autoencoder = MaskedEnsemble(random_state=seed, **params)
        autoencoder.fit(split.train.signals, split.validation.normal.signals)
        return lambda beats: (beats - autoencoder.reconstruct(beats), autoencoder.encode(beats))

    return train


def components(n: int) -> Callable[[Split], Callable[[Signals], Any]]:
    """Fit principal components, the linear autoencoder."""

    def train(split: Split) -> Callable[[Signals], Any]:
        pca = PCA(n).fit(split.train.signals)

        def apply(beats: Signals) -> Any:
            codes = pca.transform(beats)
            return beats - pca.inverse_transform(codes), codes

        return apply

    return train


def searched(beats: Heartbeats, split_name: str, seed: int, names: Sequence[str]) -> Iterator[Any]:
    """Yield a row for each network and scoring: how well they order validation beats."""
    split = SPLITS[split_name](beats, seed)
    where = {"split": split_name, "seed": seed}
    for name in names:
        params = NETWORKS[name]
        train = network(seed, params)
        scorings = SCORED if name == "chosen" else {short: SCORED[short] for short in SHORT}
        for row in rank(train(split), split, scorings):
            yield where | {"network": name, **row}
    for n in (4, 6, 8):
        for row in rank(components(n)(split), split, {short: SCORED[short] for short in SHORT}):
            yield where | {"network": f"{n} principal components", **row}
    for name, make in CONTENDERS.items():
        if name != WINNER:
            on_validation, _ = score_split(make(seed), split)
            auc = cross_fitted(split, partial(_unchanged, on_validation))
            yield where | {"network": "none", "scoring": name, "ROC-AUC": auc}


def _unchanged(scores: Any, fitted_on: Any) -> Any:
    return scores


def rank(
    apply: Callable[[Signals], Any], split: Split, scorings: Mapping[str, Scoring]
) -> Iterator[dict[str, object]]:
    """Yield the ROC-AUC of each scoring."""
    residuals, codes = apply(split.validation.signals)

    for name, scoring in scorings.items():

        def score(fitted_on: Any, scoring: Scoring = scoring) -> Any:
            normal = np.zeros(len(fitted_on), dtype=bool)
            scoring.fit(residuals[fitted_on], normal, codes[fitted_on])
            return scoring.score(residuals, codes)

        yield {"scoring": name, "ROC-AUC": cross_fitted(split, score)}


def cross_fitted(split: Split, score: Callable[[Any], Any]) -> float:
    """Fit on three quarters of the normal validation beats, rank the fourth and all anomalies.

    Whatever learns from validation beats would otherwise be flattered by them.
    """
    strange = split.validation.is_anomaly
    normal = np.flatnonzero(~strange)
    areas = []
    for fitted, held_out in KFold(4).split(normal):
        kept = strange.copy()
        kept[normal[held_out]] = True
        areas.append(roc_auc_score(strange[kept], score(normal[fitted])[kept]))
    return float(np.mean(areas))


def search(beats: Heartbeats, only: Sequence[str] | None = None) -> None:
    """Compare recipes on four seeds, and what counts of them on four others."""
    rows = pd.DataFrame(
        row | {"part": part}
        for part, seeds, names in (
            ("search", SEARCH_SEEDS, list(NETWORKS)),
            ("confirm", CONFIRM_SEEDS, ["chosen", "one member"]),
        )
        for split in SPLITS
        for seed in tqdm(seeds, desc=f"{part}, {split}")
        for row in searched(beats, split, seed, [n for n in names if only is None or n in only])
    )
    seeds = [*SEARCH_SEEDS, *CONFIRM_SEEDS]
    if only is not None:
        keys = ["part", "split", "seed"]
        rows = pd.concat([committed_search(beats, seeds), rows])
        rows = rows.drop_duplicates([*keys, "network", "scoring"], keep="last")
        rows = rows.sort_values(keys, ascending=[False, False, True], kind="stable")
    write("out_detect_search", rows, beats, seeds)


def committed_search(beats: Heartbeats, seeds: Sequence[int]) -> pd.DataFrame:
    """Return the committed rows, if they still stand beside new ones."""
    card = json.loads((RESULTS / "out_detect_search.json").read_text(encoding="utf-8"))
    if card != provenance("out_detect", beats, seeds, PACKAGES):
        sys.exit("data or versions are not those of the committed table: search without --only.")
    return pd.read_csv(RESULTS / "out_detect_search.csv")


# The labels


def audit(beats: Heartbeats) -> None:
    """List the beats that a classifier and their neighbours both take for the other kind."""
    strange, chances = beats.is_anomaly, []
    for seed in range(3):
        folds = StratifiedKFold(5, shuffle=True, random_state=seed)
        forest = ExtraTreesClassifier(100, random_state=seed)
        scored = cross_val_predict(forest, beats.signals, strange, cv=folds, method="predict_proba")
        chances.append(scored[np.arange(len(strange)), strange.astype(int)])
    near = NearestNeighbors(n_neighbors=5).fit(beats.signals).kneighbors(return_distance=False)
    table = pd.DataFrame(
        {
            "beat": np.arange(len(strange)),
            "part": beats.split,
            "label": beats.labels,
            "probability of its label": np.mean(chances, axis=0),
            "neighbours of its kind": (strange[near] == strange[:, None]).sum(axis=1),
        }
    )
    doubtful = (table["probability of its label"] < 0.5) & (table["neighbours of its kind"] < 3)
    # How well labels can be told by one who learns from them: a ceiling for those who do not.
    own = table["probability of its label"]
    ceiling = roc_auc_score(strange, np.where(strange, own, 1 - own))
    card = {"ROC-AUC of the classifier, out of fold": round(ceiling, 4)}
    write("label_audit", table[doubtful], beats, range(3), card)


def listed_beats() -> set[int]:
    """Return the numbers of the beats in doubt, in the order of the published files."""
    return set(pd.read_csv(RESULTS / "label_audit.csv")["beat"])


def in_doubt(part: Heartbeats, beats: Heartbeats) -> npt.NDArray[np.bool_]:
    """Say of each beat of a part whether its label is in doubt."""
    listed = {beats.signals[number].tobytes() for number in listed_beats()}
    return np.array([signal.tobytes() in listed for signal in part.signals])


# The test beats


def measured(beats: Heartbeats, split_name: str, seed: int) -> tuple[list[Any], list[Any]]:
    """Measure the frozen recipe and the main baselines, with the doubtful beats and without."""
    split = SPLITS[split_name](beats, seed)
    parts = {
        "all": np.ones(len(split.test), dtype=bool),
        "undisputed": ~in_doubt(split.test, beats),
    }
    rows, tests = [], []
    scores = {name: score_split(make(seed), split) for name, make in CONTENDERS.items()}
    for name, kept in parts.items():
        part = Split(split.train, split.validation, split.test[kept], split.name)
        for detector, (on_validation, on_test) in scores.items():
            rows += [
                {"beats": name, **row}
                for row in threshold_rows(detector, part, seed, on_validation, on_test[kept])
            ]
            if detector != WINNER:
                compared = delong(part.test.is_anomaly, scores[WINNER][1][kept], on_test[kept])
                where = {"beats": name, "split": split_name, "seed": seed, "detector": detector}
                tests.append(where | vars(compared))
    return rows, tests


def measure(beats: Heartbeats) -> None:
    """Measure on the seeds 0 to 9, and compare beat by beat."""
    rows, tests = [], []
    for split in SPLITS:
        for seed in tqdm(SEEDS, desc=split):
            more_rows, more_tests = measured(beats, split, seed)
            rows += more_rows
            tests += more_tests
    write("out_detect", pd.DataFrame(rows), beats, SEEDS)
    write("out_detect_delong", pd.DataFrame(tests), beats, SEEDS)


def paired(beats: Heartbeats) -> None:
    """Compare the frozen recipe with every detector of the leaderboard, over the seeds.

    The p-values are those of the corrected resampled t-test, once more corrected for the number of
    comparisons after Holm.
    """
    board = pd.read_csv(RESULTS / "leaderboard.csv")
    runs = board[board["threshold"] == "95 % quantile (label-free)"]
    compared = pd.concat(
        compare_seeds(runs, WINNER, metric).assign(metric=metric)
        for metric in ("ROC-AUC", "accuracy")
    ).reset_index()
    compared["p_holm"] = compared.groupby(["split", "metric"])["p_value"].transform(holm)
    write("out_detect_tests", compared, beats, SEEDS)


def holm(p_values: "pd.Series[float]") -> "pd.Series[float]":
    """Correct p-values for their number (Holm, Scandinavian Journal of Statistics 6, 1979)."""
    ordered = p_values.sort_values()
    factors = np.arange(len(ordered), 0, -1)
    return (ordered * factors).cummax().clip(upper=1)


# What noise, few beats and unnoticed anomalies do


def contaminated(split: Split, share: float, rng: np.random.Generator) -> Split:
    """Mix validation anomalies into the normal beats that are learnt from."""
    anomalies, normal = split.validation.anomalies, split.validation.normal
    order = iter(rng.permutation(len(anomalies)))

    def mix(signals: Signals) -> Signals:
        n = round(share / (1 - share) * len(signals))
        return np.concatenate([signals, anomalies.signals[[next(order) for _ in range(n)]]])

    return learning_from(split, mix(split.train.signals), mix(normal.signals))


def shortened(split: Split, n: int, rng: np.random.Generator) -> Split:
    """Learn from `n` normal beats, a fifth of which validate (twelve at least)."""
    n_validation = max(n // 5, 12)
    train, validation = (
        rng.permutation(part.signals) for part in (split.train, split.validation.normal)
    )
    return learning_from(split, train[: n - n_validation], validation[:n_validation])


def learning_from(split: Split, train: Signals, validation: Signals) -> Split:
    """Replace what is learnt from, all of it taken for normal."""
    train_beats, validation_beats = (
        Heartbeats(signals, np.full(len(signals), NORMAL_LABEL)) for signals in (train, validation)
    )
    return Split(train_beats, validation_beats, split.test, split.name)


def with_wander(signals: Signals, size: float, rng: np.random.Generator) -> Signals:
    """Add one slow wave to each beat, of any phase and half a period to one."""
    periods = rng.uniform(0.5, 1, (len(signals), 1))
    phase = rng.uniform(0, 2 * np.pi, (len(signals), 1))
    time = np.linspace(0, 2 * np.pi, signals.shape[1])
    return signals + size * np.sin(periods * time + phase)


def shifted(signals: Signals, n: int) -> Signals:
    """Move each beat to the right and repeat its first sample."""
    return np.concatenate([np.repeat(signals[:, :1], n, axis=1), signals[:, :-n]], axis=1)


def robustness_of(beats: Heartbeats, seed: int) -> Iterator[dict[str, object]]:
    """Measure winner and main baselines under each condition, on the pooled split."""
    split, rng = SPLITS["pooled"](beats, seed), np.random.default_rng(seed)
    as_it_is = split.test.signals
    learnt = {
        f"{share:.0%} of anomalies learnt": contaminated(split, share, rng)
        for share in (0.01, 0.05, 0.1)
    } | {f"{n} beats learnt": shortened(split, n, rng) for n in (50, 200)}
    tested = (
        {"as it is": as_it_is}
        | {f"noise of {sd}": as_it_is + sd * rng.normal(size=as_it_is.shape) for sd in (0.1, 0.2)}
        | {f"wander of {size}": with_wander(as_it_is, size, rng) for size in (0.1, 0.3)}
        | {f"shift of {n}": shifted(as_it_is, n) for n in (1, 2, 3, 5)}
    )
    for detector, make in CONTENDERS.items():
        usual = make(seed)
        score_split(usual, split)
        areas = {name: area(usual, split, signals) for name, signals in tested.items()}
        for name, part in learnt.items():
            fitted = make(seed)
            score_split(fitted, part)
            areas[name] = area(fitted, part, as_it_is)
        for name, value in areas.items():
            yield {"detector": detector, "condition": name, "seed": seed, "ROC-AUC": value}


def area(fitted: Any, split: Split, signals: Signals) -> float:
    """Measure how well the test beats are ordered, in the form in which they come."""
    return float(roc_auc_score(split.test.is_anomaly, -fitted.score_samples(signals)))


def robustness(beats: Heartbeats) -> None:
    """Write the table."""
    runs = (row for seed in tqdm(ROBUSTNESS_SEEDS) for row in robustness_of(beats, seed))
    write("out_detect_robustness", pd.DataFrame(runs), beats, ROBUSTNESS_SEEDS)


# Recordings


ON_RECORDINGS = (WINNER, "distance from the median beat", *LINEAR, "the package's shape, all leads")
ROBUST = ON_RECORDINGS[1]
VENTRICULAR = "ROC-AUC of V and F"


def recording(name: str) -> Iterator[dict[str, object]]:
    """Measure how well the shape of beats orders V and F above N, in one record.

    The beats are those of the first lead, each standardised; all but the median and the package's
    own learn from the usual beats of the whole record, which `analyse` tells without labels.
    """
    record = read_record(f"mitdb/{name}", annotations="atr")
    scores = {ROBUST: from_median(record)[0]}
    if np.isnan(areas(record, scores[ROBUST])[VENTRICULAR]):
        return  # too few ventricular beats
    analysis = analyse(record, random_state=0)
    learnt = record.signals[analysis.is_learnt]
    fitted = {WINNER: out_detector(0)} | {pca: BASELINES[pca](0) for pca in LINEAR}
    scores |= {
        detector: -each.fit(learnt).score_samples(record.signals)
        for detector, each in fitted.items()
    }
    scores[ON_RECORDINGS[-1]] = np.asarray(analysis.shape)
    kinds = aami_classes(np.asarray(record.symbols), escapes="N")[analysis.is_learnt]
    about = {
        "record": name,
        "learnt": len(learnt),
        "V and F learnt": np.isin(kinds, ["V", "F"]).sum(),
    }
    for detector in ON_RECORDINGS:
        value = areas(record, scores[detector])[VENTRICULAR]
        yield about | {"detector": detector, VENTRICULAR: value}


def recordings(beats: Heartbeats) -> None:
    """Write the tables: a row a record and detector, and means with intervals."""
    names = sorted(TUNED + CONFIRMED)
    table = pd.DataFrame(row for name in tqdm(names) for row in recording(name))
    card = {
        "source": "MIT-BIH Arrhythmia Database 1.0.0, doi 10.13026/C2F305 (ODC-By 1.0)",
        "versions": versions_of((*PACKAGES, "wfdb")),
        "command": "python benchmarks/out_detect.py recordings",
    }
    save_table("out_detect_recordings", table, card, float_format="%.5f")
    save_table("out_detect_recordings_summary", over_records(table), card, float_format="%.5f")


def over_records(table: pd.DataFrame, n_resamples: int = 2000) -> pd.DataFrame:
    """Average over the records, and bound means and leads over the median by drawing records."""
    by_record = table.pivot(index="record", columns="detector", values=VENTRICULAR)
    by_record = by_record[list(ON_RECORDINGS)]
    draws = np.random.default_rng(0).integers(0, len(by_record), (n_resamples, len(by_record)))
    rows: dict[str, Any] = {"records": len(by_record)}
    ahead = by_record.sub(by_record[ROBUST], axis=0)
    for name, values in (("mean", by_record), ("ahead of the median beat", ahead)):
        low, high = np.quantile(values.to_numpy()[draws].mean(axis=1), [0.025, 0.975], axis=0)
        rows |= {name: values.mean(), f"{name}: low": low, f"{name}: high": high}
    return pd.DataFrame(rows).reset_index(names="detector")


def write(
    name: str,
    table: pd.DataFrame,
    beats: Heartbeats,
    seeds: Sequence[int],
    settings: Mapping[str, object] | None = None,
) -> None:
    """Write a table and where it is from."""
    card = provenance("out_detect", beats, seeds, PACKAGES) | dict(settings or {})
    save_table(name, table, card, float_format="%.5f")


# Pictures for the book


def draw(beats: Heartbeats) -> None:
    """Draw the paired differences and the disputed beats."""
    plots.use_course_style()
    # Without a date and random identifiers, the same picture is the same file.
    mpl.rcParams["svg.hashsalt"] = "ecglab"
    tests = pd.read_csv(RESULTS / "out_detect_tests.csv")
    near = tests[(tests["metric"] == "ROC-AUC") & (tests["split"] == "pooled")]
    near = near[near["difference"] > NEAR].set_index("detector")[["difference", "low", "high"]]
    save(plots.plot_differences(near, xlabel=f"difference in ROC-AUC to {WINNER}"), "differences")
    listed = pd.read_csv(RESULTS / "label_audit.csv").nsmallest(8, "probability of its label")
    nearest, _ = nearest_neighbours(beats.signals)
    pairs = [(int(beat), int(nearest[beat])) for beat in listed["beat"]]
    titles = [" / ".join(CLASS_SYMBOLS[beats.labels[n]] for n in pair) for pair in pairs]
    save(plots.plot_twins(beats, pairs, titles), "disputed")


def save(axes: Any, name: str) -> None:
    """Save a figure where the book finds it."""
    axes[0].figure.savefig(IMAGES / f"out_detect_{name}.svg", metadata={"Date": None})
    plt.close(axes[0].figure)


STEPS: Mapping[str, Callable[[Heartbeats], None]] = {
    "search": search,
    "audit": audit,
    "measure": measure,
    "tests": paired,
    "robustness": robustness,
    "recordings": recordings,
    "draw": draw,
}


def main() -> int:
    """Take one step, or all of them in order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", nargs="*", choices=[*STEPS, []], help="all of them when left out")
    parser.add_argument("--only", nargs="+", metavar="NETWORK", choices=NETWORKS)
    arguments = parser.parse_args()
    beats = fetch_ecg5000()
    for step in arguments.step or STEPS:
        if step == "search":
            search(beats, arguments.only)
        else:
            STEPS[step](beats)
    return 0


if __name__ == "__main__":
    sys.exit(main())
