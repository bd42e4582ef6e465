"""The look of the book: one palette, one kind of figure, one kind of table."""

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from IPython.display import Markdown
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib_inline.backend_inline import set_matplotlib_formats

Look = dict[str, Any]  # how matplotlib draws something

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
INK, MUTED = COLOURS["ink"], COLOURS["muted"]
GRID_MARKERS = {"equispaced": "s", "lobatto": "o", "roots": "v", "roots+ends": "^"}


def use() -> None:
    """Draw a notebook's figures as SVG, in the book's style, byte for byte the same each time."""
    mpl.rc("font", size=10)
    mpl.rc("axes", titlesize=10, labelsize=10)
    mpl.rc("axes.spines", top=False, right=False)
    mpl.rc("xtick", labelsize=9)
    mpl.rc("ytick", labelsize=9)
    mpl.rc("legend", fontsize=9, frameon=False)
    mpl.rc("savefig", dpi=150)
    mpl.rc("svg", hashsalt="pwlib")  # the same drawing gives the same bytes
    set_matplotlib_formats("svg", metadata={"Date": None, "Creator": None})


def subplots(
    rows: int = 1,
    columns: int = 1,
    width: float = 7.0,
    height: float = 3.2,
    **options: Any,  # noqa: ANN401  # those of Figure.subplots
) -> tuple[Figure, Any]:
    """A figure (inches) whose layout clips no label, and its axes; no pyplot state."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, **options)


def legend_below(figure: Figure, axes: Axes, columns: int) -> None:
    """The legend of one of the axes, below all of them."""
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=columns)


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
