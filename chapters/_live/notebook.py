"""The notebook of a reader's page: runs cells of a chapter, in Python for WebAssembly.

Stands there for what chapters use of IPython, myst_nb and daqp, which that Python lacks.
"""

import ast
import io
import json
import os
import re
import sys
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from types import ModuleType
from typing import Any

import numpy as np
from markdown_it import MarkdownIt
from matplotlib.figure import Figure
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pwlib.parameters import ParameterError

Array = np.ndarray

KINDS = {
    "text/html": "_repr_html_",
    "text/markdown": "_repr_markdown_",
    "text/latex": "_repr_latex_",
}
outputs: list[dict] = []  # of the cell that runs, in the form of nbformat
namespace: dict[str, Any] = {}
drawn: dict[type, Callable] = {}  # how IPython's formatter draws what


class Shown:
    """Data of one kind, as IPython.display has them."""

    kind, form = "text/plain", "{}"

    def __init__(self, data: str) -> None:
        self.data = data

    def bundle(self) -> dict:
        """The data by their kinds."""
        name = f"<IPython.core.display.{type(self).__name__} object>"
        return {self.kind: self.form.format(self.data), "text/plain": name}


class Markdown(Shown):
    kind = "text/markdown"


class HTML(Shown):
    kind = "text/html"


class Math(Shown):
    kind, form = "text/latex", r"$\displaystyle {}$"


def bundle(value: object) -> dict:
    """What a notebook shows of a value, by its kinds."""
    if isinstance(value, Shown):
        return value.bundle()
    found = {"text/plain": repr(value)}
    for kind, draw in drawn.items():
        if isinstance(value, kind):
            found["image/svg+xml"] = draw(value)
    for mime, method in KINDS.items():
        with suppress(Exception):  # as IPython leaves out what can't be shown
            if shown := getattr(value, method)():
                found[mime] = shown
    return found


def add(kind: str, data: dict, metadata: dict) -> None:
    """Add an output to those of the cell."""
    outputs.append({"output_type": kind, "data": data, "metadata": metadata})


def display(*values: object, raw: bool = False, metadata: dict | None = None) -> None:
    """IPython's display."""
    for value in values:
        data = dict(value) if raw else bundle(value)
        add("display_data", data, metadata or {})


def glue(name: str, value: object, display: bool = True) -> None:
    """myst_nb's glue."""
    prefix = "" if display else "application/papermill.record/"
    data = {prefix + kind: text for kind, text in bundle(value).items()}
    scrapbook = {"mime_prefix": prefix, "name": name}
    add("display_data", data, {"scrapbook": scrapbook})


def print_figure(figure: Figure, form: str, bbox_inches: str | None, metadata: dict) -> str:
    """IPython's way to draw a figure."""
    text = io.StringIO()
    colours = {"facecolor": figure.get_facecolor(), "edgecolor": figure.get_edgecolor()}
    options = {
        "dpi": figure.dpi,
        "bbox_inches": bbox_inches,
        "metadata": metadata,
    } | colours
    figure.canvas.print_figure(text, format=form, **options)
    return text.getvalue()


def solve(
    H: Array, f: Array, A: Array, upper: Array, lower: Array, sense: Array, **options: float
) -> tuple[Array, float, int, dict]:
    """daqp's problem for a diagonal H and lower bounds: min x·Hx/2 + f·x, lower <= (x, Ax).

    Least distance programming by non-negative least squares (Lawson and Hanson, Solving
    Least Squares Problems, chapter 23).
    """
    from scipy.optimize import nnls

    bounds = np.eye(len(f))[: len(lower) - len(A)]
    used, root = np.flatnonzero(lower > -1e29), np.sqrt(np.diag(H))
    rows = np.vstack((bounds, A))[used]
    distance = lower[used] + rows @ (f / root**2)
    scale = np.abs(distance).max() or 1.0
    E = np.vstack(((rows / root).T, distance / scale))
    target = np.append(np.zeros(len(f)), 1)
    u, norm = nnls(E, target, maxiter=30 * sum(E.shape))
    rest = E @ u - target
    multipliers = np.zeros(len(lower))
    if norm < 1e-14 or rest[-1] >= 0:
        return np.zeros(len(f)), 0.0, -1, {"lam": multipliers}
    multipliers[used] = u / rest[-1] * scale
    x = (rest[:-1] / -rest[-1] * scale - f / root) / root
    return x, float(x @ H @ x / 2 + f @ x), 1, {"lam": multipliers}


