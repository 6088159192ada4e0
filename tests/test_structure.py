"""The house: data flows one way, and what is private stays in its room."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "ecglab").rglob("*.py"))
}
# From the bottom up: a room may import those before it. (The package itself only points at names.)
ROOMS = [
    *("_version", "_optional", "_runs", "errors", "_files", "reading", "heartbeats", "similarity"),
    *("datasets", "autoencoders", "scoring", "thresholds", "persistence", "detector", "baselines"),
    *("batch", "evaluation", "plots", "recordings", "sweep", "course", "commands", "cli"),
]
# Who outside of a room imports what is private in it, and why.
ALLOWED = {
    ("tests/test_files.py", "ecglab._files"): "that room's own tests",
    ("tests/records.py", "ecglab._optional"): "wfdb without its warnings, as the package uses it",
    ("tests/conftest.py", "ecglab.datasets"): "builds an archive that passes for the official one",
    ("tests/autoencoders/test_torch.py", "ecglab.autoencoders"): "feigns devices that few have",
    ("tests/datasets", "ecglab.datasets"): "each step of reading keeps promises of its own",
    ("tests/evaluation", "ecglab.evaluation"): "counts resamples in pieces of other sizes",
    ("tests/evaluation", "ecglab.datasets"): "both rooms must know the same codes of beats",
    ("tests/recordings", "ecglab.recordings"): "each step of judging keeps promises of its own",
    (
        "tests/commands",
        "ecglab.commands",
    ): "sentences of commands, without running one for each",
    ("tests/course", "ecglab.course"): "what a kernel of a graded notebook runs first",
    ("benchmarks/mitbih_variants.py", "ecglab._optional"): "writes recordings by wfdb",
    ("benchmarks/protocol.py", "ecglab._files"): "tables are written whole, as the package's files",
    ("benchmarks/record_detection.py", "ecglab._optional"): "runs wfdb's detectors of R peaks",
    ("benchmarks/record_detection.py", "ecglab.datasets"): "measures steps of reading one by one",
    ("benchmarks/windows_and_beats.py", "ecglab.datasets"): "cuts recordings in another way",
}


def imported(path):
    """Name what a file imports: modules, and names from them, wherever the import stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


def module_of(name):
    """Return the module of the package that an imported name stands for or in, if there is one."""
    return next((it for it in (name, name.rpartition(".")[0]) if it in MODULES), None)


def room_of(module):
    return module.split(".")[1] if "." in module else ""


GRAPH = {
    module: {it for name in imported(path) if (it := module_of(name)) not in (None, module)}
    for module, path in MODULES.items()
}


def test_no_module_imports_itself_by_way_of_others():
    list(TopologicalSorter(GRAPH).static_order())  # a circle is an error


def test_every_room_imports_only_rooms_below_it():
    assert {room_of(module) for module in MODULES} == {"", *ROOMS}
    upwards = [
        f"{module} imports {other}"
        for module, others in GRAPH.items()
        for other in others
        if room_of(module) and room_of(other) != room_of(module)
        if ROOMS.index(room_of(other)) > ROOMS.index(room_of(module))
    ]
    assert not upwards


def intrusions(path, room=""):
    """Name the rooms of which a file imports something private; its own is none of them."""
    for name in imported(path):
        if name.startswith("ecglab.") and not name.endswith("__version__"):
            holder, _, rest = name.removeprefix("ecglab.").partition(".")
            if holder.startswith("_"):
                yield "" if room else f"ecglab.{holder}"
            elif holder != room and any(word.startswith("_") for word in rest.split(".")):
                yield f"ecglab.{holder}"


def test_inside_of_the_package_what_is_private_stays_in_its_room():
    found = {
        f"{module}: {room}"
        for module, path in MODULES.items()
        for room in intrusions(path, room_of(module) or "ecglab")
        if room
    }
    assert not found


def is_allowed(file, room):
    return any(file.startswith(place) and room == it for place, it in ALLOWED)


OUTSIDE = {
    (path.relative_to(ROOT).as_posix(), room)
    for folder in ("tests", "benchmarks", "tools", "book")
    for path in sorted((ROOT / folder).rglob("*.py"))
    for room in intrusions(path)
}


def test_outside_of_the_package_nothing_private_is_imported_without_a_reason():
    assert not [it for it in sorted(OUTSIDE) if not is_allowed(*it)]


@pytest.mark.parametrize("allowed", ALLOWED, ids=":".join)
def test_no_reason_outlives_what_it_was_given_for(allowed):
    place, room = allowed
    assert any(file.startswith(place) and it == room for file, it in OUTSIDE)
