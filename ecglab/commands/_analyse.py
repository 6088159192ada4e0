"""The command ``ecglab analyse``."""

import argparse
import glob
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ecglab._files import disk_faults_named, writing
from ecglab.autoencoders import AUTOENCODERS
from ecglab.batch import N_STRANGEST
from ecglab.commands._exit import (
    CANNOT,
    DONE,
    EXIT_CODES,
    Outcome,
    UsageError,
    add_output_options,
    complain,
    concluded,
    show_reading,
)
from ecglab.commands._options import (
    add_record_options,
    find_files,
    positive,
    read_recording,
    seed,
)
from ecglab.commands._show import (
    Share,
    count_reasons,
    describe,
    list_rows,
    share,
    show_beats,
    show_found,
)
from ecglab.errors import EcglabError
from ecglab.recordings import VERDICTS, Analysis, analyse, summarise, write_results


class Analyse:
    """Find the strange beats of a recording, by what is usual in it."""

    EPILOG = f"""examples:
  ecglab analyse folder/106.hea --out report106
  ecglab analyse holter.edf --lead II --train-minutes 10 --out report
  ecglab analyse folder/106.hea --online 1 --out report106
  ecglab analyse folder/*.hea --out reports

The folder gets report.html (for people), strange.csv (the strange beats, the
strangest first) and an annotation file (106.ecglab) that ECG viewers open.
Of many recordings, each gets a folder of its own there, and summary.csv has a
row for each; one that cannot be analysed does not stop the others. Annotations
of the recording give the R peaks, if there are any; which beats they call
normal is not looked at while learning.

{EXIT_CODES}"""

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Say which arguments there are."""
        add_output_options(parser)
        parser.add_argument(
            "files", metavar="RECORD", nargs="+", help="a recording of one person, or many of these"
        )
        parser.add_argument(
            "--out", required=True, type=Path, metavar="FOLDER", help="where the results go"
        )
        learning = parser.add_mutually_exclusive_group()
        learning.add_argument(
            "--train-minutes",
            type=positive,
            metavar="MINUTES",
            help="learn from so many minutes at the beginning, and from the first lead, alone "
            "(default: from all of the recording and all leads)",
        )
        learning.add_argument(
            "--online",
            type=positive,
            metavar="MINUTES",
            help="judge the recording as it comes: so many minutes at a time, such as 1, by what "
            "has come so far, in all leads",
        )
        parser.add_argument(
            "--autoencoder", choices=sorted(AUTOENCODERS), help="default: a small dense one"
        )
        parser.add_argument(
            "--random-state", type=seed, default=0, metavar="SEED", help="default: 0"
        )
        add_record_options(parser)

    @staticmethod
    @concluded
    def execute(arguments: argparse.Namespace) -> Outcome:
        """Analyse each recording and write the results."""
        files, folder = _find(arguments.files), arguments.out.expanduser()
        if len(files) == 1:
            return _analyse(arguments, files[0], folder)
        return _analyse_many(arguments, files, folder)


def _find(patterns: Iterable[str]) -> list[str]:
    """Return the recordings of each pattern that the shell has left as it is, in a data home, too.

    What no file is like may still be a name that can be fetched.
    """
    files: list[str] = []
    for pattern in patterns:
        found = find_files(pattern) if glob.has_magic(pattern) else []
        files += [str(file) for file in found] or [pattern]
    return files


def _analyse(arguments: argparse.Namespace, file: str, folder: Path) -> Outcome:
    """Analyse one recording and write the results."""
    started = time.perf_counter()
    analysis = analyse(
        read_recording(argparse.Namespace(**vars(arguments), file=file), all_leads=True),
        train_minutes=arguments.train_minutes,
        online_minutes=arguments.online,
        autoencoder=arguments.autoencoder,
        random_state=arguments.random_state,
        progress=not arguments.quiet,
    )
    files = {name: str(place) for name, place in write_results(analysis, folder).items()}
    facts = {
        "command": "analyse",
        "file": file,
        **_describe(analysis),
        "files": files,
        "seconds": time.perf_counter() - started,
    }
    return Outcome(facts, _lines(facts, analysis))


def _analyse_many(arguments: argparse.Namespace, files: list[str], folder: Path) -> Outcome:
    """Analyse one recording after the other, and write a table of all."""
    names = [Path(file).stem for file in files]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(
            f"Several recordings are called {', '.join(twice)}, and each is to have a folder of "
            "its name. Analyse them one by one."
        )
    done, rows = [], []
    for name, file in zip(names, files, strict=True):
        try:
            facts = _analyse(arguments, file, folder / name).facts
        except (EcglabError, FloatingPointError) as error:
            complain(error, CANNOT)
            rows.append({"record": name, "error": str(error)})
            continue
        done.append(facts)
        rows.append({"record": name, **_row(facts), "error": ""})
    columns = ["record", *(_row(done[0]) if done else ()), "error"]
    table = pd.DataFrame(rows, columns=columns)
    place = folder / "summary.csv"
    with disk_faults_named(place):
        folder.mkdir(parents=True, exist_ok=True)
    with writing(place) as unfinished:
        table.to_csv(unfinished, index=False, float_format="%.6g", lineterminator="\n")
    n_failed = len(rows) - len(done)
    facts = {"command": "analyse", "records": done, "n_failed": n_failed, "summary": str(place)}
    shown = table.drop(columns="error").to_string(
        index=False, na_rep="-", float_format="{:.4g}".format
    )
    lines = [
        *shown.splitlines(),
        f"summary: {place}",
        f"{len(done)} of {len(rows)} recordings were analysed; this is not a medical device",
    ]
    return Outcome(facts, lines, CANNOT if n_failed else DONE)


def _row(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recording's row in the table of many: seconds, counts, and shares from 0 to 1."""
    return {
        "duration": facts["duration"],
        "beats": facts["n_beats"],
        **{called: facts["verdicts"][verdict] for verdict, called in VERDICTS.items()},
        "burden": facts["burden"],
        "unreadable": 1 - facts["readable"],
    }


