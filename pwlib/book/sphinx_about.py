"""What pages say about the book itself: how it was made, at what cost, how to run and to cite it.

Directives make the tables. The bar under a chapter's title is added when its page is written.
"""

import ast
import html
import json
import math
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import yaml
from docutils import nodes
from papermill import inspect_notebook
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from pwlib.markdown import markdown_table
from pwlib.places import ROOT
from pwlib.reruns import notebooks

COLAB_LACKS = ("daqp", "myst-nb")  # of the packages that chapters import
GITHUB = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?")


def directive(text: Callable[..., str], arguments: int = 0) -> type[SphinxDirective]:
    """A directive whose content is Markdown: ``text`` makes it when a page is read.

    It gets Sphinx's environment and the directive's arguments.
    """

    class Made(SphinxDirective):
        required_arguments = arguments

        def run(self) -> list[nodes.Node]:
            return self.parse_text_to_nodes(text(self.env, *self.arguments))

    return Made


def chapters(env: BuildEnvironment) -> Path:
    """The folder of the chapters from which the book is being made."""
    return Path(env.srcdir, "chapters")


def execution_table(env: BuildEnvironment) -> str:
    """The stamp of each executed notebook of the book."""
    rows = []
    for path in sorted(chapters(env).glob("*.ipynb")):
        env.note_dependency(str(path))
        stamp = {"seconds": "not executed"} | notebooks.stamp(path)
        about = [stamp.get(key, "") for key in ("seconds", "processor", "python")]
        rows.append([f"[{path.stem}]({path.name})", *about])
    return markdown_table(rows, ["Chapter", "Seconds", "Processor", "Python"])


def version_table(env: BuildEnvironment) -> str:
    """The packages that requirements.txt pins, and what is installed."""
    path = ROOT / "requirements.txt"
    env.note_dependency(str(path))
    pins = re.findall(r"^([\w-]+)(?:\[.*\])?==(\S+)", path.read_text(encoding="utf-8"), re.M)
    rows = [[name, pin, metadata.version(name)] for name, pin in pins]
    return markdown_table(rows, ["Package", "Pinned", "Installed where the book was built"])


class Cost(NamedTuple):
    """So many ``runs`` took so much ``time`` on a ``processor``; None where it isn't recorded."""

    runs: int | None = None
    time: float | None = None
    processor: str | None = None


def cost_table(env: BuildEnvironment) -> str:
    """What executing the chapters, and making the tables in ``results`` below them, took.

    Chapters in minutes on the clock, by their stamps; tables in core hours, by their origins.
    """
    env.note_reread()  # a table may come that no page depends on yet
    stamps = [(path.stem, notebooks.stamp(path)) for path in sorted(chapters(env).glob("*.ipynb"))]
    live = {name: Cost(1, s["seconds"] / 60, s["processor"]) for name, s in stamps if s}
    found = sorted((chapters(env) / "results").glob("*.csv"))
    tables = {path.name: _origin(path) for path in found}
    rows = []
    if live:
        longest = max(live, key=lambda name: live[name].time or 0)
        rows.append(_row("the chapters, each executed once", live.values(), "minutes"))
        rows.append(_row(f"of these the longest, {longest}", [live[longest]], "minutes"))
    rows += [_row(f"`results/{name}`", [cost], "core hours") for name, cost in tables.items()]
    if sum(cost.time is not None for cost in tables.values()) > 1:
        rows.append(_row("the tables that record it, together", tables.values(), "core hours"))
    return markdown_table(rows, ["What was computed", "Runs", "Time", "Processor"])


def _origin(table: Path) -> Cost:
    """What making a table cost, by the JSON beside it."""
    path = table.with_suffix(".json")
    about = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return Cost(*map(about.get, ("runs", "core_hours", "processor")))


def _row(what: str, costs: Iterable[Cost], unit: str) -> list[str]:
    """The costs that are recorded, added up."""
    known = [cost for cost in costs if cost.time is not None]
    if not known:
        return [what, "", "not recorded", ""]
    runs, time = sum(cost.runs or 0 for cost in known), sum(cost.time or 0 for cost in known)
    processors = sorted({cost.processor for cost in known if cost.processor})
    return [what, str(runs or ""), f"{time:.1f} {unit}", " and ".join(processors)]


def benchmark(env: BuildEnvironment, name: str) -> str:
    """What the last accepted ``make bench`` found in one of its parts."""
    path = chapters(env) / "results" / "benchmarks.json"
    env.note_dependency(str(path))
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


def how_to_cite(env: BuildEnvironment) -> str:
    """A BibTeX entry from CITATION.cff and the repository's address, if any."""
    env.note_reread()  # the address is a setting of the theme, which no page depends on
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    address = env.config.html_theme_options.get("repository_url")
    fields = {
        "title": citation["title"],
        "author": " and ".join(author["name"] for author in citation["authors"]),
        "year": citation["date-released"].year,
        "note": f"Version {citation['version']}",
    } | ({"url": address} if address else {})
    lines = [f"  {name} = {{{value}}},\n" for name, value in fields.items()]
    return f"```bibtex\n@misc{{pwlib,\n{''.join(lines)}}}\n```"


