"""Tables of the book that are computed when it is built, so that none of them is typed.

Each is a directive without arguments, named in `TABLES`. A table is written as Markdown first,
which the tests read, and then put on the page.
"""

import json
import re
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

import pandas as pd
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from ecglab.evaluation import format_seeds

LABEL_FREE = "95 % quantile (label-free)"
OURS = "ours"
NOT_YET = "*Not measured yet: `make bench-long` does.*"
GROWTH_FIGURE = (
    "```{image} images/speed_growth.svg\n"
    ":alt: Two rows of panels on logarithmic axes, time above and memory below, over the number of "
    "beats, the samples in a beat and the hours of a recording. Lines that rise by one decade a "
    "decade grow in proportion.\n:align: center\n```\n"
)
REACHED = {"yes": "reached", "no": "missed"}
WEIGHTED = "[140, 96, 48, 24]: learned weights (label-tuned)"
TEST_SHARE = 1665 / 2249  # anomalies in the test part of the pooled split
PUBLISHED_SHARE = 0.58  # positives that the published figures fit together with
MINUTES = re.compile(r"\*\*Time\*\*: about (\d+) minutes")
COMPUTING = re.compile(r"the computing takes ([\w ]+) of them")
COMPUTING_MINUTES = {None: "under 1", "less than one": "under 1", "about one": "about 1"}
EXERCISE = re.compile(r"\*\*Exercise \d+\.\*\*")
README_ROW = re.compile(r"\]\(notebooks/(\w+)\.ipynb\) \| ([^|]+) \|")


