"""The reference of the package: a section a module, with what it holds and which chapters use it.

Docstrings stay plain text. Here the paper's numbers, names of functions, and works by author and
year become links.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path

import nbformat
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from pwlib.book.sphinx_links import EQUATIONS, FIGURES, shown
from pwlib.book.sphinx_tables import MarkdownDirective
from pwlib.ledger.markdown import markdown_table
from pwlib.ledger.report import first_sentence
from pwlib.reruns import provenance

LISTED = re.compile(r"^```\{reference\}\n(.*?)^```", re.M | re.S)
WORK = re.compile(r"\b([A-Z]\w+)(?:\s+and\s+[A-Z]\w+|\s+et\s+al\.)?\s+\(?((?:19|20)\d\d)\)?")
NUMBERS = {shown(label): label for label in EQUATIONS + FIGURES}
NUMBER = re.compile(r"(?<![\w)])\(\d+\)|\bFigure \d+\b")


class Reference(SphinxDirective):
    """``{reference}``: a section for each module that the content names, a line each."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        for path in Path(self.env.srcdir, "chapters").glob("*.ipynb"):
            self.env.note_dependency(str(path))
        return [self._section(name.strip()) for name in self.content if name.strip()]

    def _section(self, name: str) -> nodes.section:
        section = nodes.section(ids=[f"reference-{name}"])
        section += nodes.title("", "", nodes.literal("", f"pwlib.{name}"))
        text = ["```{eval-rst}", f".. automodule:: pwlib.{name}", "   :members:", "```"]
        self.state.nested_parse(StringList(text, ""), 0, section)
        for node in section.findall(nodes.Element):  # each {eval-rst} counts its ids from 1
            node["ids"] = [re.sub(r"^(?=id\d+$)", f"{name}-", id) for id in node["ids"]]
        return section


class ReferenceIndex(MarkdownDirective):
    """``{reference-index} page …``: the modules that these pages list, with a sentence each."""

    required_arguments = 1
    final_argument_whitespace = True

    def text(self) -> str:
        return "\n\n".join(self._table(page) for page in self.arguments[0].split())

    def run(self) -> list[nodes.Node]:
        made = super().run()
        for table in [node for node in made if isinstance(node, nodes.table)]:
            table["classes"].append("reference-members")  # on a phone a cell gets a line
        return made

    def _table(self, page: str) -> str:
        path = Path(self.env.srcdir, "chapters", f"{page}.md")
        self.env.note_dependency(str(path))
        rows = []
        for name in "".join(LISTED.findall(path.read_text())).split():
            self.env.note_dependency(str(provenance.PACKAGE / f"{name}.py"))
            purpose = first_sentence(ast.get_docstring(ast.parse(provenance.source(name))))
            rows.append([f"{{py:mod}}`{name} <pwlib.{name}>`", plain(purpose)])
        return f"{{doc}}`{page}`\n\n{markdown_table(rows, ['Module', 'What it is for'])}"


def plain(docstring: str) -> str:
    """Text of a docstring as Markdown: one line, double backquotes made single."""
    return " ".join(docstring.split()).replace("``", "`").replace("*", r"\*")


def members(module: str) -> dict[str, str]:
    """The public functions and classes of a module with their docstrings, as in its source."""
    body = ast.parse(provenance.source(module)).body
    kinds = ast.FunctionDef | ast.ClassDef
    public = [x for x in body if isinstance(x, kinds) and not x.name.startswith("_")]
    return {node.name: text for node in public if (text := ast.get_docstring(node))}


@cache
def chapter_codes(folder: Path) -> dict[str, str]:
    """The code of each notebook in a folder, by the name of the notebook."""
    books = {
        path.stem: nbformat.read(path, as_version=4) for path in sorted(folder.glob("*.ipynb"))
    }
    return {
        stem: "\n".join(cell.source for cell in nb.cells if cell.cell_type == "code")
        for stem, nb in books.items()
    }


def used_in(module: str, codes: dict[str, str]) -> tuple[str, list[str]]:
    """How chapters use a module, "Used in" or by way of other modules, and their names."""
    direct = [stem for stem, code in codes.items() if module in _imported(code)]
    if direct:
        return "Used in", direct
    through = [stem for stem, code in codes.items() if module in provenance.imports(code)[0]]
    return "Used, by way of other modules, in", through


def _imported(code: str) -> set[str]:
    """The modules of the package that code itself imports; `provenance.imports` follows them."""
    found = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.ImportFrom)]
    whole = {alias.name for node in found if node.module == "pwlib" for alias in node.names}
    return whole | {(node.module or "").removeprefix("pwlib.") for node in found}


