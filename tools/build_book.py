"""Build the book from book/ and the notebooks in book/notebooks/, every warning an error.

Jupyter Book reads only what lies below its own folder, so the make targets put the notebooks there
first: the committed ones (`make book`) or freshly run ones (`make course`).
"""

import gc
import shutil
import sys
from pathlib import Path

from jupyter_book.cli.main import build

BOOK = Path(__file__).parents[1] / "book"
FIRST_PAGE = BOOK / "_build" / "html" / "index.html"


def main() -> int:
    """Run jupyter-book and say where the first page is."""
    # Pages that are no longer in the book would stay, and be taken for pages of this build.
    shutil.rmtree(FIRST_PAGE.parent, ignore_errors=True)
    # A build makes large trees of nodes and keeps them to its end: to go through them again and
    # again for what could be thrown away takes a third of its time.
    gc.disable()
    build.main(
        args=[str(BOOK), "-n", "-W", "--keep-going", "--all", "--quiet"], standalone_mode=False
    )
    if not FIRST_PAGE.exists():
        print("The book was not built; the messages above say why.", file=sys.stderr)
        return 1
    print(f"The book's first page:\n{FIRST_PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