class Stream(io.TextIOBase):
    """Printed text, among a cell's outputs where it was printed."""

    def write(self, text: str) -> int:
        if not outputs or outputs[-1]["output_type"] != "stream":
            outputs.append({"output_type": "stream", "name": "stdout", "text": ""})
        outputs[-1]["text"] += text
        return len(text)


def run(code: str, name: str = "cell") -> str | None:
    """Run a cell into `outputs`; returns its error in a line, None where there is none."""
    outputs.clear()
    try:
        tree, last = ast.parse(code), None
        if tree.body and isinstance(tree.body[-1], ast.Expr):
            last = ast.Expression(tree.body.pop().value)  # type: ignore[attr-defined]
        with redirect_stdout(Stream()):
            # It is a notebook: the code is its chapter's.
            exec(compile(tree, name, "exec"), namespace)  # noqa: S102
            value = eval(compile(last, name, "eval"), namespace) if last else None  # noqa: S307
    except BaseException as error:
        lines = getattr(error, "_render_traceback_", lambda: [])()
        return " ".join("\n".join(lines or [f"{type(error).__name__}: {error}"]).split())
    if value is not None and not code.rstrip().endswith(";"):
        add("execute_result", bundle(value), {})
    return None


def given(texts: dict[str, str]) -> None:
    """Set parameters that a reader has typed, as papermill would from a command line."""
    for name, text in texts.items():
        try:
            namespace[name] = ast.literal_eval(text.strip())
        except (ValueError, SyntaxError):
            accepts = f"accepts a value as Python writes it, say {namespace[name]!r}"
            raise ParameterError(f"{name}: got {text}, {accepts}") from None


def answer(code: str) -> str:
    """Run a cell; its outputs, with Markdown as HTML beside, and its error, as JSON."""
    error = run(code)
    for output in outputs:
        if text := output.get("data", {}).get("text/markdown"):
            linked = re.sub(r"\((?!http)([^()\s]+)\.ipynb", r"(\1.html", text)
            output["html"] = renderer.render(linked)
    return json.dumps({"outputs": outputs, "error": error})


def start() -> None:
    """A new notebook: no names but those that IPython gives."""
    namespace.clear()
    namespace.update(__name__="__main__", display=display, given=given)


def _module(name: str, **members: object) -> None:
    sys.modules[name] = ModuleType(name)
    vars(sys.modules[name]).update(members)


class Shell:
    """What `pwlib.figures.style` asks of IPython's shell."""

    @property
    def display_formatter(self) -> "Shell":
        return self

    @property
    def formatters(self) -> dict:
        return {"image/svg+xml": self}

    @classmethod
    def instance(cls) -> "Shell":
        return cls()

    def for_type(self, kind: type, draw: Callable) -> None:
        drawn[kind] = draw


def tex(text: str, options: dict) -> str:
    """A formula as MathJax looks for it in a page."""
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return rf"\[{text}\]" if options["display_mode"] else rf"\({text}\)"


renderer = MarkdownIt("commonmark").enable("table")
dollarmath_plugin(renderer, renderer=tex)
_module("IPython", get_ipython=lambda: None, version_info=(9, 18))
_module("IPython.display", Markdown=Markdown, HTML=HTML, Math=Math, display=display)
_module("IPython.core")
_module("IPython.core.interactiveshell", InteractiveShell=Shell)
_module("IPython.core.pylabtools", print_figure=print_figure)
_module("myst_nb", glue=glue)
_module("daqp", solve=solve)
os.system = lambda command: -1  # which there is none of, and simpleeval names to forbid it
