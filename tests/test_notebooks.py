"""What holds for every notebook of the course as it is committed.

`pytest --nbval` compares nothing in a cell without an execution count, never compares a picture,
and passes a notebook that was never run. These tests make sure that there is something to compare.
Whether the text quotes the outputs rightly is the matter of `test_quoted_numbers.py`.
"""

import json
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
PATHS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
NAMES = [path.stem for path in PATHS]
IGNORED = "nbval-ignore-output"


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell):
    return cell.metadata.get("tags", [])


def defines_a_function(cell):
    return re.search(r"^\s*def ", cell.source, re.MULTILINE) is not None


def has_png(cell):
    return any("image/png" in output.get("data", {}) for output in cell.outputs)


def text_of(output):
    if output.output_type == "stream":
        return output.text
    data = output.get("data", {})
    return "".join(data.get("text/plain", "")) + "".join(data.get("text/html", ""))


@pytest.fixture(params=PATHS, ids=NAMES)
def notebook(request):
    notebook = nbformat.read(request.param, as_version=4)
    nbformat.validate(notebook)
    notebook["path"] = request.param
    return notebook


def test_there_are_notebooks_and_they_are_numbered_in_order():
    numbers = [int(name[:2]) for name in NAMES]
    assert numbers == list(range(1, len(NAMES) + 1))
    assert all(re.fullmatch(r"\d\d_[a-z]+(_[a-z0-9]+)+", name) for name in NAMES)


def test_every_cell_was_run_from_top_to_bottom(notebook):
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))


def test_no_cell_that_shows_something_is_stored_empty(notebook):
    shows = re.compile(r"^(print\(|_ = plots\.|course\.check)", re.MULTILINE)
    for cell in code_cells(notebook):
        last = cell.source.rstrip().splitlines()[-1]
        bare_expression = re.fullmatch(r"[a-z_]\w*(\.\w+|\[.*\]|\(.*\))*", last) is not None
        if shows.search(cell.source) or (bare_expression and not last.startswith("plots.use")):
            quiet = ("fit(", "use_course_style(")
            assert cell.outputs or any(word in last for word in quiet), cell.source


def test_outputs_come_from_the_real_data(notebook):
    assert "SIMULATED" not in json.dumps(code_cells(notebook))


def test_nothing_was_written_to_standard_error_and_nothing_raised(notebook):
    for cell in code_cells(notebook):
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr", output.text


def test_outputs_hold_no_path_and_no_memory_address(notebook):
    machine = re.compile(
        r"/(root|home|work|tmp|Users|private)/|[A-Z]:\\|0x[0-9a-f]{6,}|site-packages"
    )
    for cell in code_cells(notebook):
        for output in cell.outputs:
            assert not machine.search(text_of(output)), text_of(output)


def test_metadata_is_clean(notebook):
    assert notebook.metadata.kernelspec.name == "python3"
    assert dict(notebook.metadata.language_info) == {"name": "python"}
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    allowed = {"tags", "mystnb", "jupyter"}
    assert all(set(cell.metadata) <= allowed for cell in notebook.cells)


def test_one_cell_near_the_top_holds_the_parameters(notebook):
    tagged = [n for n, cell in enumerate(code_cells(notebook)) if "parameters" in tags(cell)]
    assert len(tagged) == 1
    assert tagged[0] <= 2
    assert "random_state" in code_cells(notebook)[tagged[0]].source


def test_cells_are_short(notebook):
    for cell in code_cells(notebook):
        limit = 25 if "import" in cell.source or defines_a_function(cell) else 12
        assert len(cell.source.splitlines()) <= limit, cell.source


def test_every_figure_has_a_text_for_those_who_cannot_see_it(notebook):
    for cell in code_cells(notebook):
        if has_png(cell):
            text = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(text) > 40, cell.source


def test_a_cell_whose_output_is_not_compared_is_followed_by_a_check(notebook):
    cells = code_cells(notebook)
    for position, cell in enumerate(cells):
        if IGNORED in tags(cell):
            later = [other.source for other in cells[position + 1 :]]
            assert any("check_band" in source for source in later), cell.source


def test_most_cells_are_compared(notebook):
    cells = code_cells(notebook)
    assert sum(IGNORED in tags(cell) for cell in cells) <= len(cells) / 4
    assert not any("nbval-skip" in tags(cell) for cell in cells)


def test_every_exercise_has_a_stub_a_check_and_a_solution_that_passes_it(notebook):
    cells = code_cells(notebook)
    exercises = [n for n, cell in enumerate(cells) if "exercise" in tags(cell)]
    assert len(exercises) >= 3
    for n in exercises:
        stub, check, solution = cells[n : n + 3]
        assert "..." in stub.source
        assert text_of(check.outputs[0]).startswith("Not yet. Replace the ...")
        assert {"solution", "hide-cell"} <= set(tags(solution))
        assert check.source.splitlines()[-1] == solution.source.splitlines()[-1]
        assert text_of(solution.outputs[0]).startswith("Right. ")


def test_every_page_has_the_same_skeleton(notebook):
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    for part in (
        "**You will be able to**",
        "| You need |",
        "**Time**",
        "## Exercises",
        "## Quiz",
        "## Summary",
        "## To read on",
    ):
        assert part in prose
    assert "medical device" in prose
    assert prose.count("\n# ") == 0
    assert prose.startswith("# ")


def test_notebooks_are_small_enough_to_be_read_on_the_web(notebook):
    assert notebook["path"].stat().st_size < 2_500_000  # figures at 150 dpi


def test_functions_are_defined_only_where_building_them_is_the_lesson(notebook):
    for cell in code_cells(notebook):
        if defines_a_function(cell):
            assert {"build", "exercise", "solution"} & set(tags(cell)), cell.source