def add_overview(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Below a module's docstring: the chapters that use it, and a table of what it holds."""
    if what != "module":
        return
    module = name.removeprefix("pwlib.")
    how, chapters = used_in(module, chapter_codes(Path(app.srcdir, "chapters")))
    if chapters:
        links = " · ".join(f":doc:`/chapters/{stem}`" for stem in chapters)
        lines += ["", f"*{how}:* {links}", ""]
    if found := members(module):
        lines += ["", ".. list-table::", "   :class: reference-members", ""]
        for member, docstring in found.items():
            sentence = " ".join(first_sentence(docstring.split("\n\n")[0]).split())
            lines += [f"   * - :py:obj:`{member} <{name}.{member}>`", f"     - {sentence}"]
        lines.append("")


def link_docstring(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Make links of a docstring's numbers, names and works; in it |x| is a modulus."""
    module = inspect.getmodule(obj).__name__ if inspect.getmodule(obj) else name
    works = _bibliography(app)
    text = _outside_code("\n".join(lines), lambda piece: _link_text(piece, works))
    text = re.sub(r"(?<![`:\w])`([A-Za-z_][\w.]*)`(?!`)", lambda m: _link_name(m, module), text)
    lines[:] = text.split("\n")


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    pieces = re.split(r"(:[\w:]+:`[^`]*`|`+[^`]*`+)", text)
    return "".join(piece if i % 2 else change(piece) for i, piece in enumerate(pieces))


def _link_text(text: str, works: set[str]) -> str:
    text = text.replace("|", r"\|")
    text = WORK.sub(lambda m: m[0] + _cited(m, works), text)
    return NUMBER.sub(
        lambda m: f":ref:`{m[0]} <{NUMBERS[m[0]]}>`" if m[0] in NUMBERS else m[0], text
    )


def _cited(match: re.Match, works: set[str]) -> str:
    letters = unicodedata.normalize("NFKD", match[1]).encode("ascii", "ignore").decode()
    key = f"{letters.lower()}{match[2]}"
    return f" :cite:p:`{key}`" if key in works else ""


def _link_name(match: re.Match, module: str) -> str:
    """A link where a name in backquotes is one of the package's functions or classes."""
    parts = match[1].split(".")
    here = [module.removeprefix("pwlib."), *parts]
    for found in (here, parts[1:] if parts[0] == "pwlib" else []):
        if len(found) == 2 and found[0] in _modules() and found[1] in members(found[0]):
            return f":py:obj:`{match[1]} <pwlib.{'.'.join(found)}>`"
    return match[0]


@cache
def _modules() -> set[str]:
    return {path.stem for path in provenance.PACKAGE.glob("[a-z]*.py")}


def _bibliography(app: Sphinx) -> set[str]:
    files = [Path(app.confdir, name) for name in getattr(app.config, "bibtex_bibfiles", [])]
    return {key for path in files for key in re.findall(r"^@\w+\{(\w+),", path.read_text(), re.M)}


def written_signature(
    app: Sphinx, what: str, name: str, obj: object, options: object, args: str, returns: str
) -> tuple[str, str | None] | None:
    """A function's signature as its source has it: short type names, defaults unevaluated."""
    if not inspect.isroutine(obj):
        return _short(args or ""), returns  # of a class, made by Python
    tree = ast.parse(textwrap.dedent(inspect.getsource(obj))).body[0]
    if what == "method":
        del tree.args.args[0]
    return f"({ast.unparse(tree.args)})", tree.returns and ast.unparse(tree.returns)


def _short(signature: str) -> str:
    """Types of others without their modules, functions by name, and an ellipsis for a factory's."""
    types = r"(?<![\w.])~?(?!pwlib\.)(?:[A-Za-z_]\w*\.)+(\w+)"
    named = re.sub(types, r"\1", signature)
    return re.sub(r"<function (\w+)>", r"\1", named).replace("<factory>", "…")


def leave_out_filler(
    app: Sphinx, what: str, name: str, obj: object, skip: bool, options: object
) -> bool | None:
    """What Python says of each field of a named tuple is nothing to read, nor is a field a method
    because its default is a function."""
    said = inspect.getdoc(obj) or ""
    default = inspect.isfunction(obj) and obj.__name__ not in (name, "<lambda>")
    return True if default or said.startswith("Alias for field number") else None


def setup(app: Sphinx) -> None:
    """Called by `pwlib.book.sphinx_extension`."""
    app.setup_extension("sphinx.ext.autodoc")
    app.add_directive("reference", Reference)
    app.add_directive("reference-index", ReferenceIndex)
    app.connect("autodoc-process-docstring", add_overview, priority=400)
    app.connect("autodoc-process-docstring", link_docstring, priority=450)
    app.connect("autodoc-process-signature", written_signature)
    app.connect("autodoc-skip-member", leave_out_filler)
