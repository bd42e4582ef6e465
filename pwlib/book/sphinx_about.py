"""What pages say about the book itself: how it was made, at what cost, how to run and to cite it.

Directives make the tables. The bar under a chapter's title is added when its page is written.
"""

import ast
import html
import json
import math
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml
from docutils import nodes
from papermill import inspect_notebook
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from pwlib.markdown import markdown_table
from pwlib.places import RESULTS, ROOT
from pwlib.reruns import notebooks

NOTE = "In the repository, with its environment active; these are the recorded values."


def directive(text: Callable[..., str], arguments: int = 0) -> type[SphinxDirective]:
    """A directive whose content is Markdown: ``text`` makes it when a page is read.

    It gets Sphinx's environment and the directive's arguments.
    """

    class Made(SphinxDirective):
        required_arguments = arguments

        def run(self) -> list[nodes.Node]:
            return self.parse_text_to_nodes(text(self.env, *self.arguments))

    return Made


def execution_table(env: BuildEnvironment) -> str:
    """The stamp of each executed notebook of the book."""
    rows = []
    for path in sorted(Path(env.srcdir, "chapters").glob("*.ipynb")):
        env.note_dependency(str(path))
        stamp = notebooks.stamp(path)
        about = [stamp.get(key, "") for key in ("seconds", "processor", "python")]
        rows.append([f"[{path.stem}]({path.name})", *about])
    return markdown_table(rows, ["Chapter", "Seconds", "Processor", "Python"])


def cost_table(env: BuildEnvironment) -> str:
    """What executing the chapters, and making the tables in ``results`` below them, took.

    Chapters in minutes on the clock, by their stamps; tables in core hours, by their origins.
    """
    env.note_reread()  # a table may come that no page depends on yet
    folder = Path(env.srcdir, "chapters")
    stamps = [found for path in folder.glob("*.ipynb") if (found := notebooks.stamp(path))]
    minutes = sum(stamp["seconds"] for stamp in stamps) / 60
    processors = " and ".join(sorted({stamp["processor"] for stamp in stamps}))
    what = "the chapters, each executed once"
    rows = [[what, len(stamps), f"{minutes:.1f} minutes", processors]]
    for table in sorted(folder.glob("results/*.csv")):
        origin = _read(table.with_suffix(".json"))
        hours = origin.get("core_hours")
        time = "not recorded" if hours is None else f"{hours:.1f} core hours"
        about = [origin.get(key) or "" for key in ("runs", "processor")]
        rows.append([f"`results/{table.name}`", about[0], time, about[1]])
    return markdown_table(rows, ["What was computed", "Runs", "Time", "Processor"])


def _read(path: Path) -> dict:
    """What a file of JSON holds; nothing where there is none."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def benchmark(env: BuildEnvironment, name: str) -> str:
    """What the last accepted ``make bench`` found in one of its parts."""
    path = RESULTS / "benchmarks.json"
    env.note_dependency(str(path))
    part = _read(path).get(name)
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


def how_to_cite(env: BuildEnvironment) -> str:
    """A BibTeX entry from CITATION.cff."""
    path = ROOT / "CITATION.cff"
    env.note_dependency(str(path))
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    authors = " and ".join(author["name"] for author in found["authors"])
    return (
        f"```bibtex\n@misc{{pwlib,\n  title = {{{found['title']}}},\n  author = {{{authors}}},\n"
        f"  year = {{{found['date-released'].year}}},\n  note = {{Version {found['version']}}},\n"
        "}\n```"
    )


def parameters(chapter: Path) -> dict[str, object]:
    """The names in a notebook's ``parameters`` cell with the values that are recorded there."""
    found = inspect_notebook(chapter).items()
    return {name: ast.literal_eval(about["default"]) for name, about in found}


def papermill_line(stem: str, values: Mapping[str, object]) -> str:
    """The command that reruns a chapter with each parameter at a value, all of them as YAML."""
    flow = yaml.safe_dump(dict(values), default_flow_style=True, sort_keys=False, width=math.inf)
    return shlex.join(["papermill", f"chapters/{stem}.ipynb", "out.ipynb", "-y", flow.strip()])


def add_offer(app: Sphinx, document: nodes.document, page: str) -> None:
    """Put a bar under the title of each page that is a notebook: get it, and rerun it."""
    chapter, title = Path(app.env.doc2path(page)), next(document.findall(nodes.title), None)
    if chapter.suffix != ".ipynb" or title is None:
        return
    up, stamp, values = "../" * page.count("/"), notebooks.stamp(chapter), parameters(chapter)
    line = f'<a href="{up}_sources/{html.escape(page)}.ipynb" download>Download the notebook</a>'
    if stamp:
        made = f"{stamp['seconds']:.0f} seconds on {stamp['processor']}"
        line += f" <span>Executed in {html.escape(made)}</span>"
    bar = [_raw(f'<div class="offers"><p>{line}</p>')]
    if values:
        code = papermill_line(chapter.stem, values)
        head = f"<summary>Rerun it with other parameters</summary><p>{NOTE}</p>"
        bar += [_raw(f"<details>{head}"), nodes.literal_block(code, code, language="bash")]
        bar.append(_raw("</details>"))
    title.parent[1:1] = [*bar, _raw("</div>")]


def _raw(text: str) -> nodes.raw:
    return nodes.raw("", text, format="html")


def setup(app: Sphinx) -> None:
    """Called by `pwlib.book.sphinx_extension`."""
    app.add_directive("execution-table", directive(execution_table))
    app.add_directive("cost-table", directive(cost_table))
    app.add_directive("how-to-cite", directive(how_to_cite))
    app.add_directive("benchmark", directive(benchmark, arguments=1))
    app.connect("doctree-resolved", add_offer)
