"""Directives that make the book's tables about its own making, and how to cite it."""

from __future__ import annotations

import json
import re
from importlib import metadata
from pathlib import Path

import nbformat
import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from pwlib.book import costs
from pwlib.ledger.markdown import markdown_table
from pwlib.places import ROOT


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


def setup(app: Sphinx) -> None:
    """Called by `pwlib.book.sphinx_extension`."""
    app.add_directive("execution-table", ExecutionTable)
    app.add_directive("version-table", VersionTable)
    app.add_directive("cost-table", CostTable)
    app.add_directive("how-to-cite", HowToCite)
    app.add_directive("benchmark", Benchmark)
