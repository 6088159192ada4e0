"""Writing files whole or not at all: first elsewhere on the same disk, then under their final name.

What is not complete lies in a hidden folder (``.writing-...``), which is removed whatever happens;
only a process that is killed outright leaves it behind. Faults of the disk are the system's
`OSError`, which `disk_faults_named` turns into an error that a person can use.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from secrets import token_hex

from ecglab.errors import EcglabError, OutputError


@contextmanager
def replacing(place: Path) -> Iterator[Path]:
    """Hand out a path to write to, and give what was written there its final name at the end.

    It has the same name, in a temporary folder beside it. A file of that name is replaced, in one
    step. `OSError` if `place` is a folder, or its own folder is not there or cannot be written. A
    file that was there before is then as it was, and so it is whatever else is raised before the
    end.
    """
    _refuse_folder(place)
    with _unfinished(place.parent) as folder:
        yield folder / place.name
        publish(folder / place.name, place)


@contextmanager
def replacing_in(folder: Path) -> Iterator[Path]:
    """Hand out a folder to write files to, and move them to their final folder at the end.

    All of them are complete before any of them has its final name. A folder that was not there
    appears in one step, with all its files. In one that was, they are renamed one right after the
    other, in the order of their names. Where one cannot be, or the user interrupts, those before it
    are given back what they had; only a crash between two renames leaves new files beside old ones,
    each of them whole.

    The final folder is made, with those above it, if it is not there. In it, files of the same
    names are replaced, and others stay; the empty folder that is handed out is for files only.
    `OSError` if `folder` is a file, or cannot be written, or a file cannot take its name because a
    folder has it. What was there before is then as it was, and so it is whatever else is raised
    before the end.
    """
    # Inside of a folder that is there: it may be a disk of its own, or all that may be written to.
    beside = folder if folder.exists() else folder.parent
    beside.mkdir(parents=True, exist_ok=True)
    with _unfinished(beside) as unfinished:
        yield unfinished
        _publish_all(unfinished, folder)


def publish(unfinished: Path, place: Path) -> None:
    """Give a complete file, closed and on the same disk, its final name, in one step.

    A file of that name is replaced. `OSError` if it cannot take it.
    """
    _sync(unfinished)
    unfinished.replace(place)


@contextmanager
def disk_faults_named(place: Path, kind: type[EcglabError] = OutputError) -> Iterator[None]:
    """Turn an `OSError` into one of a kind that says which place cannot be written, and what to do.

    `place` is the final name, which a person knows.
    """
    try:
        yield
    except OSError as error:
        raise kind(
            f"{place} cannot be written ({error.strerror or error}). Make room there, or choose "
            "another place. What was there before is as it was."
        ) from error


@contextmanager
def writing(place: Path, kind: type[EcglabError] = OutputError) -> Iterator[Path]:
    """Hand out a path to write to, as `replacing`, with `disk_faults_named`."""
    with disk_faults_named(place, kind), replacing(place) as file:
        yield file


@contextmanager
def _unfinished(beside: Path) -> Iterator[Path]:
    """Make a folder for what is not complete yet, with ordinary permissions, and remove it."""
    # Its name is known before it is there: an interrupt in the same moment leaves nothing behind.
    outer = beside / f".writing-{token_hex(4)}"
    try:
        outer.mkdir(mode=0o700)  # for the owner alone
        folder = outer / "unfinished"
        folder.mkdir()
        yield folder
    finally:
        shutil.rmtree(outer, ignore_errors=True)


def _publish_all(unfinished: Path, folder: Path) -> None:
    """Rename a new folder, or the files of one that is there: all of them, or in the end none."""
    files = sorted(unfinished.iterdir())
    for file in files:
        _sync(file)
    if not folder.exists():
        unfinished.rename(folder)
        return
    for file in files:
        _refuse_folder(folder / file.name)
    before = unfinished.with_name("before")
    before.mkdir()
    with ExitStack() as undo:
        for file in files:
            place, kept = folder / file.name, before / file.name
            _keep(place, kept)
            undo.callback(_put_back, kept, place)
            file.replace(place)
        undo.pop_all()


def _keep(place: Path, kept: Path) -> None:
    """Give a file that is about to be replaced, if there is one, a second name."""
    if not os.path.lexists(place):
        return
    try:
        os.link(place, kept)
    except OSError:  # not every disk knows second names
        shutil.copy2(place, kept, follow_symlinks=False)


def _put_back(kept: Path, place: Path) -> None:
    """Undo a replacement, whether it has happened yet or not."""
    if os.path.lexists(kept):
        kept.replace(place)
    else:
        place.unlink(missing_ok=True)


def _refuse_folder(place: Path) -> None:
    """Find a folder in the way before anything is renamed or, worse, computed."""
    if place.is_dir():
        raise IsADirectoryError(errno.EISDIR, f"{place.name or place} is a folder", str(place))


def _sync(file: Path) -> None:
    """Wait for the disk, or a power cut could leave the name without the content."""
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())
