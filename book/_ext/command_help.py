"""The help of a command, as the command itself gives it: ``{command-help} train``.

The command is asked in this process, so that nothing depends on what stands first on the PATH.
"""

import contextlib
import io
import os

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from ecglab.cli import main


def ask(words: list[str]) -> str:
    """Return what ``ecglab WORDS --help`` writes."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        main([*words, "--help"])
    return said.getvalue()


class CommandHelp(SphinxDirective):
    """Show the help of a command; without a name, that of ``ecglab`` itself."""

    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Ask the command."""
        words = self.arguments[0].split() if self.arguments else []
        text = ask(words)
        if not text:
            raise self.error(f"'ecglab {' '.join(words)} --help' says nothing: is it installed?")
        block = nodes.literal_block(text, text, language="none")
        block["classes"].append("command-help")
        return [block]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive, and have help written as in a terminal of 80 columns."""
    os.environ["COLUMNS"] = "80"
    app.add_directive("command-help", CommandHelp)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
