"""Grid files: what they expand to, and what is refused before anything runs."""

import json
import math

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook

from ecglab.sweep import GridError, expand, load_grid

PARAMETERS = """
rate = 1e-3  # a float
epochs: int = 10
name = "dense"
deep = True
hidden = (64, 32)
extra = {}
low = 0
free: str | None = "unit"
rest = None
"""


@pytest.fixture
def grid(tmp_path, write_notebook):
    """Return the function that writes a grid file and gives its path."""
    write_notebook(tmp_path / "n.ipynb", PARAMETERS, "print(rate)")

    def write(text):
        path = tmp_path / "grid.yaml"
        path.write_text(f"notebook: n.ipynb\n{text}")
        return path

    return write


def axis(values, name="rate"):
    return f"axes:\n  {name}: {values}\n"


def values_of(path, name="rate"):
    return [run[name] for run in expand(path)]


def test_full_product_in_the_order_of_the_axes(grid):
    path = grid("parameters: {name: lstm}\naxes:\n  rate: [0.1, 0.2]\n  epochs: [1, 2]\n")
    assert expand(path) == [
        {"name": "lstm", "rate": 0.1, "epochs": 1},
        {"name": "lstm", "rate": 0.1, "epochs": 2},
        {"name": "lstm", "rate": 0.2, "epochs": 1},
        {"name": "lstm", "rate": 0.2, "epochs": 2},
    ]


def test_grid_without_axes_is_one_run(grid):
    assert expand(grid("parameters: {epochs: 3}")) == [{"epochs": 3}]
    assert expand(grid("")) == [{}]


def test_ranges_hold_both_ends_and_write_round_numbers(grid):
    assert values_of(grid(axis("{log: [1e-4, 1e-1, 4]}"))) == [0.0001, 0.001, 0.01, 0.1]
    assert values_of(grid(axis("{linear: [0, 0.4, 5]}"))) == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert values_of(grid(axis("{log: [4, 64, 5]}", "epochs")), "epochs") == [4, 8, 16, 32, 64]


def test_whole_number_stands_for_a_fraction_and_is_the_same_run(grid):
    assert repr(expand(grid(axis("[1, 2]")))) == repr(expand(grid(axis("[1.0, 2.0]"))))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rate", "1e-5"),
        ("hidden", "[16, 8]"),
        ("extra", "{dropout: 0.1}"),
        ("low", "3"),
        ("free", "null"),
        ("free", "standard"),
        ("rest", "[anything]"),
        ("deep", "false"),
    ],
)
def test_values_that_fit_the_default_are_taken(grid, name, value):
    assert expand(grid(f"parameters: {{{name}: {value}}}"))[0].keys() == {name}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "axis: {}",
            r"grid\.yaml: axis is unknown; known are notebook, depends, parameters, axes, sample",
        ),
        ("axes: [1]", "axes must be a mapping"),
        (axis("[1]", "rates"), r"axes\.rates is not a parameter of n\.ipynb; its parameters are"),
        ("parameters: {rates: 1}", r"parameters\.rates is not a parameter"),
        (axis("[]"), r"axes\.rate is empty"),
        (axis("[0.1, 0.10]"), r"axes\.rate holds the value 0\.1 twice"),
        (axis("[1, 1.0]"), "twice"),
        (axis("0.1"), r"axes\.rate must be a list of values"),
        (axis("{logs: [1, 2, 3]}"), "must be a list of values"),
        (axis("{log: [0, 1, 3]}"), r"axes\.rate\.log must go from a smaller to a larger"),
        (axis("{log: [1, 2, 1]}"), "needs two values or more"),
        (axis("{log: [1, 2]}"), "continuous range: say how many"),
        (axis("{log: [1, 3, 9]}", "epochs"), "twice"),
        (axis("[fast]"), r'axes\.rate: "fast" is a text, but the notebook\'s default 0\.001'),
        (axis("[true]"), "is a truth value"),
        (axis("[.nan]"), "is not a plain value"),
        (axis("[0.5]", "epochs"), "decimal point"),
        (axis("[true]", "epochs"), "is a truth value"),
        (axis("[no, 1]", "name"), "put it in quotes"),
        (axis("[null]", "name"), "default be None"),
        ("parameters: {rate: 1}\n" + axis("[1]"), "stands among the fixed parameters too"),
        (axis("[1]") + axis("[2]"), r"line 4 is not valid YAML: found duplicate key .axes"),
        (axis("[1, 2]") + "sample: {n: 3}", "asks for 3 runs, but there are 2"),
        (axis("[1, 2]") + "sample: {method: random}", r"sample\.n is missing"),
        (axis("[1, 2]") + "sample: {n: 1, method: lhs}", r"sample\.method must be one of"),
        ("sample: {n: 1}", "sample needs axes"),
        ("axes: {rate: [1}", "is not valid YAML"),
        (axis("&x [1, *x]"), "contains itself"),
        (axis("[" * 5000 + "]" * 5000), "nested too deeply"),
        (axis(f"[{'9' * 5000}]", "epochs"), "is not valid YAML"),
        (axis(f"[1{'0' * 400}]"), "too large for a decimal number"),
        (axis(f"{{linear: [0, 1{'0' * 400}]}}"), "must be a list of values"),
        (axis("{linear: [1.2, 1.8]}", "epochs") + "sample: {n: 1}", "holds no whole number"),
        (axis("{linear: [1, 10, 2000000000]}"), "more than 1,000,000 values.*add a sample"),
        (axis("{log: [1, 2]}") + "sample: {n: 20000000}", "10,000,000 are the most"),
        ("parameters: !!python/object/apply:os.getcwd []", "is not valid YAML"),
        ("parameters: {name: 2024-01-31}", "is not a plain value"),
        ("depends: beats.csv", "depends must be a list of paths"),
        ("depends: [beats.csv]", r"depends names beats\.csv, which is not there"),
    ],
)
def test_mistakes_are_refused_with_file_and_key(grid, text, message):
    with pytest.raises(GridError, match=message) as caught:
        expand(grid(text))
    assert "grid.yaml" in str(caught.value)


