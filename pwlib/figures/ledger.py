"""The figure of the front page: every claim of the ledger, with its verdict, at a glance."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pwlib.figures import style

# The paper's sections in its order, in a few words, and what the book adds to them.
SECTIONS = {
    "I": "Introduction",
    "II": "Related work",
    "III": "Proposed notion",
    "III-A": "Pointwise convergence",
    "III-B": "Optimal points",
    "IV": "Experiments",
    "IV-A": "Hard points of polynomials",
    "IV-B": "Optimal points of networks",
    "IV-C": "Adversarial training",
    "V": "Conclusion",
    "beyond": "Beyond the paper",
}
# A verdict has a colour, and a shape for whoever can't tell the colours apart. The sizes, in
# points, make the shapes look equally large.
MARKERS: dict[str, style.Look] = {
    "holds": {"marker": "o", "mfc": style.COLOURS["equispaced"], "ms": 7},
    "holds with a correction": {"marker": "D", "mfc": style.COLOURS["negative"], "ms": 6},
    "does not hold": {"marker": "X", "mfc": style.COLOURS["chebyshev"], "ms": 8},
    "ambiguous": {"marker": "^", "mfc": style.COLOURS["positive"], "ms": 7.5},
    "not testable here": {"marker": "s", "mfc": "white", "ms": 6},
}
EDGE: style.Look = {"ls": "", "mec": style.COLOURS["ink"], "mew": 0.7}

LINE, GAP = 0.178, 0.11  # inches: from claim to claim, and before a section
BASELINE = 0.043  # inches from the middle of a marker down to the baseline of its text


def figure_ledger(claims: Sequence[tuple[str, str, str]]) -> Figure:
    """Two columns of claims under the headings of their sections, each with its verdict's marker.

    A claim is its section, id and verdict. Sections stand in the paper's order, others last. A
    claim of several sections, "II, V", stands in the first. The height is what the claims need.
    """
    found: dict[str, dict[str, str]] = {name: {} for name in SECTIONS}
    for section, name, verdict in claims:
        found.setdefault(section.split(",")[0], {})[name] = verdict
    sections = [(section, members) for section, members in found.items() if members]
    heights = [GAP + LINE * (1 + len(members)) for _, members in sections]
    cuts = [(sum(heights[:i]), sum(heights[i:])) for i in range(len(heights) + 1)]
    height, cut = min((max(columns), i) for i, columns in enumerate(cuts))
    fig, panels = style.subplots(1, 2, height=height + 0.6)
    for axes, column in zip(panels, (sections[:cut], sections[cut:]), strict=True):
        axes.set(xlim=(0, 1), ylim=(height, 0))
        axes.set_axis_off()
        _draw(axes, column)
    verdicts = [verdict for _, _, verdict in claims]
    handles = [
        Line2D([], [], label=f"{verdict} ({verdicts.count(verdict)})", **look, **EDGE)
        for verdict, look in MARKERS.items()
    ]
    fig.legend(handles=handles, loc="outside upper center", ncols=3, handlelength=1)
    return fig


def _draw(axes: Axes, sections: Sequence[tuple[str, Mapping[str, str]]]) -> None:
    """A column of sections, each with its claims and their verdicts."""
    y = 0.0
    for section, members in sections:
        y += GAP + LINE / 2
        numeral = "" if section == "beyond" else f"{section}  "
        heading = f"{numeral}{SECTIONS.get(section, '')}".strip()
        axes.text(0, y + BASELINE, heading, size=10, weight="bold")
        for name, verdict in members.items():
            y += LINE
            axes.plot(0.03, y, clip_on=False, **MARKERS[verdict], **EDGE)
            axes.text(0.075, y + BASELINE, name, size=9)
        y += LINE / 2