def markdown(header: list[str], rows: list[list[str]]) -> str:
    """Write a table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def leaderboard(root: Path) -> str:
    """Write every detector with its mean and sd over the seeds, best on the pooled split first."""
    runs = pd.read_csv(root / "benchmarks" / "results" / "leaderboard.csv")
    runs = runs[runs["threshold"] == LABEL_FREE]
    families = runs.groupby("detector")["family"].first()
    pooled = runs[runs["split"] == "pooled"].groupby("detector")["ROC-AUC"].mean()
    cells = format_seeds(runs, ["ROC-AUC", "accuracy"])
    shown = [("pooled", "ROC-AUC"), ("official", "ROC-AUC"), ("pooled", "accuracy")]
    rows = [
        [
            str(name),
            *(_unbroken(str(cells.loc[(split, name), metric])) for split, metric in shown),
            str(families[name]),
        ]
        for name in pooled.sort_values(ascending=False, kind="stable").index
    ]
    return markdown(["detector", *(f"{metric}, {split}" for split, metric in shown), "kind"], rows)


def _unbroken(figure: str) -> str:
    """Keep a figure and its spread on one line."""
    return figure.replace(" ", "\N{NO-BREAK SPACE}")


def out_detect_search(root: Path) -> str:
    """Write how well each recipe orders validation beats, best on the pooled split first."""
    runs = pd.read_csv(root / "benchmarks" / "results" / "out_detect_search.csv")
    means = runs.pivot_table(
        index=["network", "scoring"], columns=["part", "split"], values="ROC-AUC", sort=False
    )
    shown = [(part, split) for part in ("search", "confirm") for split in ("pooled", "official")]
    shown = [column for column in shown if column in means]
    means = means.sort_values(("search", "pooled"), ascending=False, kind="stable")
    values = means[shown].to_numpy()
    rows = [
        [*names, *("" if pd.isna(value) else f"{value:.4f}" for value in row)]
        for names, row in zip(means.index.tolist(), values, strict=True)
    ]
    return markdown(["network", "scoring", *(f"{a}, {b}" for a, b in shown)], rows)


def out_detect(root: Path) -> str:
    """Write what the frozen recipe reaches on test beats, with the disputed ones and without."""
    runs = pd.read_csv(root / "benchmarks" / "results" / "out_detect.csv")
    runs = runs[runs["threshold"] == LABEL_FREE]
    rows = []
    for detector in runs["detector"].unique():
        cells = []
        for split, metric in (
            ("pooled", "ROC-AUC"),
            ("official", "ROC-AUC"),
            ("pooled", "accuracy"),
        ):
            of_split = runs[(runs["detector"] == detector) & (runs["split"] == split)]
            for kind in ("all", "undisputed"):
                values = of_split.loc[of_split["beats"] == kind, metric]
                cells.append(_unbroken(f"{values.mean():.4f} ± {values.std():.4f}"))
        rows.append([str(detector), *cells])
    names = ("ROC-AUC, pooled", "ROC-AUC, official", "accuracy, pooled")
    return markdown(["detector", *(f"{n}{a}" for n in names for a in ("", ", undisputed"))], rows)


def out_detect_tests(root: Path) -> str:
    """Write the paired tests of the frozen recipe against the detectors nearest to it."""
    tests = pd.read_csv(root / "benchmarks" / "results" / "out_detect_tests.csv")
    near = tests[(tests["metric"] == "ROC-AUC") & (tests["split"] == "pooled")]
    rows = [
        [
            str(row["detector"]),
            f"{-row['difference']:+.4f}",
            f"{-row['high']:+.4f} to {-row['low']:+.4f}",
            f"{row['p_value']:.3f}",
            f"{row['p_holm']:.3f}",
        ]
        for row in near.sort_values("value", ascending=False).head(12).to_dict("records")
    ]
    return markdown(["against", "ahead by", "95 % interval", "p", "p, Holm"], rows)


def out_detect_robustness(root: Path) -> str:
    """Write the mean ROC-AUC of each detector under each condition."""
    runs = pd.read_csv(root / "benchmarks" / "results" / "out_detect_robustness.csv")
    means = runs.pivot_table(index="condition", columns="detector", values="ROC-AUC", sort=False)
    rows = [[str(name), *(f"{value:.3f}" for value in row)] for name, row in means.iterrows()]
    return markdown(["condition", *map(str, means.columns)], rows)


def out_detect_recordings(root: Path) -> str:
    """Write how well each detector orders the beats of recordings, by shape alone."""
    table = pd.read_csv(root / "benchmarks" / "results" / "out_detect_recordings_summary.csv")
    mean, ahead = "mean", "ahead of the median beat"
    rows = [
        [
            str(row["detector"]),
            _bounded(row, mean, ".3f"),
            _bounded(row, ahead, "+.3f") if row[ahead] else "",
        ]
        for row in table.to_dict("records")
    ]
    return markdown(["detector", "ROC-AUC of V and F", ahead], rows)


def _bounded(row: dict[Hashable, Any], name: str, form: str) -> str:
    """Write a figure and its interval."""
    value, low, high = (f"{row[name + end]:{form}}" for end in ("", ": low", ": high"))
    return f"{value} ({low} to {high})"


def lstm_speed(root: Path) -> str:
    """Write what batches and patches save the LSTM autoencoder."""
    speed = pd.read_csv(root / "benchmarks" / "results" / "lstm_speed.csv")
    rows = [
        [
            str(row["what"]),
            f"{row['ours_seconds']:.1f}",
            f"{row['one_at_a_time_seconds']:.0f}",
            f"{row['ratio']:.0f}",
        ]
        for row in speed.to_dict("records")
    ]
    return markdown(["what", "ours, s", "one at a time, s", "ratio"], rows)


def speed(root: Path, name: str = "speed") -> str:
    """Write our time beside the usual way's, and the ratio of a second run where there is one."""
    results = root / "benchmarks" / "results"
    table = pd.read_csv(results / f"{name}.csv")
    again: dict[tuple[str, str], str] = {}
    if (results / f"{name}_again.csv").exists():
        second = pd.read_csv(results / f"{name}_again.csv")
        again = {
            (row["what"], row["against"]): _significant(row["ratio again"])
            + ("" if row["agree"] else " (beyond the spread)")
            for row in second.to_dict("records")
        }
    rows = [
        [
            f"{row['what']}: {row['ours']}",
            f"{row['against']}: {row['usual']}",
            _seconds(row["ours, s"]),
            _seconds(row["usual, s"]),
            _unbroken(f"{_significant(row['ratio'])} {_spread(row, 'ratio')}"),
            again.get((row["what"], row["against"]), ""),
            "" if pd.isna(row["goal"]) else f"{row['goal']:g}, {REACHED[row['reached']]}",
            " / ".join(filter(None, (_known(row["ROC-AUC"]), _known(row["usual ROC-AUC"])))),
        ]
        for row in table.to_dict("records")
    ]
    header = ["ours", "the usual way", "ours takes", "it takes", "ratio", "again"]
    return markdown([*header, "goal", "ROC-AUC, ours / usual"], rows)


def speed_long(root: Path) -> str:
    """Write the same of what takes too long for every run."""
    return speed(root, "speed_long") if _is_measured(root, "speed_long") else NOT_YET