def _describe(analysis: Analysis) -> dict[str, Any]:
    record, first = analysis.record, analysis.first
    recall, false_alarms = _judge(analysis)
    figures = summarise(analysis)
    return {
        "reading": record.reading.as_records(),
        "lead": record.lead,
        "duration": record.duration,
        "n_beats": len(record),
        "n_strange": int(analysis.is_strange.sum()),
        "readable": figures.readable,
        "heart_rate": figures.heart_rate[0] if figures.heart_rate[0] > 0 else None,
        "verdicts": figures.counts,
        "burden": figures.burden,
        "kinds": [
            {
                "kind": kind.name,
                "n_beats": len(kind.beats),
                "burden": kind.burden,
                "couplets": float((kind.in_a_row == 2).mean()),
                "runs": float((kind.in_a_row >= 3).mean()),
                "bigeminy": float(kind.bigeminy.mean()),
            }
            for kind in analysis.kinds
        ],
        "n_set_aside": len(record.set_aside),
        "set_aside": count_reasons(record),
        "train_minutes": None if first is None else first.minutes,
        "online_minutes": analysis.online_minutes,
        "n_training": 0 if first is None else int(first.is_training.sum()),
        "n_learnt": int(analysis.is_learnt.sum()),
        "threshold": analysis.threshold,
        "recall": describe(recall),
        "false_alarms": describe(false_alarms),
        "strangest": list_rows(analysis.strange_beats.head(N_STRANGEST).reset_index()),
    }


def _judge(analysis: Analysis) -> tuple[Share | None, Share | None]:
    """Compare the beats after the first minutes with their annotations, where there are any."""
    if analysis.record.symbols is None:
        return None, None
    rest = slice(None) if analysis.first is None else ~analysis.first.is_training
    is_anomaly = analysis.record.is_anomaly[rest]
    found, flagged = np.bincount(is_anomaly, analysis.is_strange[rest], minlength=2)[::-1]
    n_anomalies = int(is_anomaly.sum())
    return share(int(found), n_anomalies), share(int(flagged), len(is_anomaly) - n_anomalies)


def _lines(facts: dict[str, Any], analysis: Analysis) -> list[str]:
    """Write the summary for people."""
    strangest = analysis.strange_beats.head(N_STRANGEST).reset_index()
    return [
        f"{facts['file']}: {facts['n_beats']} beats in {facts['duration'] / 60:.1f} minutes, lead "
        f"{facts['lead']}",
        *show_reading(analysis.record.reading),
        *(f"set aside: {count}, {reason}" for reason, count in facts["set_aside"].items()),
        _say_what_was_learnt(facts),
        f"strange: {facts['n_strange']} ({facts['n_strange'] / facts['n_beats']:.1%})",
        *(
            f"  {kind['kind']}: {kind['n_beats']} ({kind['burden']:.1%}); in couplets "
            f"{kind['couplets']:.0%}, runs {kind['runs']:.0%}, bigeminy {kind['bigeminy']:.0%}"
            for kind in facts["kinds"]
        ),
        *_by_annotations(analysis),
        *show_beats(strangest),
        *(f"{name.replace('_', ' ')}: {path}" for name, path in facts["files"].items()),
        f"done in {facts['seconds']:.1f} s; this is not a medical device",
    ]


def _say_what_was_learnt(facts: dict[str, Any]) -> str:
    if facts["train_minutes"] is None:
        online = facts["online_minutes"]
        when = "" if online is None else f"; judged online, {online:g} min at a time"
        return f"learnt from {facts['n_learnt']} of {facts['n_beats']} beats, in all leads{when}"
    return (
        f"learnt from {facts['n_learnt']} of the {facts['n_training']} beats in the first "
        f"{facts['train_minutes']:g} minutes"
    )


def _by_annotations(analysis: Analysis) -> list[str]:
    first = analysis.first
    if analysis.record.symbols is None or (first is not None and first.is_training.all()):
        return []
    recall, false_alarms = _judge(analysis)
    return [
        "by the annotations" + (":" if first is None else ", after these minutes:"),
        *show_found(recall, false_alarms),
    ]