def test_more_runs_than_memory_holds_are_refused_without_listing_them(grid):
    axes = "".join(f"  {name}: {{linear: [0, 299, 300]}}\n" for name in ("rate", "epochs", "low"))
    with pytest.raises(GridError, match=r"axes makes 27,000,000 runs.*add a smaller sample"):
        load_grid(grid(f"axes:\n{axes}"))
    assert len(expand(grid(f"axes:\n{axes}sample: {{n: 5}}"))) == 5


def test_whole_numbers_of_a_range_lie_between_its_ends(grid):
    text = axis("{linear: [1.4, 3.6]}", "epochs") + "sample: {n: 2}"
    assert sorted(values_of(grid(text), "epochs")) == [2, 3]


@pytest.mark.parametrize("line", ["c += a", "if a:\n    c = 2", "for i in range(a):\n    c = i"])
def test_what_the_parameters_cell_itself_uses_cannot_be_set(tmp_path, write_notebook, line):
    path = str(write_notebook(tmp_path / "n.ipynb", f"a = 1\nc = 0\n{line}"))
    with pytest.raises(GridError, match=r"the parameters cell of n\.ipynb itself uses it"):
        load_grid({"notebook": path, "axes": {"a": [1, 2]}})
    assert len(expand({"notebook": path, "axes": {"c": [1, 2]}})) == 2


def test_default_that_is_no_value_is_of_no_type(tmp_path, write_notebook):
    path = write_notebook(tmp_path / "n.ipynb", "x = 1\ny = {[1]: 2}\ndef f(z):\n    return z")
    assert load_grid({"notebook": str(path)}).notebook.defaults == {"x": 1, "y": None}


def test_path_to_a_notebook_may_start_at_home(tmp_path, write_notebook, monkeypatch):
    write_notebook(tmp_path / "n.ipynb", "x = 1")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_grid({"notebook": "~/n.ipynb"}).notebook.path == tmp_path / "n.ipynb"


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        {"language_info": {"name": "python"}},
    ],
)
def test_kernel_and_language_that_papermill_needs_are_filled_in(tmp_path, metadata):
    from papermill.utils import nb_kernel_name, nb_language

    cell = new_code_cell("x = 1", metadata={"tags": ["parameters"]})
    nbformat.write(new_notebook(cells=[cell], metadata=metadata), tmp_path / "n.ipynb")
    notebook = load_grid({"notebook": str(tmp_path / "n.ipynb")}).notebook
    swept = nbformat.reads(notebook.text, as_version=4)
    assert nb_kernel_name(swept) == notebook.kernel == "python3"
    assert nb_language(swept) == "python"


