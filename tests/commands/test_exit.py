"""How commands end: exit codes, notes, and advice in words of the command line."""

import argparse
import ast
import json
import logging
import pickle
import re
import shlex
import warnings
from pathlib import Path

import edfio
import pytest
from records import simulate

from ecglab import datasets
from ecglab.commands._exit import OPTIONS, Outcome, UsageError, concluded
from ecglab.commands._show import describe, share, show
from ecglab.errors import DatasetError, FewBeatsWarning, Message, OutputError
from ecglab.evaluation import roc_auc_interval

OUTCOME = Outcome({"n": 3}, ["three", "lines", "or fewer"])


def conclude(work, *, as_json):
    """Run some work as a command would."""
    return concluded(lambda arguments: work())(argparse.Namespace(json=as_json))


def raising(error):
    def work():
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DatasetError("beats.csv, line 3: wrong"), 1),
        (OutputError("no room"), 1),
        (FloatingPointError("training diverged"), 1),
        (UsageError("makes no sense"), 2),
        (ImportError("Parquet files need pyarrow"), 2),
    ],
)
def test_errors_become_messages_and_exit_codes(capsys, error, code):
    assert conclude(raising(error), as_json=True) == code
    assert capsys.readouterr() == ("", f"ecglab: {error}\n")


def test_an_interrupt_is_no_error(capsys):
    assert conclude(raising(KeyboardInterrupt()), as_json=False) == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_fault_of_our_own_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        conclude(lambda: 1 // 0, as_json=False)


def test_people_and_programs_are_told_the_same(capsys):
    assert conclude(lambda: OUTCOME, as_json=False) == 0
    assert capsys.readouterr().out == "three\nlines\nor fewer\n"
    assert conclude(lambda: OUTCOME, as_json=True) == 0
    assert json.loads(capsys.readouterr().out) == {"n": 3, "notes": []}


def test_what_the_library_warns_of_is_noted_once(capsys):
    def work():
        for _ in range(2):
            logging.getLogger("ecglab.any").warning("%d rows set aside", 3)
            logging.getLogger("ecglab.any").warning(Message("1 is it.", "Pass {}.", "member"))
            warnings.warn("few beats", FewBeatsWarning, stacklevel=1)
        logging.getLogger("ecglab.any").info("not worth a note")
        return OUTCOME

    assert conclude(work, as_json=True) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["notes"] == ["3 rows set aside", "1 is it. Pass --member.", "few beats"]
    assert err.splitlines()[::2] == ["ecglab: note: 3 rows set aside", "ecglab: note: few beats"]
    assert not logging.getLogger("ecglab").handlers


@pytest.mark.parametrize(
    ("advice", "in_python", "in_options"),
    [
        (
            ("Pass {} with its name, or {}.", "label_column", ("label_column", None)),
            "Pass label_column with its name, or label_column=None.",
            "Pass --label-column with its name, or --unlabelled.",
        ),
        (
            ("Leave them out with {}.", ("ignore_columns", [0, 3])),
            "Leave them out with ignore_columns=[0, 3].",
            "Leave them out with --ignore-column 0 --ignore-column 3.",
        ),
        (("Use {}.", ("on_bad", "drop")), "Use on_bad='drop'.", "Use --drop-bad-rows."),
        ((), "", ""),
    ],
)
def test_advice_is_given_in_words_of_python_and_in_options(capsys, advice, in_python, in_options):
    error = DatasetError("{a.csv}: its label_column is odd.", *advice)
    assert str(error) == f"{{a.csv}}: its label_column is odd. {in_python}".strip()
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    conclude(raising(error), as_json=False)
    said = f"ecglab: {{a.csv}}: its label_column is odd. {in_options}".strip()
    assert capsys.readouterr().err == f"{said}\n"


def advised():
    """Find the arguments on which messages advise, in the code of the readers."""
    for path in Path(datasets.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            words = (
                [*getattr(node, "args", []), *getattr(node, "elts", [])]
                if isinstance(node, (ast.Call, ast.Tuple))
                else []
            )
            gaps = [isinstance(it, ast.Constant) and "{}" in str(it.value) for it in words]
            if any(gaps):
                yield from words[gaps.index(True) + 1 :]


def test_every_argument_that_is_advised_has_an_option_and_every_option_exists(run):
    """What a message tells a person to pass is an option of the commands that read files."""
    found = {ast.unparse(argument) for argument in advised()}
    assert found - {"('ignore_columns', sorted(odd))"} <= set(map(repr, OPTIONS))
    assert {"'label_column'", "('label_column', None)"} <= found
    known = set()
    for name in ("train", "score", "analyse"):
        known |= set(re.findall(r"--[a-z-]+", run(name, "--help").out))
    assert {option.split()[0] for option in OPTIONS.values()} <= known


def test_shares_have_wilsons_interval():
    assert show(share(2, 2)) == "1.000 [0.342, 1.000]"
    assert show(share(0, 0)) == "none to count"


def test_programs_get_the_counts_too():
    facts = describe(share(2, 2))
    assert {name: round(value, 2) for name, value in facts.items()} == {
        "count": 2,
        "of": 2,
        "value": 1,
        "low": 0.34,
        "high": 1,
    }
    assert describe(roc_auc_interval([False, False, True, True], [1, 2, 3, 4])).keys() == {
        "value",
        "low",
        "high",
    }
    assert describe(share(0, 0)) is None


# The examples in the help


def examples(text):
    """Return the example lines of a command's help, each as a list of words."""
    block = text.partition("examples:\n")[2].partition("\n\n")[0].replace("\\\n", " ")
    return [shlex.split(line)[1:] for line in block.splitlines()]


@pytest.mark.slow
def test_the_examples_in_the_help_are_true(run, csv, write_record, tmp_path, monkeypatch):
    """In the order in which a reader would try them, on files of the names that they use."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "beats.csv").write_bytes(csv.read_bytes())
    (tmp_path / "folder").mkdir()
    write_record(tmp_path / "folder", "106", minutes=6)
    raw = simulate(11, {"V": 0.1}, 250.0)
    edfio.Edf([edfio.EdfSignal(raw.values, raw.rate, label="II")]).write("holter.edf")
    short = {"train": ["--max-epochs", "2"]}
    for name in ("train", "score", "analyse"):
        lines = examples(run(name, "--help").out)
        assert lines
        for words in lines:
            said = run(*words, *short.get(name, []), "--quiet")
            assert said.code == 0, said.err
            assert (tmp_path / words[words.index("--out") + 1]).exists()
