"""The look of the book: one palette, one kind of figure, one kind of table."""

import re
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.pylabtools import print_figure
from IPython.display import Markdown
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.optimize import isotonic_regression

from pwlib.checks import ANYTHING, a, accepts, among, listed, real, whole
from pwlib.parameters import refusal

Look = dict[str, Any]  # how matplotlib draws something

SHARED: Look = {"sharex": True, "sharey": True, "squeeze": False}  # axes of a grid of panels
WIDTH = 4.6  # inches of a figure: on a phone of 360 px its text, of 9 points, has 9 px

# The same thing has the same colour in every chapter; colour-blind readers can tell them apart.
COLOURS = {
    "bernstein": "#0072B2",  # the basis
    "chebyshev": "#D55E00",  # the basis, and the grids
    "legendre": "#6A51A3",
    "equispaced": "#009E73",
    "hard": "#AA3377",  # hard points and the hard objective, (9) and (12)
    "loss": "#997700",  # the label's loss, the output's (10), and what an adversary does
    "plain": "#777777",  # nothing climbed: plain training, random directions, controls
    "positive": "#E69F00",  # the two labels
    "negative": "#56B4E9",
    "agree": "#F0E442",
    "ink": "#222222",
    "muted": "#999999",
}
INK, MUTED = COLOURS["ink"], COLOURS["muted"]
READABLE = "#6B6B6B"  # the name of what is muted
BOLD: Look = {"weight": "bold"}  # a legend's title that says what the figure shows
GRID_MARKERS = {"equispaced": "s", "lobatto": "o", "roots": "v", "roots+ends": "^"}


def use() -> None:
    """Draw a notebook's figures as SVG, in the book's style, byte for byte the same each time."""
    mpl.rc("font", size=9)  # which all text has
    mpl.rc("axes", titlesize="medium")
    mpl.rc("axes.spines", top=False, right=False)
    mpl.rc("figure", titlesize="medium", titleweight="bold", labelsize="medium")
    mpl.rc("legend", frameon=False)
    mpl.rc("savefig", dpi=150)
    mpl.rc("svg", hashsalt="pwlib")  # the same drawing gives the same bytes
    shell = InteractiveShell.instance()
    shell.display_formatter.formatters["image/svg+xml"].for_type(Figure, _svg)  # type: ignore[union-attr]


def _svg(figure: Figure) -> str:
    """The drawing, with what was said of it as its description."""
    said = {"Date": None, "Creator": None, "Description": figure.get_label() or None}
    return print_figure(figure, "svg", bbox_inches=None, metadata=said)


def subplots(
    rows: int = 1,
    columns: int = 1,
    height: float = 2.6,
    **options: Any,  # noqa: ANN401  # those of Figure.subplots
) -> tuple[Figure, Any]:
    """A figure (inches) whose layout clips no label, and its axes; no pyplot state."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.subplots(rows, columns, **options)


def say(figure: Figure, text: str) -> Figure:
    """Give a figure its message, read aloud after the alternative text: without marks of TeX."""
    figure.set_label(re.sub(r"\\,|[$*{}\\]", "", text))
    return figure


def legend(figure: Figure, where: str = "lower", title: str = "") -> None:
    """One legend of all axes in two columns, each name once: "lower", below them, or "upper"."""
    found = [zip(*axes.get_legend_handles_labels(), strict=True) for axes in figure.axes]
    named = {name: handle for pairs in found for handle, name in pairs}
    place: Look = {"loc": f"outside {where} center", "ncols": 2, "title_fontproperties": BOLD}
    figure.legend(named.values(), named.keys(), title=title or None, **place)


def name_lines(axes: Axes) -> None:
    """Names of the lines beside their ends, none upon another, when all is drawn."""
    axes.autoscale_view()  # which matplotlib puts off until it draws
    lines = [line for line in axes.lines if not str(line.get_label()).startswith("_")]
    drawn = [np.transpose([line.get_xdata(), line.get_ydata()]) for line in lines]
    ends = np.array([points[np.isfinite(points[:, 1])][-1] for points in drawn])
    heights = axes.transAxes.inverted().transform(axes.transData.transform(ends))[:, 1].clip(0, 1)
    true = heights.copy()
    gap = 13 / 72 * axes.figure.dpi / axes.bbox.height
    order = np.argsort(heights, kind="stable")
    steps = gap * np.arange(len(lines))  # the nearest heights that are as far apart as these
    apart = isotonic_regression(heights[order] - steps).x.clip(0, 1 - steps[-1])
    heights[order] = apart + steps
    across = 1 + 12 / 72 * axes.figure.dpi / axes.bbox.width
    place: Look = {"xycoords": "axes fraction", "textcoords": "axes fraction", "va": "center"}
    lead: Look = {"arrowstyle": "-", "lw": 0.8, "shrinkA": 0, "shrinkB": 0, "relpos": (0, 0.5)}
    for line, end, height in zip(lines, true, heights, strict=True):
        lead["color"] = line.get_color()
        place["color"] = READABLE if lead["color"] == MUTED else lead["color"]
        axes.annotate(str(line.get_label()), (1, end), (across, height), arrowprops=lead, **place)


def grid_look(grid: str) -> Look:
    """Colour and marker of a kind of grid: "equispaced", or a kind of Chebyshev grid."""
    colour = COLOURS["equispaced" if grid == "equispaced" else "chebyshev"]
    return {"color": colour, "marker": GRID_MARKERS[grid], "ms": 4}


def table(rows: Sequence[Sequence[object]], columns: Sequence[str], caption: str) -> Markdown:
    """Rows, column headings and a caption as a table that a notebook and the book both render."""
    return Markdown(markdown_table(rows, columns, caption))


def markdown_table(rows: Sequence[Sequence[object]], columns: Sequence[str], caption: str) -> str:
    """The same as Markdown text: the caption as a line of emphasis, which the book's pages make
    the table's own. Bars inside a cell are escaped."""
    lines = [columns, ["---"] * len(columns), *rows]
    cells = [[str(cell).replace("|", r"\|") for cell in line] for line in lines]
    return f"*{caption}*\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in cells)


def _drawn(axes: Axes) -> bool:
    """Whether a line has a name, and each that has one a finite value, too."""
    lines = [line for line in axes.lines if not str(line.get_label()).startswith("_")]
    return bool(lines) and all(np.isfinite(np.asarray(line.get_ydata())).any() for line in lines)


def _lines(name: str, rows: Sequence[Sequence[object]], known: dict) -> Sequence:
    """Rows, or none, each with a cell for each column."""
    found = listed(listed(ANYTHING), 0)(name, rows, known)
    for row in found:
        if len(row) != len(known["columns"]):
            raise refusal(f"{name}, columns", row, f"a cell for each of {len(known['columns'])}")
    return found


accepts(
    __name__,
    {"rows": _lines, "height": real(0, above=True), "where": among(("lower", "upper"))}
    | {"axes": a(Axes, where=_drawn, what="axes with named lines, each with a finite value")}
    | {"grid": among(GRID_MARKERS)},
    subplots={"rows columns": whole(1)},
)
