"""The look of the book: one palette, one kind of figure, one kind of table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from IPython.display import Markdown
from matplotlib.figure import Figure
from matplotlib_inline.backend_inline import set_matplotlib_formats

from pwlib.markdown import markdown_table

# Okabe and Ito's colours, told apart by colour-blind readers: the same thing has the same colour
# in every chapter.
COLOURS = {
    "bernstein": "#0072B2",
    "chebyshev": "#D55E00",
    "equispaced": "#009E73",
    "reference": "#0072B2",
    "robust": "#D55E00",
    "control": "#777777",
    "positive": "#E69F00",
    "negative": "#56B4E9",
    "ink": "#222222",
    "muted": "#999999",
}

_RC: dict[Any, Any] = {
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.labelsize": 10,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.5,
    "savefig.dpi": 150,
    "svg.hashsalt": "pwlib",  # the same drawing gives the same bytes
}


def use() -> None:
    """Draw a notebook's figures as SVG, in the book's style, byte for byte the same each time."""
    mpl.rcParams.update(_RC)
    set_matplotlib_formats("svg", metadata={"Date": None, "Creator": None})


def figure(width: float = 7.0, height: float = 3.2) -> Figure:
    """An empty figure (inches) whose layout keeps labels from being clipped; no pyplot state."""
    return Figure(figsize=(width, height), layout="constrained")


def table(rows: Sequence[Sequence[object]], columns: Sequence[str]) -> Markdown:
    """Rows and column headings as a table that a notebook and the book both render."""
    return Markdown(markdown_table(rows, columns))
