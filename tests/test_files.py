"""Files are written whole or not at all: what broke off leaves what was there before."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecglab._files import disk_faults_named, publish, replacing, replacing_in, writing
from ecglab.errors import DetectorFileError, OutputError

FULL = OSError(28, "No space left on device")


def contents(folder):
    """Return everything that is in a folder, however well hidden."""
    return {
        str(path.relative_to(folder)): path.read_text() if path.is_file() else None
        for path in folder.rglob("*")
    }


def ordinary_mode(folder):
    """Return the permissions that a file gets where nobody says anything about them."""
    (folder / "ordinary").touch()
    mode = stat.S_IMODE((folder / "ordinary").stat().st_mode)
    (folder / "ordinary").unlink()
    return mode


# One file


def test_a_file_takes_its_name_when_it_is_complete(tmp_path):
    with replacing(tmp_path / "a.txt") as file:
        file.write_text("new")
        assert file.name == "a.txt"
        assert not (tmp_path / "a.txt").exists()
    assert contents(tmp_path) == {"a.txt": "new"}


@pytest.mark.parametrize("fault", [FULL, KeyboardInterrupt()])
def test_what_breaks_off_leaves_the_old_file(tmp_path, fault):
    (tmp_path / "a.txt").write_text("old")

    def write():
        with replacing(tmp_path / "a.txt") as file:
            file.write_text("half")
            raise fault

    with pytest.raises(type(fault)):
        write()
    assert contents(tmp_path) == {"a.txt": "old"}


def test_a_file_has_the_permissions_of_any_other(tmp_path):
    with replacing(tmp_path / "a.txt") as file:
        file.write_text("new")
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == ordinary_mode(tmp_path)


def test_a_place_that_no_file_can_take_is_refused_before_anything_is_written(tmp_path):
    (tmp_path / "folder").mkdir()
    for place, reason in (
        (tmp_path / "folder", "folder is a folder"),
        (Path(), r"\. is a folder"),
        (tmp_path / "absent" / "a.txt", "No such file or directory"),
    ):
        with pytest.raises(OSError, match=reason), replacing(place):
            pytest.fail("nothing may be handed out")
    assert contents(tmp_path) == {"folder": None}


def test_a_draft_of_ones_own_is_published_under_its_final_name(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    (tmp_path / "draft").write_text("new")
    publish(tmp_path / "draft", tmp_path / "a.txt")
    assert contents(tmp_path) == {"a.txt": "new"}


# Several files, or a folder


def write_both(folder, text):
    (folder / "a.txt").write_text(text)
    (folder / "b.txt").write_text(text)


def test_a_new_folder_and_those_above_it_are_made(tmp_path):
    with replacing_in(tmp_path / "above" / "folder") as unfinished:
        write_both(unfinished, "new")
        assert not (tmp_path / "above" / "folder").exists()
    assert contents(tmp_path / "above") == {
        "folder": None,
        "folder/a.txt": "new",
        "folder/b.txt": "new",
    }


def test_a_new_folder_has_the_permissions_of_any_other(tmp_path):
    (tmp_path / "ordinary").mkdir()
    with replacing_in(tmp_path / "folder") as unfinished:
        write_both(unfinished, "new")
    modes = {path.stat().st_mode for path in tmp_path.iterdir()}
    assert len(modes) == 1


def test_no_file_has_its_final_name_before_all_are_complete(tmp_path):
    write_both(tmp_path, "old")
    with replacing_in(tmp_path) as unfinished:
        write_both(unfinished, "new")
        assert {(tmp_path / name).read_text() for name in ("a.txt", "b.txt")} == {"old"}
    assert contents(tmp_path) == {"a.txt": "new", "b.txt": "new"}


def test_files_of_other_names_stay_in_the_folder(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with replacing_in(tmp_path) as unfinished:
        write_both(unfinished, "new")
    assert contents(tmp_path) == {"a.txt": "new", "b.txt": "new", "thesis.tex": "mine"}


@pytest.mark.parametrize("name", ["new", "."])
@pytest.mark.parametrize("fault", [FULL, KeyboardInterrupt()])
def test_what_breaks_off_leaves_the_old_files_or_none(tmp_path, name, fault):
    write_both(tmp_path, "old")

    def write():
        with replacing_in(tmp_path / name) as unfinished:
            (unfinished / "a.txt").write_text("half")
            raise fault

    with pytest.raises(type(fault)):
        write()
    assert contents(tmp_path) == {"a.txt": "old", "b.txt": "old"}


def test_a_folder_in_the_way_of_one_file_leaves_all_as_they_were(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    (tmp_path / "b.txt").mkdir()
    with pytest.raises(OSError, match=r"b\.txt is a folder"), replacing_in(tmp_path) as unfinished:
        write_both(unfinished, "new")
    assert contents(tmp_path) == {"a.txt": "old", "b.txt": None}


def test_a_file_in_the_way_of_the_folder_stays(tmp_path):
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OSError, match=r"Not a directory|File exists"), replacing_in(place):
            pytest.fail("nothing may be handed out")
    assert contents(tmp_path) == {"file": "mine"}


def test_a_linked_folder_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with replacing_in(tmp_path / "link") as unfinished:
        write_both(unfinished, "new")
    assert (tmp_path / "link").is_symlink()
    assert contents(tmp_path / "real") == {"a.txt": "new", "b.txt": "new"}


INTERRUPTED = """
import sys
from pathlib import Path
from ecglab._files import replacing_in