def speed_missed(root: Path) -> str:
    """Write which goals are missed, and why."""
    table = pd.read_csv(root / "benchmarks" / "results" / "speed.csv")
    rows = [
        [f"{row['what']}, against {row['against']}", str(row["why"]), _profile(row)]
        for row in table[table["reached"] == "no"].to_dict("records")
    ]
    return markdown(["missed", "why", "functions with most of the time"], rows)


def speed_limits(root: Path) -> str:
    """Write how near each row comes to what the processor and the memory could do."""
    table = pd.read_csv(root / "benchmarks" / "results" / "speed.csv")
    table = table.dropna(subset="bytes").drop_duplicates("what")
    rows = [
        [
            str(row["what"]),
            _significant(row["multiply-adds"] / 1e9),
            _significant(row["bytes"] / 1e6),
            _seconds(row["arithmetic, s"]),
            _seconds(row["traffic, s"]),
            _seconds(row["ours, s"]),
            f"{100 * row['share of the limit']:.2g} %",
        ]
        for row in table.to_dict("records")
    ]
    header = ["row", "multiply-adds, 10⁹", "MB", "arithmetic alone", "memory alone", "ours takes"]
    return markdown([*header, "share of the limit"], rows)


def speed_busy(root: Path) -> str:
    """Write what each way takes beside one competing process a processor."""
    if not _is_measured(root, "speed_busy"):
        return NOT_YET
    table = pd.read_csv(root / "benchmarks" / "results" / "speed_busy.csv")
    rows = [
        [
            str(row["what"]),
            str(row["way"]),
            _seconds(row["alone, s"]),
            _seconds(row["busy, s"]),
            _significant(row["times as long"]),
        ]
        for row in table.to_dict("records")
    ]
    return markdown(["row", "way", "alone", "busy", "times as long"], rows)


def speed_growth(root: Path) -> str:
    """Draw time and memory; write their exponents, and what the largest size took."""
    if not _is_measured(root, "speed_exponents"):
        return NOT_YET
    table = pd.read_csv(root / "benchmarks" / "results" / "speed_exponents.csv")
    rows = [
        [
            str(row["series"]),
            f"{row['grows']}, {row['from']:,g} to {row['to']:,g}",
            f"{row['time']:.2f}"
            + ("" if pd.isna(row["standard error"]) else f" ± {row['standard error']:.2f}"),
            _two_digits(row["time, last step"]),
            _two_digits(row["memory, last step"]),
            _seconds(row["seconds"]),
            "" if pd.isna(row["memory, MiB"]) else f"{row['memory, MiB']:,.0f}",
            "" if pd.isna(row["note"]) else str(row["note"]),
        ]
        for row in table.to_dict("records")
    ]
    header = ["what", "grows", "time", "time, at the end", "memory, at the end"]
    return f"{GROWTH_FIGURE}\n{markdown([*header, 'the largest', 'MiB', 'note'], rows)}"


def speed_machine(root: Path) -> str:
    """Write on what kind of machine the first run was made, and with what."""
    card = json.loads((root / "benchmarks" / "results" / "speed.json").read_text(encoding="utf-8"))
    rates = card["multiply-adds a second"] / 1e9, card["bytes a second"] / 1e9
    loads = card["load over the last 1, 5 and 15 minutes"]
    facts = {
        "processor": f"{card['processor']}, {card['processors']} of them, {card['system']}",
        "memory": f"{card['memory, GiB']} GiB",
        "threads": str(card["threads"]),
        "repetitions": str(card["repeats"]),
        "load at the end": ", ".join(f"{load:.1f}" for load in loads) + " (1, 5, 15 minutes)",
        "product of matrices, float32": f"{rates[0]:.0f} · 10⁹ multiply-adds a second",
        "memory bandwidth": f"{rates[1]:.0f} GB a second, read and written",
        "versions": ", ".join(f"{name} {number}" for name, number in card["versions"].items()),
        "not installed": ", ".join(card["not installed"]) or "none of those compared with",
    }
    return markdown(["what", "here"], [[name, fact] for name, fact in facts.items()])


def _is_measured(root: Path, name: str) -> bool:
    return (root / "benchmarks" / "results" / f"{name}.csv").exists()


def _profile(row: dict[Hashable, Any]) -> str:
    return "" if pd.isna(row["most time in"]) else str(row["most time in"])


def _spread(row: dict[Hashable, Any], name: str) -> str:
    low, high = (_significant(row[f"{name}, {end}"]) for end in ("low", "high"))
    return f"[{low}, {high}]"


def _significant(value: float) -> str:
    """Write a figure with two significant digits, or all before the point."""
    return f"{value:,.0f}" if value >= 9.95 else f"{value:.2g}"


