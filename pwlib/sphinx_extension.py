"""What the book adds to Sphinx: tables about its making, how to cite it, and some mends."""

from __future__ import annotations

import ast
import inspect
import json
import re
import textwrap
from importlib import metadata
from pathlib import Path

import nbformat
import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective

from pwlib import costs
from pwlib.notebooks import ROOT
from pwlib.tables import markdown_table


class MarkdownDirective(SphinxDirective):
    """A directive whose content is Markdown that `text` makes."""

    def text(self) -> str:
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        holder = nodes.container()
        self.state.nested_parse(StringList(self.text().splitlines(), ""), 0, holder)
        return holder.children


class ExecutionTable(MarkdownDirective):
    """``{execution-table}``: the stamp of each executed notebook of the book."""

    def text(self) -> str:
        rows = []
        for path in sorted(Path(self.env.srcdir, "chapters").glob("*.ipynb")):
            self.env.note_dependency(str(path))
            stamp = nbformat.read(path, as_version=4).metadata.get("pwlib", {})
            name = f"[{path.stem}]({path.name})"
            seconds = stamp.get("seconds", "not executed")
            rows.append([name, seconds, stamp.get("processor", ""), stamp.get("python", "")])
        return markdown_table(rows, ["Chapter", "Seconds", "Processor", "Python"])


class VersionTable(MarkdownDirective):
    """``{version-table}``: the packages that requirements.txt pins, and what is installed."""

    def text(self) -> str:
        self.env.note_dependency(str(ROOT / "requirements.txt"))
        pins = re.findall(r"^([\w-]+)==(\S+)", (ROOT / "requirements.txt").read_text(), re.M)
        rows = [[name, pin, metadata.version(name)] for name, pin in pins]
        return markdown_table(rows, ["Package", "Pinned", "Installed where the book was built"])


class CostTable(MarkdownDirective):
    """``{cost-table}``: what executing the chapters and making the tables of networks took."""

    def text(self) -> str:
        self.env.note_reread()  # a table may come that no page depends on yet
        return costs.table(Path(self.env.srcdir, "chapters"))


class Benchmark(MarkdownDirective):
    """``{benchmark} part``: what the last accepted ``make bench`` found in that part."""

    required_arguments = 1

    def text(self) -> str:
        path = Path(self.env.srcdir, "chapters", "results", "benchmarks.json")
        self.env.note_dependency(str(path))
        name = self.arguments[0]
        part = json.loads(path.read_text()).get(name) if path.exists() else None
        if part is None:
            return f"Not measured yet: `make bench ONLY={name}` does it, `make accept` keeps it."
        versions = {"Python": part["python"]} | part["versions"]
        software = ", ".join(f"{name} {version}" for name, version in versions.items())
        pieces = [f"Measured on {part['date']}, on {part['processor']}, with {software}."]
        for table in part["tables"]:
            pieces += [f"*{table['caption']}*"] if table["caption"] else []
            pieces.append(markdown_table(table["rows"], table["columns"]))
        pieces.append("\n".join(f"- {note}" for note in part["notes"]))
        return "\n\n".join(pieces)


class HowToCite(MarkdownDirective):
    """``{how-to-cite}``: a BibTeX entry from CITATION.cff and the repository's address, if any."""

    def text(self) -> str:
        self.env.note_reread()  # the address is a setting of the theme, which no page depends on
        citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
        address = self.config.html_theme_options.get("repository_url")
        lines = [
            "@misc{pwlib,",
            f"  title = {{{citation['title']}}},",
            f"  author = {{{' and '.join(a['name'] for a in citation['authors'])}}},",
            f"  year = {{{citation['date-released'].year}}},",
            f"  note = {{Version {citation['version']}}},",
            *([f"  url = {{{address}}},"] if address else []),
            "}",
        ]
        return "\n".join(["```bibtex", *lines, "```"])


def settle_config(app: Sphinx, config: Config) -> None:
    """Show the buttons that need the repository's address where `_config.yml` gives one.

    Captions carry the paper's figure numbers: Sphinx's own numbering, which another extension
    forces on, would stand before them.
    """
    config.numfig = False
    options = config.html_theme_options
    if options.get("repository_url"):
        options["use_repository_button"] = True
        options["launch_buttons"] = {"binderhub_url": "https://mybinder.org"}


def drop_thebe(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """The theme's script for live cells comes from another host, twice; the book doesn't use it."""
    context["script_files"] = [
        script for script in context.get("script_files", []) if "thebe" not in str(script)
    ]


def mend_roles(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """The bibliography is a list of list items: docutils gives them a role that is no more."""
    body = context.get("body", "")
    context["body"] = body.replace('role="doc-biblioentry"', 'role="listitem"')


def register_claims(app: Sphinx, doctree: nodes.document) -> None:
    """Make the anchors that `pwlib.claims.check` sets known to links from other pages."""
    for raw in doctree.findall(nodes.raw):
        for anchor in re.findall(r'<div class="claim" id="(claim-[\w-]+)">', raw.astext()):
            slugs = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
            slugs[anchor] = (0, anchor, anchor)


def tell_drawings(app: Sphinx, doctree: nodes.document) -> None:
    """Give images the class ``drawing`` or ``picture``: the dark theme inverts drawings alone."""
    for image in doctree.findall(nodes.image):
        path = Path(app.srcdir, image["uri"])
        drawn = path.suffix == ".svg" and "<image" not in path.read_text()
        image["classes"].append("drawing" if drawn else "picture")


def keep_bars(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """In a docstring |x| is a modulus, not one of reStructuredText's substitutions."""
    for i, line in enumerate(lines):
        pieces = re.split(r"(`+[^`]*`+)", line)
        lines[i] = "".join(p if p.startswith("`") else p.replace("|", r"\|") for p in pieces)


def written_signature(
    app: Sphinx, what: str, name: str, obj: object, options: object, args: str, returns: str
) -> tuple[str, str | None] | None:
    """A function's signature as its source has it: short type names, defaults unevaluated."""
    if not inspect.isroutine(obj):
        return None
    tree = ast.parse(textwrap.dedent(inspect.getsource(obj))).body[0]
    if what == "method":
        del tree.args.args[0]
    return f"({ast.unparse(tree.args)})", tree.returns and ast.unparse(tree.returns)


def setup(app: Sphinx) -> dict:
    """Called by Sphinx."""
    app.add_directive("execution-table", ExecutionTable)
    app.add_directive("version-table", VersionTable)
    app.add_directive("cost-table", CostTable)
    app.add_directive("how-to-cite", HowToCite)
    app.add_directive("benchmark", Benchmark)
    app.connect("config-inited", settle_config, priority=900)
    app.connect("doctree-read", register_claims)
    app.connect("doctree-read", tell_drawings)
    app.connect("autodoc-process-docstring", keep_bars)
    app.connect("autodoc-process-signature", written_signature)
    app.connect("html-page-context", drop_thebe, priority=900)
    app.connect("html-page-context", mend_roles)
    # A higher env_version has Sphinx read all pages again: what it stored lacks something.
    return {"version": metadata.version("pwlib"), "env_version": 1, "parallel_read_safe": True}
