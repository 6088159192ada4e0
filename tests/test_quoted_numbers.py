"""Every number that a notebook's text quotes stands in an output above it.

A number typed by hand drifts from the output that it quotes, so all of the text is read: prose,
tables, quiz, summary, and the words that stand for a figure. What is left out: code and formulas in
it, the addresses of links, the reading time, and "To read on" with its years and volumes.

The rules, in one place:

- Numbers of two digits or more are checked, and shorter ones with a decimal point or a % sign.
  Single digits, and numbers in words, are left to the reader.
- A number is backed by an output of its own section, above it, that rounds to it; by the same
  number in code above it, or in the code that it introduces. Exercises, quiz and summary look back
  on the whole notebook, so any output will do there.
- ``98.4 %`` and 0.984 are the same number, and so are 100,000 and 100_000.
- After "about" and its like a number counts to the digits before its trailing zeros: "about 30" is
  backed by 28.6, "30" is not.
- A phrase whose number is known from elsewhere stands in `FACTS`, with the reason.

One of the tests plants wrong numbers in the real notebooks, and counts how many are found.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

PATHS = sorted((Path(__file__).parents[1] / "notebooks").glob("[0-9]*.ipynb"))
NAMES = [path.stem for path in PATHS]

# Phrases whose numbers no output needs to back, and why. The whole phrase is taken out of the text,
# so that the same number elsewhere in the notebook is still checked.
EVERYWHERE = {
    r"\d+-\d+-\d+\b": "the name of a network: its layers",
    r"\[\d+(?:, \d+){3}\]": "the name of a network, too",
    r"\b140 (?:numbers|samples|steps)\b": "the length of a beat, printed in notebook 1",
    r"\b95 % (?:band|intervals?)\b": "the default of every interval in ecglab.evaluation",
    r"\b95 % quantile of (?:the )?normal": "the default threshold of AutoencoderDetector",
}
FACTS = {
    "01_explore_heartbeats": {
        "near sample 100": "read off the figure of the mean beats",
        r"0\.8 seconds at 75 beats a minute": "60 divided by 75",
        r"0\.5 is guessing": "what ROC-AUC is",
        "of 260 without heart disease, aged 40 to 79": "Bjerregaard 1982",
        r"more than 200 ventricular ectopic beats in a day \(Bjerregaard, 1982\)": "the same",
        "about 100,000 beats, so 200 are": "70 beats a minute for 1440 minutes",
        "of 6,529 who got a long-term ECG": "Torrado et al. 2024",
        r"\(Torrado and others, 2024\)": "the same",
    },
    "02_train_dense_autoencoder": {
        r"0\.991 \[0\.988, 0\.994\] and 0\.993 \[0\.990, 0\.995\]": "made up for the quiz",
        "with up to 100 epochs each": "what benchmarks/contenders.py says",
    },
    "03_train_lstm_autoencoder": {
        "142 of 145 normal and 142 of 145 abnormal": "somebody else's figures",
        "the second figure was 143 or 144": "seeds 0 to 2 of AutoencoderDetector, run once",
        "trained for 150 epochs": "somebody else's recipe",
    },
    "04_weight_reconstruction_error": {
        r"97\.2 % \| 95\.6 % \| 99\.8 % \| 97\.7 %": "somebody else's figures",
        "(?:a thin one|and) near sample 100": "read off the figures of residuals and weights",
        "Near sample 100": "the same",
        "In our test part it is 74 %": "1665 of 2249 beats, from the split's table",
    },
    "06_choose_threshold": {
        r"recall exceeds 0\.95 from": "read off the ROC curve",
        r"above 0\.95 up to a recall of about 0\.98": "read off the precision-recall curve",
        "Of 260 of them, one in twenty had more than 200 ventricular": "Bjerregaard 1982",
        "as many had more than 200 atrial ones": "the same",
        r"Of 6,529 with a recorder, 9 % had over 5 %": "Torrado et al. 2024",
        "You have 300 normal beats": "made up for the quiz",
        r"with a probability of 99 %": "made up for the quiz",
    },
    "07_compare_detectors": {
        r"lie between 0\.98 and 0\.998 on both splits": "read off the leaderboard's figure",
    },
    "08_sweep_parameters": {
        r"is 0, 0\.5 and 1": "what a grid's `linear: [0, 1, 3]` means",
        r"comes out at 0\.98 on the leaderboard": "benchmarks/results/leaderboard.csv",
        "after 80 of 90 runs": "made up for the quiz",
    },
    "09_analyse_your_own_recording": {
        "Every beat after minute 20": "made up for the quiz",
    },
    "10_judge_it_on_many_patients": {
        "# 10 · Judge": "the title",
        "48 records of 47 people": "what the database says of itself",
        r"\(43 MB\)": "22 files of 1.95 MB",
        "100, 106, 119 and 208": "names of records",
        "(?:Record|only record) 100": "the same",
        "201 and 202": "the same",
        r"for 118 and 215|\(118 and 215\)|all but 108|fails 108|worst \(108\)": "the same",
    },
}

NUMBER = re.compile(
    r"(?<![\w.])(?P<whole>\d{1,3}(?:[,_]\d{3})+|\d+)(?P<decimals>\.\d+)?(?P<power>e-?\d+)?"
    r"(?P<percent>\s?%)?(?!\w|\.\d)"
)
HEDGE = re.compile(r"\b(?:about|around|nearly|almost|over|under|(?:more|less|fewer) than)\s$")
NOT_TEXT = re.compile(
    r"```.*?```|\$\$.*?\$\$|^ {4}.*?$|`[^`]*`|\]\([^)]*\)|\$[^$\n]*\$|^\*\*Time\*\*.*?$",
    re.MULTILINE | re.DOTALL,
)
LOOKS_BACK = ("## Exercises", "## Quiz", "## Summary")


@dataclass(frozen=True)
class Number:
    """A number as it was written: its value, and what one in its last digit is worth."""

    text: str
    value: float
    unit: float
    is_checked: bool

    @classmethod
    def of(cls, match: re.Match[str], before: str = "") -> "Number":
        whole = re.sub("[,_]", "", match["whole"])
        decimals, scale = match["decimals"] or "", 0.01 if match["percent"] else 1.0
        value = float(whole + decimals + (match["power"] or "")) * scale
        unit = scale * 10.0 ** -max(len(decimals) - 1, 0)
        if HEDGE.search(before) and not decimals:
            unit *= 10.0 ** (len(whole) - len(whole.rstrip("0")))
        is_checked = len(whole) > 1 or bool(decimals or match["percent"])
        return cls(match[0], value, unit, is_checked)

    def rounds(self, other: float) -> bool:
        return abs(self.value - other) <= self.unit / 2 + 1e-9


@dataclass
class Seen:
    """What has been shown so far: in this section, in the whole notebook, and in its code."""

    section: list[float] = field(default_factory=list)
    outputs: list[float] = field(default_factory=list)
    code: list[float] = field(default_factory=list)
    looks_back: bool = False

    def run(self, cell) -> None:
        shown = values(output_text(cell))
        self.section += shown
        self.outputs += shown
        self.code += values(cell.source)

    def turn(self, part: str) -> None:
        """Begin a new section, if the text begins with a heading."""
        if part.startswith("## "):
            self.section = []
            self.looks_back = part.startswith(LOOKS_BACK)

    def backs(self, number: Number, ahead: list[float]) -> bool:
        outputs = self.outputs if self.looks_back else self.section
        in_code = any(abs(number.value - value) < 1e-9 for value in self.code + ahead)
        return in_code or any(number.rounds(value) for value in outputs)


def values(text: str) -> list[float]:
    return [Number.of(match).value for match in NUMBER.finditer(text)]


def output_text(cell) -> str:
    shown = []
    for output in cell.outputs:
        data = output.get("data", {})
        shown.append(output.get("text") or data.get("text/plain") or data.get("text/html", ""))
    return "\n".join(shown)


def code_ahead(cells) -> list[float]:
    """Return the numbers in the code that a text introduces: the cells up to the next text."""
    ahead: list[float] = []
    for cell in cells:
        if cell.cell_type != "code":
            break
        ahead += values(cell.source)
    return ahead


def words(text: str, facts: dict[str, str]) -> str:
    """Return a text without code, formulas, addresses, sources and known phrases."""
    text = " ".join(NOT_TEXT.sub("", text.split("## To read on")[0]).split())
    for phrase in (*facts, *EVERYWHERE):
        text = re.sub(phrase, "", text)
    return text


def quoted(notebook, facts: dict[str, str]) -> Iterator[tuple[Number, Seen, list[float], str]]:
    """Yield each number of the text, what was seen before it, the code ahead, and its sentence."""
    seen = Seen()
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            seen.run(cell)
            parts = [cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")]
            ahead = []
        else:
            parts = re.split(r"^(?=## )", cell.source, flags=re.MULTILINE)
            ahead = code_ahead(notebook.cells[position + 1 :])
        for part in parts:
            seen.turn(part)
            text = words(part, facts)
            for match in NUMBER.finditer(text):
                around = text[max(0, match.start() - 50) : match.end() + 30]
                number = Number.of(match, text[: match.start()])
                if number.is_checked:
                    yield number, seen, ahead, around


def unbacked(notebook, facts: dict[str, str] | None = None) -> list[str]:
    """Return the places where a number is quoted that nothing above shows."""
    return [
        f"{number.text!r} in: ...{around}..."
        for number, seen, ahead, around in quoted(notebook, facts or {})
        if not seen.backs(number, ahead)
    ]


@pytest.fixture(params=PATHS, ids=NAMES)
def path(request):
    return request.param


def test_every_quoted_number_stands_in_an_output_above_it(path):
    wrong = unbacked(nbformat.read(path, as_version=4), FACTS.get(path.stem))
    assert not wrong, "\n".join(["no output above shows these:", *wrong])


def test_every_known_phrase_is_still_in_the_text(path):
    notebook = nbformat.read(path, as_version=4)
    alts = [
        cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "") for cell in notebook.cells
    ]
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    text = " ".join(words("\n".join(prose + alts).replace("## To read on", ""), {}).split())
    for phrase in FACTS.get(path.stem, {}):
        assert re.search(phrase, text), f"not in the text any more: {phrase}"


def test_of_wrong_numbers_planted_in_the_notebooks_most_are_found():
    """Move the last digit of each quoted number by one or two; chance may back some of them."""
    found = []
    for path in PATHS:
        notebook = nbformat.read(path, as_version=4)
        for number, seen, ahead, _ in quoted(notebook, FACTS.get(path.stem, {})):
            for step in (-2, -1, 1, 2):
                planted = replace(number, value=number.value + step * number.unit)
                found.append(not seen.backs(planted, ahead))
    assert len(found) > 100
    assert sum(found) > 0.8 * len(found), f"only {sum(found)} of {len(found)} found"


def test_a_wrong_number_in_any_text_of_a_notebook_is_reported(path):
    notebook = nbformat.read(path, as_version=4)
    texts = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    for number, cell in enumerate(texts):
        cell.source = f"Of these, 43.21{number:03} % are found.\n\n{cell.source}"
    assert len(unbacked(notebook, FACTS.get(path.stem))) == len(texts)


def page(*cells):
    """Build a notebook: text from str, a code cell with its output from a pair."""
    return new_notebook(
        cells=[
            new_markdown_cell(cell)
            if isinstance(cell, str)
            else new_code_cell(cell[0], outputs=[new_output("stream", text=cell[1])])
            for cell in cells
        ]
    )


SHOWN = ("print(figures(quantile=0.95, n=100_000))", "recall 0.984, 1,234 beats, 28.6 %, -0.125")


@pytest.mark.parametrize(
    "text",
    [
        "Recall is 0.984.",
        "Recall is 0.98, so 98.4 % or about 98 %.",
        "It flags 28.6 % of them, 29 % when rounded, about 30 %, or 0.286.",
        "All 1234 beats, or 1,234, nearly 1200 of 100,000.",
        "The 95 % quantile.",
        "The difference is -0.125.",
        "It has 3 of them, `0.77`, $0.77$, [doi](https://doi.org/10.77/77).\n\n    score = 0.77",
        "**Time**: about 45 minutes.",
        "## To read on\n\n- A. Author, *Journal* 77 (1977).",
    ],
)
def test_a_number_that_an_output_above_shows_is_accepted(text):
    assert unbacked(page(SHOWN, text)) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Recall is 0.985.", ["0.985"]),
        ("Recall is 98.5 %.", ["98.5 %"]),
        ("Recall is 97 %, or 0.97.", ["97 %", "0.97"]),
        ("30 % of them.", ["30 %"]),
        ("About 1235 beats; exactly 1200.", ["1235", "1200"]),
        ("## Quiz\n\nThere are 77 beats.", ["77"]),
        ("## Summary\n\n- It finds 5 % of them.", ["5 %"]),
        ("| a | b |\n|---|---|\n| 0.5 | 0.984 |", ["0.5"]),
    ],
)
def test_a_number_that_no_output_shows_is_reported(text, wrong):
    places = unbacked(page(SHOWN, text))
    assert [place.split("'")[1] for place in places] == wrong


def test_an_output_below_the_text_does_not_back_it_but_the_code_that_it_introduces_does():
    assert unbacked(page("Recall will be 0.984.", SHOWN)) != []
    assert unbacked(page("We ask for the 95 % quantile of 100,000.", SHOWN)) == []
    assert unbacked(page("We ask for the 95 % quantile.", "Now:", SHOWN)) != []


def test_an_output_of_another_section_backs_only_what_looks_back():
    assert unbacked(page(SHOWN, "## Another matter\n\nRecall was 0.984.")) != []
    assert unbacked(page(SHOWN, "## Another matter", "## Summary\n\n- Recall was 0.984.")) == []


def test_a_text_for_those_who_cannot_see_a_figure_is_read_too():
    notebook = page(SHOWN)
    notebook.cells[0].metadata["mystnb"] = {"image": {"alt": "The curve reaches 0.984."}}
    assert unbacked(notebook) == []
    notebook.cells[0].metadata["mystnb"] = {"image": {"alt": "The curve reaches 0.977."}}
    assert len(unbacked(notebook)) == 1


def test_a_known_phrase_excuses_itself_and_nothing_else():
    notebook = page(SHOWN, "Others report 0.77 of all. We find 0.77.")
    assert len(unbacked(notebook, {r"report 0\.77": "theirs"})) == 1
