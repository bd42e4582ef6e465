"""The figure of the front page: every claim of the ledger, with its verdict, at a glance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pwlib.figures import style
from pwlib.ledger.claims import AMBIGUOUS, CORRECTED, FAILS, HOLDS, NOT_TESTABLE, Claim

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
# A verdict has a colour, and a shape for whoever can't tell the colours apart.
MARKERS = {
    HOLDS: {"marker": "o", "mfc": style.COLOURS["equispaced"]},
    CORRECTED: {"marker": "D", "mfc": style.COLOURS["negative"]},
    FAILS: {"marker": "X", "mfc": style.COLOURS["chebyshev"]},
    AMBIGUOUS: {"marker": "^", "mfc": style.COLOURS["positive"]},
    NOT_TESTABLE: {"marker": "s", "mfc": "white"},
}
SIZES = dict(zip(MARKERS, (7, 6, 8, 7.5, 6), strict=True))  # in points, to look equally large

LINE, GAP = 0.178, 0.11  # inches: from claim to claim, and before a section
BASELINE = 0.043  # inches from the middle of a marker down to the baseline of its text


def figure_ledger(claims: Sequence[Claim]) -> Figure:
    """Two columns of claims under the headings of their sections, each with its verdict's marker.

    Sections stand in the paper's order, those that it hasn't last, and a claim of several in the
    first. The figure is as high as the claims need.
    """
    columns = _columns(_sections(claims))
    height = max(map(_height, columns))
    fig = style.figure(height=height + 0.6)
    for axes, sections in zip(fig.subplots(1, 2), columns, strict=True):
        axes.set(xlim=(0, 1), ylim=(height, 0))
        axes.set_axis_off()
        _draw(axes, sections)
    found = [claim.verdict for claim in claims]
    handles = [
        Line2D([], [], ls="", label=f"{verdict} ({found.count(verdict)})", **_look(verdict))
        for verdict in MARKERS
    ]
    fig.legend(handles=handles, loc="outside upper center", ncols=3, handlelength=1)
    return fig


def _sections(claims: Sequence[Claim]) -> dict[str, list[Claim]]:
    """The claims of each section, in the order in which the sections are drawn."""
    names = [*SECTIONS, *map(_section, claims)]
    found = {name: [claim for claim in claims if _section(claim) == name] for name in names}
    return {name: members for name, members in found.items() if members}


def _section(claim: Claim) -> str:
    """The first of the sections that a claim names."""
    return claim.section.split(",")[0]


def _columns(sections: Mapping[str, list[Claim]]) -> list[dict[str, list[Claim]]]:
    """The sections in two columns, whole and in order, as equally high as that allows."""
    items = list(sections.items())
    cuts = [(dict(items[:i]), dict(items[i:])) for i in range(len(items) + 1)]
    return list(min(cuts, key=lambda columns: max(map(_height, columns))))


def _height(sections: Mapping[str, list[Claim]]) -> float:
    return sum(GAP + LINE * (1 + len(members)) for members in sections.values())


def _draw(axes: Axes, sections: Mapping[str, list[Claim]]) -> None:
    y = 0.0
    for name, members in sections.items():
        y += GAP + LINE / 2
        numeral = "" if name == "beyond" else f"{name}  "
        heading = f"{numeral}{SECTIONS.get(name, '')}".strip()
        axes.text(0, y + BASELINE, heading, size=10, weight="bold")
        for claim in members:
            y += LINE
            axes.plot(0.03, y, ls="", clip_on=False, **_look(claim.verdict))
            axes.text(0.075, y + BASELINE, claim.id, size=9)
        y += LINE / 2


def _look(verdict: str) -> dict:
    edge = {"mec": style.COLOURS["ink"], "mew": 0.7}
    return MARKERS[verdict] | edge | {"ms": SIZES[verdict]}
