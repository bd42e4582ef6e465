"""Knobs: figures with controls, in a page that has neither a kernel nor a server.

The page holds what all settings of the controls share, and for each setting the numbers drawn and
a sentence that says what one sees. ``chapters/_static/knobs.js`` draws the chosen setting.
"""

import html
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from IPython.display import HTML
from numpy.typing import ArrayLike

WIDTH = 288  # of a drawing, in points: narrow, for a phone
UNIT_TICKS = ((0, "0"), (0.5, "0.5"), (1, "1"))


@dataclass(frozen=True)
class Control:
    """A slider: a text for each place, and the place it starts at."""

    label: str
    texts: Sequence[str]
    start: int = 0


@dataclass(frozen=True)
class Panel:
    """Axes: their box in points (left, top, right, bottom), limits, ticks with texts, and labels.

    With ``asinh`` the vertical scale is linear near 0 and logarithmic far from it.
    """

    box: tuple[float, float, float, float]
    ylim: tuple[float, float]
    yticks: Sequence[tuple[float, str]]
    ylabel: str = ""
    xlim: tuple[float, float] = (0, 1)
    xticks: Sequence[tuple[float, str]] = UNIT_TICKS
    xlabel: str = "$x$"
    title: str = ""
    asinh: bool = False


@dataclass(frozen=True)
class Layer:
    """What a panel draws in one look; with a label it is in the legend.

    The kind says what the numbers are: "series", the coefficients of a Chebyshev series in 2x - 1,
    drawn over [0, 1]; "line", "dots", "triangles", points (x, y); "spans", intervals of x. ``size``
    is the width of lines or the edge of dots, in points.
    """

    kind: str
    colour: str
    size: float = 1.5
    label: str = ""
    panel: int = 0
    hollow: bool = False


def show(
    name: str,
    controls: Sequence[Control],
    panels: Sequence[Panel],
    layers: Sequence[Layer],
    setting: Callable[..., list],
    caption: str,
    height: float,
) -> HTML:
    """The knob of that name (unique in its page), of a height in points, as an HTML figure.

    ``setting`` takes a place for each control and returns the sentence and each layer's numbers.
    """
    sizes = [len(control.texts) for control in controls]
    settings = [setting(*at) for at in np.ndindex(*sizes)]
    start = np.ravel_multi_index([control.start for control in controls], sizes)
    said = settings[start][0]
    places: dict[str, int] = {}  # what several settings share is in the page once
    frames = [[places.setdefault(_json(p), len(places)) for p in pieces] for pieces in settings]
    data = {
        "controls": list(map(asdict, controls)),
        "panels": list(map(asdict, panels)),
        "layers": list(map(asdict, layers)),
        "pieces": [json.loads(piece) for piece in places],
        "frames": frames,
    }
    return HTML(
        f'<figure class="knobs" id="{name}">\n<figcaption>{caption}</figcaption>\n'
        f'<div class="turn"></div>\n<div class="seen"><svg role="img" '
        f'aria-labelledby="{name}-said" viewBox="0 0 {WIDTH} {height:g}"></svg></div>\n'
        f'<output id="{name}-said" aria-live="polite">{html.escape(said)}</output>\n'
        f'<script type="application/json">{_json(data)}</script>\n</figure>'
    )


def rounded(values: ArrayLike, decimals: int = 4) -> list:
    """Numbers as a page holds them."""
    return (np.round(np.asarray(values, float), decimals) + 0.0).tolist()  # no -0.0


def points(x: ArrayLike, y: ArrayLike) -> list:
    """Points (x, y) as a page holds them; a single y stands for all."""
    return rounded(np.column_stack(np.broadcast_arrays(x, y)))


def count(number: int, what: str) -> str:
    """A number of things in words: "no root", "1 root", "2 roots"."""
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("</", "<\\/")  # would end the script