def _two_digits(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.2f}"


def _seconds(value: float) -> str:
    """Write a time in the unit that suits it."""
    if value >= 1:
        return _unbroken(f"{value:,.0f} s" if value >= 100 else f"{value:.3g} s")
    if value >= 1e-3:
        return _unbroken(f"{1e3 * value:.3g} ms")
    return _unbroken(f"{1e6 * value:.2g} µs")


def restated(root: Path) -> str:
    """Write what our figures would be at the published share, for either positive class."""
    runs = pd.read_csv(root / "benchmarks" / "results" / "leaderboard.csv")
    ours = runs[(runs["detector"] == WEIGHTED) & (runs["split"] == "pooled")]
    rates = ours.groupby("threshold", sort=False)[["accuracy", "recall"]].mean()
    rows = []
    for rule, (accuracy, recall) in rates.iterrows():
        passed = (accuracy - TEST_SHARE * recall) / (1 - TEST_SHARE)
        caught, alarms = PUBLISHED_SHARE * recall, (1 - PUBLISHED_SHARE) * (1 - passed)
        figures = (
            caught + (1 - PUBLISHED_SHARE) * passed,
            caught / (caught + alarms),
            recall,
            2 * caught / (caught + alarms + PUBLISHED_SHARE),
            (1 - PUBLISHED_SHARE) * recall + PUBLISHED_SHARE * passed,
        )
        rows.append([str(rule), *(f"{figure:.3f}" for figure in figures)])
    header = ["threshold", "accuracy", "precision", "recall", "F1"]
    return markdown([*header, "accuracy, if normal beats are positive"], rows)


def recordings(root: Path) -> str:
    """Write how well a patient's own detector does, by record and lead, over the stretches."""
    table = pd.read_csv(root / "benchmarks" / "results" / "record_detection.csv")
    table = table[(table["detector"] == OURS) & (table["record"] != "simulated")]
    rows = [
        [
            str(record),
            str(lead),
            _range(stretches["strange"], digits=0),
            *(_range(stretches[name]) for name in ("ROC-AUC", "false alarms", "recall")),
        ]
        for (record, lead), stretches in table.groupby(["record", "lead"], sort=False)
    ]
    return markdown(["record", "lead", "V and F", "ROC-AUC", "false alarms", "V and F found"], rows)


def mitbih(root: Path, name: str = "mitbih_summary", header: str = "detector") -> str:
    """Write how well recordings are judged by default, for both halves and all detectors."""
    table = pd.read_csv(root / "benchmarks" / "results" / f"{name}.csv")
    figures = list(table.columns.drop(["part", header, "F found"], errors="ignore"))
    rows = [
        [str(row["part"]), str(row[header]), *(_known(row[figure]) for figure in figures)]
        for row in table.to_dict("records")
    ]
    return markdown(["records", header, *figures], rows)


def mitbih_variants(root: Path) -> str:
    """Write the same of recordings that were changed."""
    return mitbih(root, "mitbih_variants", "variant")


def mitbih_seeds(root: Path) -> str:
    """Write the mean and the sd of each figure over the seeds, a row a half."""
    table = pd.read_csv(root / "benchmarks" / "results" / "mitbih_seeds.csv")
    table = table.set_index(["part", "over the seeds"])
    rows = []
    for part in table.index.unique("part"):
        mean, sd = table.loc[(part, "mean")], table.loc[(part, "sd")]
        rows.append([part, *(_unbroken(f"{mean[it]:.3f} ± {sd[it]:.3f}") for it in table.columns)])
    return markdown(["records", *table.columns], rows)


def mitbih_records(root: Path) -> str:
    """Write what was found in each recording, by default."""
    table = pd.read_csv(root / "benchmarks" / "results" / "mitbih.csv")
    areas = ("ROC-AUC of V and F", "ROC-AUC of S")
    rows = [
        [
            str(row["record"]),
            str(row["part"]),
            *(_known(row[name]) for name in areas),
            *(f"{row[f'{kind} flagged']:.0f} of {row[kind]:.0f}" for kind in "VSFN"),
        ]
        for row in table[table["detector"] == OURS].to_dict("records")
    ]
    return markdown(["record", "", *areas, "V found", "S found", "F found", "N flagged"], rows)


