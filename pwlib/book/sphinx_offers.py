"""What each chapter offers its reader: the notebook, places to run it, the line that reruns it."""

from __future__ import annotations

import ast
import html
import math
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

import nbformat
import yaml
from docutils import nodes
from nbformat import NotebookNode
from sphinx.application import Sphinx

from pwlib.places import ROOT

COLAB_LACKS = ("daqp", "myst-nb")  # of the packages that chapters import
GITHUB = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?")


def parameters(nb: NotebookNode) -> dict[str, object]:
    """The names in a notebook's ``parameters`` cell with the values that are recorded there."""
    cells = [cell for cell in nb.cells if "parameters" in cell.metadata.get("tags", [])]
    lines = ast.parse("\n".join(cell.source for cell in cells)).body
    return {
        line.target.id: ast.literal_eval(line.value)
        for line in lines
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value
    }


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
    lines = [
        f"!git clone --quiet --depth 1 --branch {branch} {address} book",
        "%cd book",
        f"!pip install --quiet {' '.join(lacking)}",
        "!python -m pwlib data",
    ]
    return "\n".join(lines)


def duration(seconds: float) -> str:
    """A time as a person says it: seconds up to a minute and a half, then minutes."""
    number, unit = (seconds, "second") if seconds < 90 else (seconds / 60, "minute")
    return f"{max(1, round(number))} {unit}{'' if max(1, round(number)) == 1 else 's'}"


def offer(nb: NotebookNode, page: str, address: str, branch: str) -> list[nodes.Node]:
    """The bar under a chapter's title; ``page`` is its name in the book, without suffix."""
    stem, up = Path(page).name, "../" * page.count("/")
    stamp, values = nb.metadata.get("pwlib", {}), parameters(nb)
    open_in = places(stem, address, branch)
    line = [f'<a href="{up}_sources/{html.escape(page)}.ipynb" download>Download the notebook</a>']
    line += [f'<a href="{html.escape(at)}">{text}</a>' for text, at in open_in.items()]
    if stamp:
        made = f"{duration(stamp['seconds'])} on {stamp['processor']}"
        line.append(f"<span>Executed in {html.escape(made)}</span>")
    parts = [_raw('<div class="offers"><p>' + " ".join(line) + "</p>")]
    if values:
        parts += _folded(
            "Rerun it with other parameters", papermill_line(stem, values), "bash",
            "In the repository, with its environment active; these are the recorded values.",
        )  # fmt: skip
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
    path = Path(app.env.doc2path(page))
    title = next(document.findall(nodes.title), None)
    if path.suffix == ".ipynb" and title is not None:
        options = app.config.html_theme_options
        address, branch = options.get("repository_url", ""), options.get("repository_branch")
        nb = nbformat.read(path, as_version=4)
        title.parent[1:1] = offer(nb, page, address, branch or "main")


def setup(app: Sphinx) -> None:
    """Called by `pwlib.book.sphinx_extension`."""
    app.connect("doctree-resolved", add_offer)
