"""The package's reference: what Sphinx's autodoc does not do by itself for docstrings like ours.

- A name in single backticks becomes a link where it is the name of something documented, and code
  where it is not: most are parameters.
- The types of parameters and results are words (``array_like of shape (n_beats,)``); the classes of
  our own among these words become links.
- A constant is described by the string below it in the file where it is set, not by the docstring
  of its type, and a class says which of our classes it inherits from.
- Sources are numbered within their docstring; strings stay as they are typed in Python.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.domains.python import PythonDomain
from sphinx.environment import BuildEnvironment
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.docutils import SphinxRole
from sphinx.util.typing import ExtensionMetadata

PACKAGE = "ecglab"
WORD = re.compile(r"\b([A-Z]\w+)\b")
QUOTED = re.compile("“([\\w.:*-]+)”")
STRAIGHT = str.maketrans("“”‘’", "\"\"''")
SOURCE, CITED = re.compile(r"^\.\. \[(\d+)\] "), re.compile(r"\[(\d+)\]_")


class Name(SphinxRole):
    """A name in single backticks: a link if that can be, else code."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Leave the decision to `resolve`, when all that is documented is known."""
        scope = self.env.ref_context
        shown = nodes.literal(self.text, self.text, classes=["xref", "py"])
        return [make_reference(self.text, shown, scope)], []


def make_reference(
    name: str, shown: nodes.Element, scope: Mapping[str, Any]
) -> addnodes.pending_xref:
    """Make a reference that is dropped quietly if it leads nowhere."""
    where = {key: scope.get(key) for key in ("py:module", "py:class")}
    return addnodes.pending_xref(
        "", shown, reftype="name", reftarget=name, refexplicit=False, **where
    )


def resolve(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: nodes.TextElement
) -> nodes.Node | None:
    """Find what a name stands for: in its class, in its module, then in the whole package."""
    quiet = node["reftype"] == "name"
    if not (
        quiet or (node.get("refdomain") == "py" and node["reftype"] in ("class", "exc", "obj"))
    ):
        return None
    domain = env.get_domain("py")
    assert isinstance(domain, PythonDomain)
    for target in _candidates(domain, node):
        entry = domain.objects.get(target)
        if entry is not None and entry.objtype != "module":
            return domain.resolve_xref(
                env, node["refdoc"], app.builder, "obj", target, node, content
            )
    if not quiet:
        return None
    return nodes.literal("", content.astext()) if isinstance(content, nodes.literal) else content


def _candidates(domain: PythonDomain, node: addnodes.pending_xref) -> Iterator[str]:
    """List the full names that a short one may stand for, the nearest first."""
    name, module, class_name = node["reftarget"], node.get("py:module"), node.get("py:class")
    if module and class_name:
        yield f"{module}.{class_name}.{name}"
        for base in getattr(sys.modules[module], class_name).__mro__:
            yield f"{_find_home(base)}.{base.__name__}.{name}"
    if module:
        yield f"{module}.{name}"
    yield name
    if name[:1].isupper() or "." in name:  # in lower case it is more often a parameter
        found = [
            full
            for full, entry in domain.objects.items()
            if full.endswith(f".{name}") and not entry.aliased
        ]
        if len(found) == 1:
            yield found[0]


def mend_texts(app: Sphinx, doctree: nodes.document) -> None:
    """Link the classes in types, and undo the curly quotes around Python's strings."""
    for description in list(doctree.findall(addnodes.desc_content)):
        for words in [it for field in description.findall(nodes.field) for it in _types(field)]:
            words[:] = _link_words(words.astext().translate(STRAIGHT))
        for text in list(description.findall(nodes.Text)):
            if QUOTED.search(text) and not isinstance(text.parent, nodes.literal):
                text.parent.replace(text, _quote_as_code(text))


def _types(field: nodes.field) -> Iterator[nodes.emphasis]:
    """Find what napoleon has put in italics, unless that was done already from outside."""
    return (it for it in field.findall(nodes.emphasis) if isinstance(it[0], nodes.Text))


def _link_words(text: str) -> list[nodes.Node]:
    """Make a reference of every word that might be the name of a class."""
    pieces = enumerate(WORD.split(text))
    return [
        make_reference(piece, nodes.inline("", piece), {}) if i % 2 else nodes.Text(piece)
        for i, piece in pieces
    ]


def _quote_as_code(text: str) -> list[nodes.Node]:
    """Make code of every word in curly quotes."""
    pieces = enumerate(QUOTED.split(text))
    return [nodes.literal("", f'"{piece}"') if i % 2 else nodes.Text(piece) for i, piece in pieces]


def complete_docstring(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Say of classes what they inherit, and number the sources."""
    if isinstance(obj, type) and (bases := [base for base in obj.__mro__[1:] if _is_ours(base)]):
        lines[1:1] = ["", f"Inherits from `{bases[0].__name__}`."]
    # As footnotes, the numbers would have to differ all over the page.
    lines[:] = [CITED.sub(r"[\1]", SOURCE.sub(r"\1. ", line)) for line in lines]


def describe_constant(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Say of constants what they are."""
    if what == "data":
        lines[:] = [*_find_comment(name), *_show_value(obj)]


def shorten_signature(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, signature: str | None, result: Any
) -> tuple[str | None, Any]:
    """Write the default that a dataclass makes afresh as what it is: not to be seen here."""
    return (signature.replace("<factory>", "...") if signature else signature), result


def leave_out(app: Sphinx, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    """Leave out what scikit-learn and named tuples add by themselves."""
    is_routing = name.startswith("set_") and name.endswith("_request")
    is_field = str(obj.__doc__).startswith("Alias for field number")
    return True if is_routing or is_field else None


def _is_ours(base: type) -> bool:
    """Say whether a class is one of the package's public ones, whatever file it lives in."""
    home = _find_home(base)
    return home.startswith(PACKAGE) and base.__name__ in getattr(sys.modules[home], "__all__", ())


def _find_home(kind: type) -> str:
    """Return the shortest path at which a class is offered, if it is one of ours."""
    if kind is getattr(sys.modules[PACKAGE], kind.__name__, None):
        return PACKAGE
    return kind.__module__.partition("._")[0]


def _find_comment(name: str) -> list[str]:
    """Find the string below a constant, in whichever file of the package sets it."""
    package, _, constant = name.rpartition(".")
    for module in sorted(sys.modules):
        if module == package or module.startswith(f"{package}._"):
            comments = ModuleAnalyzer.for_module(module).find_attr_docs()
            if ("", constant) in comments:
                return list(comments["", constant])
    raise LookupError(f"{name} has no string below it that says what it is.")


def _show_value(value: object) -> list[str]:
    """Show a short value, or the names that a registry knows."""
    if isinstance(value, Mapping):
        shown = (
            f"{key!r}: {it!r}" if isinstance(key, int) else repr(key) for key, it in value.items()
        )
        return ["", "Keys: " + ", ".join(f"``{key}``" for key in shown) + "."]
    return ["", f"Value: ``{value!r}``."]


def setup(app: Sphinx) -> ExtensionMetadata:
    """Take part in what autodoc and the Python domain do."""
    app.add_role("name", Name())
    app.connect("missing-reference", resolve)
    app.connect("doctree-read", mend_texts)
    app.connect("autodoc-process-signature", shorten_signature)
    app.connect("autodoc-skip-member", leave_out)
    # Before napoleon, which has the priority 500, and after it.
    app.connect("autodoc-process-docstring", complete_docstring, priority=400)
    app.connect("autodoc-process-docstring", describe_constant, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