def parameters(chapter: Path) -> dict[str, object]:
    """The names in a notebook's ``parameters`` cell with the values that are recorded there."""
    found = inspect_notebook(chapter).items()
    return {name: ast.literal_eval(about["default"]) for name, about in found}


def papermill_line(stem: str, values: Mapping[str, object]) -> str:
    """The command that reruns a chapter with each parameter at a value; lists travel as YAML."""
    lists = {name: value for name, value in values.items() if isinstance(value, list)}
    words = ["papermill", f"chapters/{stem}.ipynb", "out.ipynb"]
    for name in [name for name in values if name not in lists]:
        words += ["-p", name, str(values[name])]
    if lists:
        flow = yaml.safe_dump(lists, default_flow_style=True, sort_keys=False, width=math.inf)
        words += ["-y", flow.strip()]
    return shlex.join(words)


def places(stem: str, address: str, branch: str) -> dict[str, str]:
    """Where a chapter can be opened to run it; nowhere, unless the repository lies on GitHub."""
    if not (match := GITHUB.fullmatch(address)):
        return {}
    name, path = match.group(1), f"chapters/{stem}.ipynb"
    return {
        "Open in Colab": f"https://colab.research.google.com/github/{name}/blob/{branch}/{path}",
        "Open in Binder": f"https://mybinder.org/v2/gh/{name}/{branch}?labpath={path}",
    }


def colab_lines(address: str, branch: str) -> str:
    """What a notebook in Colab needs to run before its first cell: the package, and the data."""
    files = (ROOT / name for name in ("requirements.txt", "constraints.txt"))
    pins = "\n".join(path.read_text(encoding="utf-8") for path in files).splitlines()
    lacking = [pin for pin in pins if pin.split("==")[0] in COLAB_LACKS]
    return (
        f"!git clone --quiet --depth 1 --branch {branch} {address} book\n%cd book\n"
        f"!pip install --quiet {' '.join(lacking)}\n!python -m pwlib data"
    )


def duration(seconds: float) -> str:
    """A time as a person says it: seconds up to a minute and a half, then minutes."""
    time, unit = (seconds, "second") if seconds < 90 else (seconds / 60, "minute")
    number = max(1, round(time))
    return f"{number} {unit}{'s' * (number > 1)}"


def offer(chapter: Path, page: str, address: str, branch: str) -> list[nodes.Node]:
    """The bar under a chapter's title; ``page`` is its name in the book, without suffix."""
    up = "../" * page.count("/")
    stamp, values = notebooks.stamp(chapter), parameters(chapter)
    open_in = places(chapter.stem, address, branch)
    line = [f'<a href="{up}_sources/{html.escape(page)}.ipynb" download>Download the notebook</a>']
    line += [f'<a href="{html.escape(at)}">{text}</a>' for text, at in open_in.items()]
    if stamp:
        made = f"{duration(stamp['seconds'])} on {stamp['processor']}"
        line.append(f"<span>Executed in {html.escape(made)}</span>")
    parts = [_raw('<div class="offers"><p>' + " ".join(line) + "</p>")]
    if values:
        note = "In the repository, with its environment active; these are the recorded values."
        code = papermill_line(chapter.stem, values)
        parts += _folded("Rerun it with other parameters", code, "bash", note)
    if open_in:
        note = "Paste this into a first cell and run it."
        parts += _folded("Before it runs in Colab", colab_lines(address, branch), "ipython3", note)
    return [*parts, _raw("</div>")]


def _folded(title: str, code: str, language: str, note: str) -> list[nodes.Node]:
    start = f"<details><summary>{title}</summary><p>{note}</p>"
    return [_raw(start), nodes.literal_block(code, code, language=language), _raw("</details>")]


def _raw(text: str) -> nodes.raw:
    return nodes.raw("", text, format="html")


def add_offer(app: Sphinx, document: nodes.document, page: str) -> None:
    """Put the bar under the title of each page that is a notebook.

    When pages are written: the address is a setting of the theme, and read pages don't follow it.
    """
    path, options = Path(app.env.doc2path(page)), app.config.html_theme_options
    title = next(document.findall(nodes.title), None)
    if path.suffix == ".ipynb" and title is not None:
        address, branch = options.get("repository_url", ""), options.get("repository_branch")
        title.parent[1:1] = offer(path, page, address, branch or "main")


def setup(app: Sphinx) -> None:
    """Called by `pwlib.book.sphinx_extension`."""
    app.add_directive("execution-table", directive(execution_table))
    app.add_directive("version-table", directive(version_table))
    app.add_directive("cost-table", directive(cost_table))
    app.add_directive("how-to-cite", directive(how_to_cite))
    app.add_directive("benchmark", directive(benchmark, arguments=1))
    app.connect("doctree-resolved", add_offer)