countdown = -1

def interrupt(event, arguments):
    "Interrupt at a step of the file system, as Ctrl-C would."
    global countdown
    if event == "os.link" and sys.argv[2] == "a disk without links":
        raise PermissionError
    if countdown >= 0 and event.startswith(("os.", "shutil.", "tempfile.", "open")):
        countdown -= 1
        if countdown < 0:
            raise KeyboardInterrupt

sys.addaudithook(interrupt)
root = Path(sys.argv[1])
for step in range(200):
    folder = root / str(step)
    folder.mkdir()
    (folder / "a.txt").write_text("old")
    (folder / "c.txt").write_text("old")
    try:
        countdown = step
        with replacing_in(folder) as unfinished:
            for name in ("a.txt", "b.txt", "c.txt"):
                (unfinished / name).write_text("new")
        if countdown >= 0:
            break
    except KeyboardInterrupt:
        pass
    countdown = -1
"""


@pytest.mark.parametrize("disk", ["any disk", "a disk without links"])
def test_an_interruption_at_any_step_leaves_all_old_files_or_all_new_ones(tmp_path, disk):
    subprocess.run([sys.executable, "-c", INTERRUPTED, str(tmp_path), disk], check=True)
    old = {"a.txt": "old", "c.txt": "old"}
    new = dict.fromkeys(["a.txt", "b.txt", "c.txt"], "new")
    left = [
        {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}
        for folder in sorted(tmp_path.iterdir(), key=lambda folder: int(folder.name))
    ]
    assert 10 < len(left) < 200
    assert all(files in (old, new) for files in left)
    assert left[0] == old
    assert left[-1] == new


NAMES = st.sets(st.sampled_from(["a", "b", "c", "d"]))


@given(before=NAMES, written=NAMES, breaks_off=st.booleans())
def test_a_folder_holds_either_all_that_was_written_or_what_was_there(
    tmp_path_factory, before, written, breaks_off
):
    folder = tmp_path_factory.mktemp("folder")
    for name in before:
        (folder / name).write_text("old")
    try:
        with replacing_in(folder) as unfinished:
            for name in written:
                (unfinished / name).write_text("new")
            if breaks_off:
                raise FULL
    except OSError:
        assert breaks_off
    old = dict.fromkeys(before, "old")
    assert contents(folder) == (old if breaks_off else old | dict.fromkeys(written, "new"))


# Errors


def test_a_fault_of_the_disk_names_the_place_and_not_where_it_was_written(tmp_path):
    place = tmp_path / "a.txt"
    with pytest.raises(OutputError) as caught, writing(place) as file:
        (file / "below").touch()
    assert str(caught.value).startswith(f"{place} cannot be written (")
    assert ".writing" not in str(caught.value)


def test_a_fault_of_the_disk_can_be_of_another_kind():
    kind = DetectorFileError
    with pytest.raises(kind, match="No space left"), disk_faults_named(Path("model"), kind):
        raise FULL


def test_other_faults_keep_their_kind(tmp_path):
    with pytest.raises(ZeroDivisionError), disk_faults_named(tmp_path):
        raise ZeroDivisionError


@pytest.mark.parametrize("name", ["new", "."])
def test_where_there_is_no_room_for_the_second_file_the_first_is_not_there_either(
    tmp_path, full_disk, name
):
    write_both(tmp_path, "old")

    def replace_both():
        with replacing_in(tmp_path / name) as unfinished:
            write_both(unfinished, "new")
            (unfinished / "b.txt").write_text("new" * 5000)

    with full_disk(), pytest.raises(OSError, match="too large"):
        replace_both()
    assert contents(tmp_path) == {"a.txt": "old", "b.txt": "old"}
