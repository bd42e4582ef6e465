"""Directives for the tables about the book's own making, what it cost, and how to cite it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from pwlib.markdown import markdown_table
from pwlib.places import ROOT
from pwlib.reruns import notebooks


class MarkdownDirective(SphinxDirective):
    """A directive whose content is Markdown that `text` makes."""

    def text(self) -> str:
        """The Markdown, made when a page is read."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        holder = nodes.container()
        self.state.nested_parse(StringList(self.text().splitlines(), ""), 0, holder)
        return holder.children

    @property
    def chapters(self) -> Path:
        """The folder of the chapters from which the book is being made."""
        return Path(self.env.srcdir, "chapters")


class ExecutionTable(MarkdownDirective):
    """``{execution-table}``: the stamp of each executed notebook of the book."""

    def text(self) -> str:
        rows = []
        for path in sorted(self.chapters.glob("*.ipynb")):
            self.env.note_dependency(str(path))
            stamp = {"seconds": "not executed"} | notebooks.stamp(path)
            about = [stamp.get(key, "") for key in ("seconds", "processor", "python")]
            rows.append([f"[{path.stem}]({path.name})", *about])
        return markdown_table(rows, ["Chapter", "Seconds", "Processor", "Python"])


class VersionTable(MarkdownDirective):
    """``{version-table}``: the packages that requirements.txt pins, and what is installed."""

    def text(self) -> str:
        path = ROOT / "requirements.txt"
        self.env.note_dependency(str(path))
        pins = re.findall(r"^([\w-]+)(?:\[.*\])?==(\S+)", path.read_text(encoding="utf-8"), re.M)
        rows = [[name, pin, metadata.version(name)] for name, pin in pins]
        return markdown_table(rows, ["Package", "Pinned", "Installed where the book was built"])


@dataclass(frozen=True)
class Cost:
    """So many ``runs`` took so much ``time`` on a ``processor``; None where it isn't recorded."""

    runs: int | None = None
    time: float | None = None
    processor: str | None = None


class CostTable(MarkdownDirective):
    """``{cost-table}``: what executing the chapters and making the tables of networks took."""

    def text(self) -> str:
        self.env.note_reread()  # a table may come that no page depends on yet
        return cost_table(self.chapters)


def cost_table(chapters: Path) -> str:
    """The cost of the chapters in a folder, and of the tables in ``results`` below it.

    Chapters in minutes on the clock, by their stamps; tables in core hours, by the origin beside
    each.
    """
    found = {path.stem: notebooks.stamp(path) for path in sorted(chapters.glob("*.ipynb"))}
    live = {
        name: Cost(1, stamp["seconds"] / 60, stamp["processor"])
        for name, stamp in found.items()
        if stamp
    }
    rows = []
    if live:
        longest = max(live, key=lambda name: live[name].time or 0)
        rows.append(_row("the chapters, each executed once", list(live.values()), "minutes"))
        rows.append(_row(f"of these the longest, {longest}", [live[longest]], "minutes"))
    tables = {path.name: _origin(path) for path in sorted((chapters / "results").glob("*.csv"))}
    rows += [_row(f"`results/{name}`", [cost], "core hours") for name, cost in tables.items()]
    if sum(cost.time is not None for cost in tables.values()) > 1:
        rows.append(
            _row("the tables that record it, together", list(tables.values()), "core hours")
        )
    return markdown_table(rows, ["What was computed", "Runs", "Time", "Processor"])


def _origin(table: Path) -> Cost:
    """What making a table cost, by the JSON beside it."""
    path = table.with_suffix(".json")
    if not path.exists():
        return Cost()
    origin = json.loads(path.read_text(encoding="utf-8"))
    return Cost(*map(origin.get, ("runs", "core_hours", "processor")))


def _row(what: str, costs: Sequence[Cost], unit: str) -> list[str]:
    """The costs that are recorded, added up."""
    known = [cost for cost in costs if cost.time is not None]
    if not known:
        return [what, "", "not recorded", ""]
    runs, time = sum(cost.runs or 0 for cost in known), sum(cost.time or 0 for cost in known)
    processors = sorted({cost.processor for cost in known if cost.processor})
    return [what, str(runs or ""), f"{time:.1f} {unit}", " and ".join(processors)]


class Benchmark(MarkdownDirective):
    """``{benchmark} part``: what the last accepted ``make bench`` found in that part."""

    required_arguments = 1

    def text(self) -> str:
        path, name = self.chapters / "results" / "benchmarks.json", self.arguments[0]
        self.env.note_dependency(str(path))
        found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if name not in found:
            return f"Not measured yet: `make bench ONLY={name}` does it, `make accept` keeps it."
        part = found[name]
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
        citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
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