def test_notebooks_that_cannot_be_swept_are_refused(tmp_path, write_notebook):
    def refuse(message, axes=None):
        with pytest.raises(GridError, match=message):
            load_grid({"notebook": str(tmp_path / "n.ipynb"), "axes": axes})

    refuse("cannot be read")
    (tmp_path / "n.ipynb").write_text("{}")
    refuse("is not a Jupyter notebook")
    path = write_notebook(tmp_path / "n.ipynb", "x = 1")
    path.write_text(path.read_text().replace('"parameters"', '"other"'))
    refuse("has no cells tagged 'parameters'")
    write_notebook(path, "x = ")
    refuse("is not plain Python")
    write_notebook(path, "x = 1\ny = 2 * x")
    refuse("itself uses it", {"x": [2]})
    write_notebook(path, "seconds = 1")
    refuse("name of a column", {"seconds": [2]})
    write_notebook(path, "x = 1")
    path.write_text(path.read_text().replace('"language": "python"', '"language": "julia"'))
    refuse("only Python")
    with pytest.raises(GridError, match=r"grid\.yaml cannot be read"):
        load_grid(tmp_path / "grid.yaml")


def test_outputs_and_prose_do_not_change_the_checksum_and_code_does(tmp_path, write_notebook):
    from nbformat.v4 import new_markdown_cell, new_output

    path = write_notebook(tmp_path / "n.ipynb", "x = 1", "print(x)")
    grid = {"notebook": str(path)}
    before = load_grid(grid).notebook.sha256
    notebook = nbformat.read(path, 4)
    notebook.cells.append(new_markdown_cell("Words"))
    notebook.cells[1].outputs = [new_output("stream", text="1")]
    notebook.cells[1].execution_count = 7
    nbformat.write(notebook, path)
    assert load_grid(grid).notebook.sha256 == before
    assert "Words" in load_grid(grid).notebook.text
    write_notebook(path, "x = 1", "print(x + 1)")
    assert load_grid(grid).notebook.sha256 != before


def test_words_that_older_yaml_takes_for_numbers_and_truth_values_are_text(grid):
    assert values_of(grid(axis("[no, 1:30, on]", "name")), "name") == ["no", "1:30", "on"]


@pytest.mark.parametrize("method", ["random", "sobol"])
def test_sample_is_repeatable_and_another_seed_gives_another_one(grid, method):
    text = "axes:\n  rate: {log: [1e-4, 1e-1]}\n  epochs: [1, 2, 3]\n"
    sample = "sample: {{n: 20, method: {}, seed: {}}}"
    first, again = (expand(grid(text + sample.format(method, 1))) for _ in range(2))
    assert first == again
    assert first != expand(grid(text + sample.format(method, 2)))
    assert len(first) == 20
    assert {run["epochs"] for run in first} == {1, 2, 3}


AXIS = st.one_of(
    st.integers(1, 5).map(lambda n: [float(x) for x in range(n)]),
    st.tuples(st.sampled_from(["log", "linear"]), st.floats(1e-3, 1), st.floats(2, 1e3)).map(
        lambda t: {t[0]: [t[1], t[2]]}
    ),
)


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """Return a notebook with two fractions and a whole number."""
    cell = new_code_cell("a = 0.0\nb = 0.0\nn = 0", metadata={"tags": ["parameters"]})
    path = tmp_path_factory.mktemp("three") / "n.ipynb"
    nbformat.write(new_notebook(cells=[cell]), path)
    return str(path)


@given(
    axes=st.fixed_dictionaries({"a": AXIS}, optional={"b": AXIS}),
    whole=st.tuples(st.integers(1, 3), st.integers(3, 9)),
    n=st.integers(1, 40),
    method=st.sampled_from(["random", "sobol"]),
)
def test_a_sample_has_n_different_points_of_the_axes(three, axes, whole, n, method):
    axes = {**axes, "n": {"linear": [*map(float, whole)]}} if whole[0] < whole[1] else axes
    sizes = [len(axis) if isinstance(axis, list) else math.inf for axis in axes.values()]
    if "n" in axes:
        sizes[-1] = whole[1] - whole[0] + 1
    n = int(min(n, math.prod(sizes)))
    runs = expand({"notebook": three, "axes": axes, "sample": {"n": n, "method": method}})
    assert len({json.dumps(run) for run in runs}) == len(runs) == n
    for run in runs:
        for name, value in run.items():
            spec = axes[name]
            if isinstance(spec, list):
                assert value in spec
            else:
                ((low, high),) = spec.values()
                assert low <= value <= high
            assert type(value) is (int if name == "n" else float)


@given(sizes=st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_the_product_has_every_combination_once(three, sizes):
    axes = {name: list(range(size)) for name, size in zip("abn", sizes, strict=False)}
    runs = expand({"notebook": three, "axes": axes})
    assert len({json.dumps(run) for run in runs}) == len(runs) == math.prod(sizes)