def windows_and_beats(root: Path) -> str:
    """Write the ROC-AUC by windows and by beats, mean over the seeds, a column a recording."""
    runs = pd.read_csv(root / "benchmarks" / "results" / "windows_and_beats.csv")
    means = runs.groupby(["detector", "cut", "record"])["ROC-AUC"].mean().unstack()
    rows = [
        [str(detector), str(cut), *map(_known, figures)]
        for (detector, cut), figures in zip(means.index, means.to_numpy(), strict=True)
    ]
    return markdown(["detector", "learns", *map(str, means.columns)], rows)


def rpeaks(root: Path) -> str:
    """Write how many beats detectors of R peaks find, gross, for both halves of DS1."""
    table = pd.read_csv(root / "benchmarks" / "results" / "record_rpeaks.csv")
    table = table[table["half"].isin(["settled", "confirmed"])]
    rows = []
    for (half, detector), part in table.groupby(["half", "detector"], sort=False):
        found = part["beats"].sum() - part["missed"].sum()
        shares = found / part["beats"].sum(), found / (found + part["extra"].sum())
        seconds = f"{part['CPU seconds an hour'].mean():.2f}"
        rows.append([str(half), str(detector), *(f"{100 * x:.2f}" for x in shares), seconds])
    header = ["records", "detector", "found, %", "right, %", "CPU seconds an hour of signal"]
    return markdown(header, rows)


def _known(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.3f}"


def _range(values: "pd.Series[float]", digits: int = 3) -> str:
    low, high = f"{values.min():.{digits}f}", f"{values.max():.{digits}f}"
    return low if low == high else f"{low} to {high}"


def notebooks(root: Path) -> str:
    """Write what a notebook asks of its reader, as it says itself; its topics are the README's."""
    topics = dict(README_ROW.findall((root / "README.md").read_text(encoding="utf-8")))
    # The book's own copies: Jupyter Book reads nothing from outside of its folder.
    folder = root / "book" / "notebooks"
    rows = [_row_of(path, topics) for path in sorted(folder.glob("[0-9]*.ipynb"))]
    if not rows:
        raise ValueError(f"there are no notebooks in {folder}: `make book` copies them there.")
    minutes, exercises, questions = (str(sum(int(row[n]) for row in rows)) for n in (1, 3, 4))
    rows.append(["together", minutes, "", exercises, questions])
    return markdown(["notebook", "minutes", "computing", "exercises", "quiz"], rows)


def _row_of(path: Path, topics: dict[str, str]) -> list[str]:
    texts = _markdown_of(path)
    prose = "\n".join(texts)
    minutes, computing = MINUTES.search(prose), COMPUTING.search(prose)
    if minutes is None:
        raise ValueError(
            f"{path.name} does not say how long it takes. Add a line: **Time**: about N minutes."
        )
    words = computing and computing[1]
    if words not in COMPUTING_MINUTES:
        raise ValueError(
            f"{path.name} says that the computing takes {words} of its minutes. Say what the table "
            "is to show for that in COMPUTING_MINUTES."
        )
    title = texts[0].splitlines()[0].removeprefix("# ")
    return [
        f"[{title}](notebooks/{path.name}): {topics[path.stem]}",
        minutes[1],
        COMPUTING_MINUTES[words],
        str(len(EXERCISE.findall(prose))),
        str(prose.count("<details><summary>")),
    ]


def _markdown_of(path: Path) -> list[str]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]


TABLES: dict[str, Callable[[Path], str]] = {
    "leaderboard": leaderboard,
    "out-detect-search": out_detect_search,
    "out-detect": out_detect,
    "out-detect-tests": out_detect_tests,
    "out-detect-robustness": out_detect_robustness,
    "out-detect-recordings": out_detect_recordings,
    "lstm-speed": lstm_speed,
    "speed": speed,
    "speed-missed": speed_missed,
    "speed-limits": speed_limits,
    "speed-long": speed_long,
    "speed-busy": speed_busy,
    "speed-growth": speed_growth,
    "speed-machine": speed_machine,
    "recordings": recordings,
    "mitbih": mitbih,
    "mitbih-records": mitbih_records,
    "mitbih-seeds": mitbih_seeds,
    "mitbih-variants": mitbih_variants,
    "rpeaks": rpeaks,
    "windows-and-beats": windows_and_beats,
    "restated": restated,
    "notebooks": notebooks,
}


class CourseTable(SphinxDirective):
    """Put one of the tables on the page."""

    def run(self) -> list[nodes.Node]:
        """Compute the table and parse it as a part of the page."""
        root = Path(self.env.app.srcdir).parent
        return self.parse_text_to_nodes(TABLES[self.name](root))


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register a directive for each table."""
    for name in TABLES:
        app.add_directive(name, CourseTable)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
